"""Vector forms that differ from single environments in one autoreset mode each."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from .sound import Sound


class Wrong(SyncVectorEnv):
    """In `wrong_mode` it pays twice, forgets how episodes ended, or resets all of them."""

    wrong_mode: AutoresetMode

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        if self.is_wrong(AutoresetMode.DISABLED):
            options = None
        return super().reset(seed=seed, options=options)

    def step(self, actions: Any) -> Any:
        observations, rewards, terminated, truncated, infos = super().step(actions)
        if self.is_wrong(AutoresetMode.NEXT_STEP):
            rewards = np.where(terminated, 2 * rewards, rewards)
        if self.is_wrong(AutoresetMode.SAME_STEP):
            infos.pop("final_obs", None)
        return observations, rewards, terminated, truncated, infos

    def is_wrong(self, mode: AutoresetMode) -> bool:
        return mode is self.wrong_mode is self.metadata["autoreset_mode"]


def next_step(num_envs: int, autoreset_mode: Any = AutoresetMode.NEXT_STEP) -> SyncVectorEnv:
    return make(AutoresetMode.NEXT_STEP, num_envs, autoreset_mode)


def same_step(num_envs: int, autoreset_mode: Any = AutoresetMode.NEXT_STEP) -> SyncVectorEnv:
    return make(AutoresetMode.SAME_STEP, num_envs, autoreset_mode)


def disabled(num_envs: int, autoreset_mode: Any = AutoresetMode.NEXT_STEP) -> SyncVectorEnv:
    return make(AutoresetMode.DISABLED, num_envs, autoreset_mode)


def make(wrong_mode: AutoresetMode, num_envs: int, mode: AutoresetMode) -> SyncVectorEnv:
    return type("Wrong", (Wrong,), {"wrong_mode": wrong_mode})(
        [Sound] * num_envs, autoreset_mode=mode
    )
