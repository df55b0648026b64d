"""Action masks in the observation, for libraries that read them there."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from ...registry.errors import InvalidArgumentError


class MaskedObservations(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Shows `{observation_key: the observation, mask_key: the action mask}`.

    The mask is `(A,) bool`, true where an action is legal; see `action_mask`.

    Args:
        env: A single environment with A `Discrete` actions from 0 on.
        observation_key: The key of what the environment observes.
        mask_key: The key of the mask.

    Raises:
        InvalidArgumentError: If it is another environment.
    """

    def __init__(self, env: Any, observation_key: str, mask_key: str) -> None:
        if not isinstance(env, gymnasium.Env):
            raise InvalidArgumentError(
                f"env must be a single Gymnasium Env, got {env!r}: make one with gymnasium.make, "
                "and of several such a vector of the library."
            )
        RecordConstructorArgs.__init__(self, observation_key=observation_key, mask_key=mask_key)
        super().__init__(env)
        self._observation_key, self._mask_key = observation_key, mask_key
        boolean: Any = np.bool_  # The annotations of `Box` know of no dtypes but numbers.
        mask = spaces.Box(0, 1, (n_actions(env.action_space),), boolean)
        self.observation_space = spaces.Dict(
            {observation_key: env.observation_space, mask_key: mask}
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Reset, and show the mask beside the observation."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._masked(observation, info), info

    def step(self, action: Any) -> tuple[dict[str, Any], Any, bool, bool, dict[str, Any]]:
        """Step, and show the mask beside the observation."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._masked(observation, info), reward, terminated, truncated, info

    def _masked(self, observation: Any, info: dict[str, Any]) -> dict[str, Any]:
        return {self._observation_key: observation, self._mask_key: action_mask(self.env, info)}


def action_mask(env: gymnasium.Env[Any, Any], info: dict[str, Any]) -> npt.NDArray[np.bool_]:
    """Return which actions are legal, `(A,) bool`.

    That is `info["action_mask"]`, else what `action_masks()` answers; without either, all are.

    Args:
        env: A single environment with A `Discrete` actions.
        info: What its last reset or step told.
    """
    mask = info.get("action_mask")
    if mask is None and env.has_wrapper_attr("action_masks"):
        mask = env.get_wrapper_attr("action_masks")()
    if mask is None:
        return np.ones(n_actions(env.action_space), np.bool_)
    return np.array(mask, np.bool_)


def n_actions(space: gymnasium.Space[Any]) -> int:
    """Return how many actions there are.

    Raises:
        InvalidArgumentError: If they are not `Discrete` from 0 on, and can't be masked.
    """
    if not isinstance(space, spaces.Discrete) or space.start != 0:
        raise InvalidArgumentError(
            f"action masks are for Discrete actions from 0 on, not for {space}: give the library "
            "the environment as it is."
        )
    return int(space.n)
