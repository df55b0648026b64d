"""Which spaces and policies suit Stable-Baselines3, and how action masks reach any of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import Space, spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.preprocessing import is_image_space

from ..registry.errors import InvalidArgumentError
from .spaces import Spaces

# The convolutions of Mnih et al. (2015), kernels 8, 4 and 3 in strides 4, 2 and 1, need as much.
SMALLEST_IMAGE_SIDE = 36


@contextmanager
def mask_scores(scores: torch.nn.Module, legal: npt.NDArray[np.bool_]) -> Iterator[None]:
    """Let a network give illegal actions a score of minus infinity: never greedy, never drawn."""

    def mask(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        illegal = torch.as_tensor(~legal, device=output.device)
        return output.masked_fill(illegal if output.ndim == 2 else illegal[:, None], -torch.inf)

    handle = scores.register_forward_hook(mask)
    try:
        yield
    finally:
        handle.remove()


def score_network(policy: Any) -> torch.nn.Module:
    """Return the network whose output, `(n, A)` or `(n, quantiles, A)`, decides the action."""
    for name in ("q_net", "quantile_net", "action_net"):
        if hasattr(policy, name):
            network: torch.nn.Module = getattr(policy, name)
            return network
    raise InvalidArgumentError(
        f"{type(policy).__name__} has no score for each action: leave action_masks out."
    )


def default_policy(algorithm: type[BaseAlgorithm], space: Space[Any]) -> str:
    """Name the policy that Stable-Baselines3 advises for an observation space."""
    name = "Mlp"
    if isinstance(space, spaces.Dict):
        name = "MultiInput"
    elif is_image_space(space) and sorted(space.shape or ())[1] >= SMALLEST_IMAGE_SIDE:
        name = "Cnn"
    recurrent = f"{name}LstmPolicy"
    return recurrent if recurrent in algorithm.policy_aliases else f"{name}Policy"


def require_usable(name: str, available: Spaces) -> None:
    """Refuse what no algorithm takes, which would otherwise fail far from its cause."""
    space = available.observation_space
    parts = list(space.values()) if isinstance(space, spaces.Dict) else [space]
    supported = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
    if not all(isinstance(part, supported) for part in parts):
        raise InvalidArgumentError(
            f"{name} can't use the observation space {space}: it takes Box, Discrete, "
            "MultiDiscrete, MultiBinary, or a flat Dict of these; wrap the environment."
        )
    start = getattr(available.action_space, "start", np.zeros(1))
    if np.any(start != 0):
        raise InvalidArgumentError(
            f"{name} can't use the action space {available.action_space}: actions must start at 0."
        )
