"""Checks of what Gymnasium defines: how an environment is made, and what it returns."""

from __future__ import annotations

import copy
import re
import warnings
from collections import deque
from typing import Any

import gymnasium
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment, Environment
from .episode import Step
from .legality import legal_instead, mask_of, sample

COLOUR = re.compile(r"\x1b\[\d+m|WARN: ")
NO_WARNING = "different from the unwrapped version"
# Nobody is played longer, to see whether an end comes.
MAX_HORIZON = 2_000
REPEATED_ACTIONS = 4


def spawning(subject: CheckedEnvironment) -> None:
    """A spawned process can make it from its spec, and close it."""
    subject.make().close()


def interface(subject: CheckedEnvironment) -> None:
    """`reset` returns an observation and an info, `step` those, a reward and both ends."""
    with subject.make() as env:
        deque(subject.play_all(env), maxlen=0)


def gymnasium_accepts(subject: CheckedEnvironment) -> str | None:
    """Gymnasium's `check_env` accepts it, and warns of nothing."""
    env: Environment = subject.make().unwrapped
    observation, info = env.reset(seed=0)
    masked = mask_of(env, observation, info) is not None
    with env, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            # It draws its actions blindly, and an illegal one may be refused.
            checked = _LegalActions(env) if masked else env
            check_env(checked, skip_render_check=True, skip_close_check=masked)
        except Exception as error:
            raise BrokenPromiseError(f"it says: {_plain(error)}") from error
    messages = dict.fromkeys(_plain(each.message) for each in caught)
    return " ".join(each for each in messages if NO_WARNING not in each) or None


def types(subject: CheckedEnvironment) -> None:
    """Rewards are int or float, both ends bool, and the keys of infos str."""
    with subject.make() as env:
        for step in subject.play_all(env):
            if isinstance(step.reward, bool) or not isinstance(step.reward, (int, float)):
                raise BrokenPromiseError(f"reward must be an int or a float, got {step.reward!r}")
            for name in ("terminated", "truncated"):
                if not isinstance(getattr(step, name), bool):
                    raise BrokenPromiseError(f"{name} must be a bool, got {getattr(step, name)!r}")
            for key in step.info:
                if not isinstance(key, str):
                    raise BrokenPromiseError(f"a key of the info must be a str, got {key!r}")


def horizon(subject: CheckedEnvironment) -> None:
    """No episode is longer than declared, also where one action is repeated."""
    with subject.make() as env:
        for seed in subject.seeds:
            for choose in (None, *(_Repeat(env, seed, i) for i in range(REPEATED_ACTIONS))):
                steps = subject.play(env, seed, choose, limit=MAX_HORIZON)
                step = next(steps)
                where, limit = _declared_horizon(env)
                while not step.over:
                    if step.number >= limit:
                        raise BrokenPromiseError(
                            f"the episode must end by step {limit}, which is {where}, but goes on"
                        )
                    step = next(steps)


class _Repeat:
    """Goes on with the action that it drew, for as long as that is legal."""

    def __init__(self, env: Environment, seed: int, number: int) -> None:
        self._env = env
        self._space = copy.deepcopy(env.action_space)
        self._space.seed(seed + number)
        self._action: Any = None

    def __call__(self, step: Step) -> Any:
        mask = mask_of(self._env, step.observation, step.info)
        legal = isinstance(self._space, spaces.Discrete) and (
            mask is None or (self._action is not None and mask[self._action - self._space.start])
        )
        if self._action is None or not legal:
            self._action = sample(self._space, mask)
        return self._action


class _LegalActions(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Plays a legal action in the place of an illegal one."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        self._look(observation, info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        action = legal_instead(self.action_space, self._mask, action)
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._look(observation, info)
        return observation, reward, terminated, truncated, info

    def _look(self, observation: Any, info: dict[str, Any]) -> None:
        self._mask = mask_of(self.env, observation, info)


def _declared_horizon(env: Environment) -> tuple[str, int]:
    """Return who declares a limit, and the limit; some environments know it after a reset only."""
    declared = {"the spec's max_episode_steps": getattr(env.spec, "max_episode_steps", None)}
    for name in ("max_episode_steps", "max_steps"):
        declared[f"the environment's {name}"] = getattr(env.unwrapped, name, None)
    for where, limit in declared.items():
        if limit is not None and limit <= MAX_HORIZON:
            return where, int(limit)
    raise NotApplicableError(f"neither it nor its spec declares a limit up to {MAX_HORIZON} steps")


def _plain(message: Any) -> str:
    return " ".join(COLOUR.sub("", str(message)).split())
