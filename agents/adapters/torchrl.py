"""Environments as TorchRL takes them: a `GymWrapper` whose random and greedy actions are legal."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from ...registry.errors import InvalidArgumentError
from ...registry.requirements import require
from .masked_observations import action_mask, n_actions

require("torchrl", "adapt(env, to='torchrl')", "lexigym[integrations]")

import torch  # noqa: E402, after the error that tells how to install TorchRL
from tensordict import TensorDictBase  # noqa: E402
from torchrl.data import Binary, Composite  # noqa: E402
from torchrl.envs import ActionMask, GymWrapper, TransformedEnv  # noqa: E402
from torchrl.envs.gym_like import BaseInfoDictReader  # noqa: E402


def adapt(env: Any, **arguments: Any) -> TransformedEnv:
    """Return an environment of TorchRL with `"action_mask"` in its tensordicts.

    Args:
        env: A single environment with A `Discrete` actions from 0 on, a vector of such that was
            made with `autoreset_mode=AutoresetMode.DISABLED`, or a `GymEnv` of TorchRL.
        **arguments: What `GymWrapper` takes, such as `device` or `categorical_action_encoding`; for
            a `GymEnv`, which has been given them already, none.

    Returns:
        The environment with `ActionMask`, which keeps its random actions legal. The masks, `(A,)
        bool` or `(n, A)`, are those of the info, else of `action_masks()` of a single environment,
        else true everywhere; `QValueActor` and `EGreedyModule` take their key as `action_mask_key`.

    Raises:
        InvalidArgumentError: If the actions are others, or a vector resets itself.
        MissingDependencyError: If TorchRL is not installed.
    """
    wrapped = env if isinstance(env, GymWrapper) else GymWrapper(_require_taken(env), **arguments)
    wrapped.set_info_dict_reader(ActionMaskReader(wrapped._env))
    return TransformedEnv(wrapped, ActionMask())


def _require_taken(env: Any) -> Any:
    if not isinstance(env, (gymnasium.Env, VectorEnv)):
        raise InvalidArgumentError(
            f"env must be a Gymnasium Env or VectorEnv or a GymEnv of TorchRL, got {env!r}: make "
            "one with gymnasium.make, gymnasium.make_vec or GymEnv."
        )
    if isinstance(env, VectorEnv):
        mode = env.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.DISABLED:
            raise InvalidArgumentError(
                f"TorchRL resets ended episodes itself, but {env} was made with {mode}: make it "
                "with autoreset_mode=AutoresetMode.DISABLED."
            )
    return env


class ActionMaskReader(BaseInfoDictReader):  # type: ignore[misc]  # TorchRL has no type stubs.
    """Writes action masks into tensordicts; `ActionMask` refuses other dtypes than bool.

    Args:
        env: The environment of Gymnasium.
    """

    def __init__(self, env: gymnasium.Env[Any, Any] | VectorEnv[Any, Any, Any]) -> None:
        self._env = env
        if isinstance(env, VectorEnv):
            shape: tuple[int, ...] = (env.num_envs, n_actions(env.single_action_space))
        else:
            shape = (n_actions(env.action_space),)
        self._masks = np.ones(shape, np.bool_)
        self._spec = Composite({"action_mask": Binary(shape=shape, dtype=torch.bool)})

    @property
    def info_spec(self) -> Composite:
        """The spec of the masks."""
        return self._spec

    def __call__(self, info_dict: dict[str, Any], tensordict: TensorDictBase) -> TensorDictBase:
        """Write the masks of what was reached."""
        if not isinstance(self._env, VectorEnv):
            self._masks = action_mask(self._env, info_dict)
        elif "action_mask" in info_dict:
            # The infos of a partial reset tell nothing of the other environments.
            told = info_dict["_action_mask"]
            self._masks[told] = info_dict["action_mask"][told]
        return tensordict.set("action_mask", torch.tensor(self._masks))
