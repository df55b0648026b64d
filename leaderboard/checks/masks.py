"""Checks of action masks: that they are well-formed, and true of what actions do."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment, Environment
from .episode import Step, replay
from .equality import difference
from .legality import METHOD, actions_where, allows_something, flat_mask, given_masks, mask_of

# So many actions are tried in a state.
ACTIONS = 8


def masks(subject: CheckedEnvironment) -> None:
    """Action masks are int8 in the form of the actions, agree, and always allow something."""
    with subject.make() as env:
        _require_masks(env)
        expected: set[str] = set()
        for step in subject.play_all(env):
            given = given_masks(env, step.observation, step.info)
            if not step.number:
                expected = set(given)
            for where in sorted(expected - set(given)):
                raise BrokenPromiseError(f"the mask of {where} is missing")
            first, *others = given.items()
            for where, mask in given.items():
                _require_form(mask, env.action_space, where)
            for where, mask in others:
                found = difference(_booleans(first[1]), _booleans(mask), "the mask")
                if found:
                    raise BrokenPromiseError(f"{first[0]} and {where} must agree: {found}")
            if not (step.over or allows_something(env.action_space, first[1])):
                raise BrokenPromiseError(f"{first[0]} must allow an action, but allows none")


def legality(subject: CheckedEnvironment) -> None:
    """Legal actions are taken; illegal ones are refused, counted or the end, and never paid."""
    with subject.make() as env:
        _require_masks(env)
        if not isinstance(env.action_space, (spaces.Discrete, spaces.MultiDiscrete, spaces.Dict)):
            raise NotApplicableError(f"actions of {env.action_space} aren't tried one by one")
        for seed in subject.seeds:
            steps = [step for step in subject.play(env, seed) if step.number]
            actions = [step.action for step in steps]
            # In the first state, the last, and one between.
            for length in sorted({0, len(actions) // 2, len(actions) - 1}):
                _try_actions(subject, env, seed, actions[:length])


def _try_actions(
    subject: CheckedEnvironment, env: Environment, seed: int, before: list[Any]
) -> None:
    """Try legal and illegal actions in the state that some actions lead to."""
    state = _go(subject, env, seed, before)
    mask = mask_of(env, state.observation, state.info)
    generator = np.random.default_rng(seed)
    for legal in (True, False):
        choices = list(actions_where(env.action_space, mask, legal))
        for chosen in generator.permutation(len(choices))[:ACTIONS].tolist():
            action = choices[chosen]
            if legal:
                _require_taken(state, _go(subject, env, seed, [*before, action]))
                continue
            try:
                after = _go(subject, env, seed, [*before, action])
            except BrokenPromiseError:
                raise
            except Exception:
                continue
            _require_refused(state, after)


def _go(subject: CheckedEnvironment, env: Environment, seed: int, actions: list[Any]) -> Step:
    """Begin an episode, do these actions, and return what the last gave."""
    steps = subject.play(env, seed, replay(actions), limit=len(actions))
    return deque(steps, maxlen=1).pop()


def _require_taken(before: Step, after: Step) -> None:
    if _invalid(after) > _invalid(before):
        raise BrokenPromiseError(
            f"the mask allows action {after.action}, but info['invalid'] rises from "
            f"{_invalid(before)} to {_invalid(after)}"
        )


def _require_refused(before: Step, after: Step) -> None:
    action = f"the mask forbids action {after.action}, but"
    if after.reward > 0 or (after.over and after.info.get("score", 0) > 0):
        raise BrokenPromiseError(
            f"{action} it is paid {after.reward} and the score is {after.info.get('score')}"
        )
    counted = _invalid(after) > _invalid(before)
    unchanged = not difference(before.observation, after.observation, "")
    if not (after.over or counted or unchanged):
        raise BrokenPromiseError(
            f"{action} it is taken as if it were legal: it must raise, end the episode, change "
            "nothing, or count in info['invalid']"
        )


def _invalid(step: Step) -> float:
    return float(step.info.get("invalid", 0))


def _require_masks(env: Environment) -> None:
    observation, info = env.reset(seed=0)
    if mask_of(env, observation, info) is None:
        raise NotApplicableError("it has no action masks")


def _require_form(mask: Any, space: Any, where: str) -> None:
    """Refuse a mask that `Space.sample` or sb3-contrib wouldn't take."""
    match space:
        case spaces.Dict():
            if not isinstance(mask, Mapping) or set(mask) != set(space):
                raise BrokenPromiseError(f"{where} must have the keys of {space}, got {mask!r}")
            for key, own in space.items():
                if isinstance(own, (spaces.Discrete, spaces.MultiDiscrete)):
                    _require_form(mask[key], own, f"{where}[{key!r}]")
        case spaces.MultiDiscrete() if isinstance(mask, tuple) and where != METHOD:
            _require_parts(mask, space.nvec, where)
        case spaces.MultiDiscrete():
            _require_array(mask, (int(space.nvec.sum()),), where)
        case spaces.Discrete():
            _require_array(mask, (int(space.n),), where)
        case _:
            _require_array(mask, None, where)


def _require_parts(mask: Any, nvec: Any, where: str) -> None:
    if not np.ndim(nvec):
        _require_array(mask, (int(nvec),), where)
        return
    if not isinstance(mask, tuple) or len(mask) != len(nvec):
        raise BrokenPromiseError(f"{where} must be a tuple of {len(nvec)}, got {mask!r}")
    for index, (part, own) in enumerate(zip(mask, nvec, strict=True)):
        _require_parts(part, own, f"{where}[{index}]")


def _require_array(mask: Any, shape: tuple[int, ...] | None, where: str) -> None:
    dtypes = (np.int8, np.bool_) if where == METHOD else (np.int8,)
    if not isinstance(mask, np.ndarray) or mask.dtype not in dtypes:
        kind = mask.dtype if isinstance(mask, np.ndarray) else type(mask).__name__
        raise BrokenPromiseError(f"{where} must be an array of int8, got {kind}")
    if shape is not None and mask.shape != shape:
        raise BrokenPromiseError(f"{where} must have shape {shape}, got {mask.shape}")
    if not np.isin(mask, (0, 1)).all():
        raise BrokenPromiseError(f"{where} must hold 0 and 1, got {mask}")


def _booleans(mask: Any) -> Any:
    if isinstance(mask, Mapping):
        return {key: _booleans(each) for key, each in mask.items()}
    return flat_mask(mask).astype(bool)
