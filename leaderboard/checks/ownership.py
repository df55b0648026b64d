"""Checks of whom the returned values belong to: who was given them, and nobody else."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from .check import BrokenPromiseError
from .environment import CheckedEnvironment, Environment
from .episode import Step, frozen, replay, require_equal, step_difference
from .equality import overwrite
from .legality import METHOD, given_masks


def buffers(subject: CheckedEnvironment) -> None:
    """What was returned stays as it was when the environment goes on."""
    with subject.make() as env:
        kept: list[Step] = []
        copies = frozen(_kept(subject.play_all(env), kept))
        for step, copied in zip(kept, copies, strict=True):
            found = step_difference(copied, step)
            if found:
                raise BrokenPromiseError(
                    f"what was returned must not change later, but {found}", step
                )


def overwriting(subject: CheckedEnvironment) -> None:
    """Whoever writes to what was returned doesn't change the environment."""
    with subject.make() as env:
        usual = subject.record(subject.make())
        require_equal(
            usual,
            _overwritten(env, subject),
            "writing to what was returned must change nothing",
        )


def _kept(steps: Iterator[Step], kept: list[Step]) -> Iterator[Step]:
    for step in steps:
        kept.append(step)
        yield step


def _overwritten(env: Environment, subject: CheckedEnvironment) -> Iterator[Step]:
    """Yield copies of what episodes give, whose originals are written to."""
    for seed in subject.seeds:
        actions = [step.action for step in subject.play(env, seed) if step.number]
        for step in subject.play(env, seed, replay(actions), limit=len(actions)):
            yield copy.deepcopy(step)
            masks = given_masks(env, step.observation, step.info)
            overwrite(masks.get(METHOD))
            overwrite(step.observation)
            overwrite(step.info)
