"""Checks of the vector form: it is n single environments, bit for bit."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import load_env_creator
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array

from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment
from .equality import difference
from .legality import sample

NUM_ENVS = 3
MAX_STEPS = 300
# Of each environment.
EPISODES = 3
NAMES = ("observation", "reward", "terminated", "truncated", "info")

Vector = VectorEnv[Any, Any, Any]


def next_step(subject: CheckedEnvironment) -> None:
    """With autoreset in the next step, n at once give what n single environments give."""
    _require_equal(subject, AutoresetMode.NEXT_STEP)


def same_step(subject: CheckedEnvironment) -> None:
    """With autoreset in the same step, n at once give what n single environments give."""
    _require_equal(subject, AutoresetMode.SAME_STEP)


def disabled(subject: CheckedEnvironment) -> None:
    """Without autoreset, n at once give what n single environments give."""
    _require_equal(subject, AutoresetMode.DISABLED)


def _require_equal(subject: CheckedEnvironment, mode: AutoresetMode) -> None:
    ours = _make(subject, mode)
    theirs = SyncVectorEnv([subject.make] * NUM_ENVS, autoreset_mode=mode)
    try:
        for name in ("observation_space", "action_space", "single_action_space"):
            mine, expected = getattr(ours, name), getattr(theirs, name)
            if mine != expected:
                raise BrokenPromiseError(f"the {name} must be {expected}, got {mine}")
        _play(subject, ours, theirs, mode)
    finally:
        ours.close()
        theirs.close()


def _play(subject: CheckedEnvironment, ours: Vector, theirs: Vector, mode: AutoresetMode) -> None:
    """Play both with the same actions, until every environment has ended some episodes."""
    seed = subject.seeds[0]
    subject.place[:] = [seed, 0]
    masks = _Masks(_reset(ours, theirs, seed=seed))
    space = copy.deepcopy(theirs.single_action_space)
    space.seed(seed)
    ended = np.zeros(NUM_ENVS, int)
    kept = []
    for number in range(1, MAX_STEPS + 1):
        subject.place[1] = number
        chosen = [sample(space, masks.of(env)) for env in range(NUM_ENVS)]
        empty: Any = create_empty_array(space, NUM_ENVS)
        actions = concatenate(space, chosen, empty)
        mine, expected = ours.step(actions), theirs.step(actions)
        _compare(mine, expected, NAMES)
        kept.append((mine, copy.deepcopy(mine)))
        masks.look(expected[-1])
        over = np.logical_or(expected[2], expected[3])
        ended += over
        if over.any() and mode is AutoresetMode.DISABLED:
            masks.look(_reset(ours, theirs, options={"reset_mask": over}))
        if ended.min() >= EPISODES:
            break
    for returned, copied in kept:
        _compare(returned, copied, NAMES, "what was returned must not change later")


def _reset(ours: Vector, theirs: Vector, **arguments: Any) -> dict[str, Any]:
    # Gymnasium's takes the mask out of the options.
    mine, expected = ours.reset(**copy.deepcopy(arguments)), theirs.reset(**arguments)
    _compare(mine, expected, ("observation", "info"))
    return expected[1]


def _make(subject: CheckedEnvironment, mode: AutoresetMode) -> Vector:
    entry_point = subject.spec.vector_entry_point
    if entry_point is None:
        raise NotApplicableError("it has no vector form")
    maker = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    arguments = dict(subject.arguments)
    if "autoreset_mode" in inspect.signature(maker).parameters:
        arguments["autoreset_mode"] = mode
    env = gymnasium.make_vec(subject.spec, NUM_ENVS, "vector_entry_point", **arguments)
    has = env.metadata.get("autoreset_mode")
    if has is not mode:
        env.close()
        if "autoreset_mode" in arguments:
            raise BrokenPromiseError(f"its metadata must tell the autoreset_mode {mode}, got {has}")
        raise NotApplicableError(f"its vector form has no autoreset_mode {mode.value!r}")
    return env


class _Masks:
    """The masks of n environments, which infos tell of those only that have news."""

    def __init__(self, info: dict[str, Any]) -> None:
        self._masks: list[Any] = [None] * NUM_ENVS
        self.look(info)

    def look(self, info: dict[str, Any]) -> None:
        if isinstance(info.get("action_mask"), np.ndarray):
            for env in np.flatnonzero(info.get("_action_mask", np.ones(NUM_ENVS))).tolist():
                self._masks[env] = info["action_mask"][env].copy()

    def of(self, env: int) -> Any:
        return self._masks[env]


def _compare(
    mine: Any,
    expected: Any,
    names: tuple[str, ...],
    sentence: str = "it must give what single environments give",
) -> None:
    for name, one, other in zip(names, mine, expected, strict=True):
        found = difference(one, other, name)
        if found:
            raise BrokenPromiseError(f"{sentence}, but {found}")
