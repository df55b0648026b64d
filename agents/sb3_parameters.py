"""What a Stable-Baselines3 model has learnt, as named tensors and plain JSON, and back.

Stable-Baselines3's own files hold pickles, which execute what they like on load.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

# How far training has come, as far as it decides what a model does next.
COUNTERS = ("num_timesteps", "_n_updates", "_n_calls", "_episode_num", "exploration_rate")


def to_tensors(model: BaseAlgorithm) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return a model's tensors by name, and all else of its state as JSON data."""
    tensors: dict[str, torch.Tensor] = {}
    optimizers: dict[str, Any] = {}
    for name, state in model.get_parameters().items():
        if "param_groups" in state:
            numbers: dict[str, dict[str, Any]] = {}
            for index, entries in state["state"].items():
                for key, value in entries.items():
                    if isinstance(value, torch.Tensor):
                        tensors[f"{name}/{index}/{key}"] = value
                    else:
                        numbers.setdefault(str(index), {})[key] = value
            optimizers[name] = {"param_groups": state["param_groups"], "state": numbers}
        else:
            tensors |= {f"{name}/{key}": value for key, value in state.items()}
    tensors |= {name: attrgetter(name)(model) for name in _variables(model)}
    counters = {name: getattr(model, name) for name in COUNTERS if hasattr(model, name)}
    return tensors, {"optimizers": optimizers, "counters": counters}


def from_tensors(
    model: BaseAlgorithm, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]
) -> None:
    """Give a model of the same kind and sizes what `to_tensors` returned.

    Raises:
        KeyError: If a part is missing.
        RuntimeError: If a tensor is missing, or has another shape than the model's.
        ValueError: If a part of an optimizer is missing, too much, or of another shape.
    """
    parameters: dict[str, Any] = {}
    for name in model.get_parameters():
        prefix = f"{name}/"
        parts = {
            key.removeprefix(prefix): tensor
            for key, tensor in tensors.items()
            if key.startswith(prefix)
        }
        if name in state["optimizers"]:
            optimizer = state["optimizers"][name]
            entries = {int(index): dict(value) for index, value in optimizer["state"].items()}
            for key, tensor in parts.items():
                index, _, entry = key.partition("/")
                entries.setdefault(int(index), {})[entry] = tensor
            parameters[name] = {"param_groups": optimizer["param_groups"], "state": entries}
        else:
            parameters[name] = parts
    model.set_parameters(parameters, exact_match=True, device=model.device)
    for name in state["optimizers"]:
        _require_shapes_of_weights(name, attrgetter(name)(model))
    for name in _variables(model):
        variable = attrgetter(name)(model).data
        if variable.shape != tensors[name].shape:
            raise ValueError(f"{name!r} has another shape than the model's")
        variable.copy_(tensors[name])
    for name, value in state["counters"].items():
        if name in COUNTERS:
            setattr(model, name, float(value) if name == "exploration_rate" else int(value))


def _require_shapes_of_weights(name: str, optimizer: torch.optim.Optimizer) -> None:
    """Raise a `ValueError` unless what an optimizer keeps of a weight has the weight's shape."""
    for weight, kept in optimizer.state.items():
        for key, value in kept.items():
            if isinstance(value, torch.Tensor) and value.ndim and value.shape != weight.shape:
                raise ValueError(f"{key!r} of {name!r} has another shape than its weight")


def _variables(model: BaseAlgorithm) -> list[str]:
    """Name the tensors beside the networks, such as the entropy coefficient of SAC."""
    return model._get_torch_save_params()[1]
