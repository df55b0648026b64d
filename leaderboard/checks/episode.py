"""Episodes as checks look at them: what each reset and each step gave, and where that was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass, fields, replace
from itertools import zip_longest
from typing import Any

import gymnasium

from .check import BrokenPromiseError
from .equality import difference
from .legality import mask_of, sample

# Of an episode, no more steps are looked at.
MAX_STEPS = 500
NOWHERE, UNSEEDED = -2, -1


@dataclass(frozen=True)
class Step:
    """What a reset or a step gave.

    Attributes:
        seed: Of the episode; None where it goes on with the generator.
        number: 0 for the reset, then 1 and up.
        action: What was done; None at the reset.
        observation: What is seen.
        reward: What was paid; 0 at the reset.
        terminated: Whether the episode ended.
        truncated: Whether it was cut off.
        info: The info.
    """

    seed: int | None
    number: int
    action: Any
    observation: Any
    reward: Any
    terminated: Any
    truncated: Any
    info: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether it was the last of the episode."""
        return bool(self.terminated or self.truncated)

    def __str__(self) -> str:
        """Where it is, as the end of a sentence."""
        return told_place((UNSEEDED if self.seed is None else self.seed, self.number))


Choose = Callable[[Step], Any]
Place = MutableSequence[int]


class RandomPlay:
    """Draws legal actions, always the same from the same seed.

    Args:
        env: Whose actions they are.
        seed: Of a copy of its action space.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int) -> None:
        self._env = env
        self._space = copy.deepcopy(env.action_space)
        self._space.seed(seed)

    def __call__(self, step: Step) -> Any:
        """Return the next action."""
        return sample(self._space, mask_of(self._env, step.observation, step.info))


def replay(actions: Sequence[Any]) -> Choose:
    """Return what does the given actions, one after the other."""
    return lambda step: actions[step.number]


def play(
    env: gymnasium.Env[Any, Any],
    seed: int | None,
    choose: Choose | None = None,
    *,
    place: Place,
    limit: int = MAX_STEPS,
) -> Iterator[Step]:
    """Yield what an episode gives, as it is returned.

    Args:
        env: The environment.
        seed: Of the episode; None goes on with the generator.
        choose: Returns the action after a step; by default legal ones are drawn.
        place: Is told the seed and the number of the step before it happens.
        limit: Steps after which the episode is left.

    Raises:
        BrokenPromiseError: If the results aren't of the form that Gymnasium defines.
    """
    choose = choose or RandomPlay(env, seed or 0)
    place[:] = [UNSEEDED if seed is None else seed, 0]
    observation, info = _parts(env.reset(seed=seed), 2, "reset")
    step = Step(seed, 0, None, observation, 0.0, False, False, info)
    yield step
    while not step.over and step.number < limit:
        action = choose(step)
        place[1] = step.number + 1
        parts = _parts(env.step(action), 5, "step")
        step = Step(seed, step.number + 1, action, *parts)
        yield step


def frozen(steps: Iterable[Step]) -> list[Step]:
    """Return copies, each made before the next step happens."""
    return [replace(step, **_copies(step)) for step in steps]


def require_equal(one: Iterable[Step], other: Iterable[Step], sentence: str) -> None:
    """Compare two episodes, or more of them, bit for bit.

    Raises:
        BrokenPromiseError: With the sentence, and the first difference.
    """
    for mine, theirs in zip_longest(one, other):
        if mine is None or theirs is None:
            raise BrokenPromiseError(f"{sentence}, but one goes on", mine or theirs)
        found = step_difference(mine, theirs)
        if found:
            raise BrokenPromiseError(f"{sentence}, but {found}", mine)


def step_difference(one: Step, other: Step) -> str:
    """Return how what was returned differs, nothing if it doesn't."""
    names = ("observation", "reward", "terminated", "truncated", "info")
    found = (difference(getattr(one, name), getattr(other, name), name) for name in names)
    return next(filter(None, found), "")


def told_place(place: Iterable[int]) -> str:
    """Return a place as the end of a sentence, nothing if no episode was begun."""
    seed, number = place
    if seed == NOWHERE:
        return ""
    episode = "an unseeded episode" if seed == UNSEEDED else f"seed {seed}"
    return f"{episode}, {f'step {number}' if number else 'reset'}"


def _copies(step: Step) -> dict[str, Any]:
    return {
        each.name: copy.deepcopy(getattr(step, each.name))
        for each in fields(step)
        if each.name not in ("seed", "number")
    }


def _parts(result: Any, count: int, method: str) -> Any:
    if not isinstance(result, tuple) or len(result) != count:
        shape = f"a tuple of {len(result)}" if isinstance(result, tuple) else type(result).__name__
        raise BrokenPromiseError(f"{method} must return a tuple of {count}, got {shape}")
    if not isinstance(result[-1], dict):
        raise BrokenPromiseError(
            f"the info that {method} returns must be a dict, got {type(result[-1]).__name__}"
        )
    return result
