"""Models in the files of Stable-Baselines3 itself, which execute what they like on load."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.type_aliases import TrainFreq

from ..registry.checkpoint import located
from ..registry.errors import CheckpointError, shortened


def unpickle(algorithm: type[BaseAlgorithm], path: str | Path) -> BaseAlgorithm:
    """Load a model.

    Args:
        algorithm: The class that saved it.
        path: The file.

    Raises:
        CheckpointError: If it can't be loaded as this class.
    """
    try:
        return algorithm.load(str(located(path)), device="cpu")
    # Whatever the file executes may fail in any way.
    except Exception as error:
        raise CheckpointError(
            f"{str(path)!r} can't be loaded as a model of {algorithm.__name__} "
            f"({type(error).__name__}: {shortened(error)}): name the algorithm that saved it, and "
            "install the packages that it needs."
        ) from error


def arguments_of(model: BaseAlgorithm, plain: BaseAlgorithm) -> dict[str, Any]:
    """Return the arguments that an equal model is made with.

    Args:
        model: What was unpickled.
        plain: One of the same class and spaces, made without arguments: what it has too is not
            worth telling, and often code, which no JSON could.
    """
    arguments: dict[str, Any] = {}
    for name in inspect.signature(type(model)).parameters:
        mine, usual = (_plain(vars(each).get(name)) for each in (model, plain))
        if name not in ("policy", "env", "device") and mine != usual:
            arguments[name] = mine
    if model.policy_class is not plain.policy_class:
        aliases = {policy: name for name, policy in model.policy_aliases.items()}
        arguments["policy"] = aliases.get(model.policy_class, model.policy_class)
    usual_kwargs = plain.policy_kwargs or {}
    kwargs = {
        name: value
        for name, value in (model.policy_kwargs or {}).items()
        if name not in usual_kwargs or usual_kwargs[name] != value
    }
    features = model.policy.features_extractor_class
    if features is not plain.policy.features_extractor_class:
        kwargs["features_extractor_class"] = features
    return arguments | {"policy_kwargs": kwargs}


def require_optimizer(model: BaseAlgorithm, like: BaseAlgorithm) -> None:
    """Raise a `ValueError` unless the policies of two models have optimizers of one class."""
    mine, theirs = (
        type(getattr(each.policy, "optimizer", None)).__name__ for each in (model, like)
    )
    if mine != theirs:
        raise ValueError(
            f"its optimizer is {theirs}, not {mine}, as an argument decides that the file doesn't "
            "tell, such as use_rms_prop of A2C; pass it"
        )


def _plain(value: Any) -> Any:
    """Return the argument that a model keeps in another form."""
    if isinstance(value, TrainFreq):
        return value.frequency, value.unit.value
    # A number, as a schedule that always gives it.
    return getattr(getattr(value, "value_schedule", None), "val", value)
