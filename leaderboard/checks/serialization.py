"""Checks that environments and their specs survive being written and read."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace

from gymnasium.envs.registration import EnvSpec

from .check import BrokenPromiseError
from .environment import CheckedEnvironment, Environment
from .episode import Step, replay, require_equal

CONTINUED = "a copy by pickle, in the middle of an episode, must go on as the original does"


def pickling(subject: CheckedEnvironment) -> None:
    """A copy by pickle goes on as the original does, also in the middle of an episode."""
    for seed in subject.seeds:
        with subject.make() as env:
            actions = [step.action for step in subject.play(env, seed) if step.number]
            middle = len(actions) // 2
            steps = subject.play(env, seed, replay(actions), limit=len(actions))
            before = [next(steps) for _ in range(middle + 1)][-1]
            try:
                written = pickle.dumps(env)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                raise BrokenPromiseError(f"pickle must be able to write it ({reason})") from error
            twin = pickle.loads(written)
            with twin:
                rest = _go_on(twin, before, actions[middle:])
                require_equal(steps, rest, CONTINUED)


def spec_json(subject: CheckedEnvironment) -> None:
    """Its spec, written as JSON and read, makes the same environment."""
    with subject.make() as env:
        if env.spec is None:
            raise BrokenPromiseError("the environment must have a spec, got None")
        try:
            written = env.spec.to_json()
        except (TypeError, ValueError) as error:
            raise BrokenPromiseError(f"its spec can't be written as JSON ({error})") from error
    read = EnvSpec.from_json(written)
    if read.to_json() != written:
        raise BrokenPromiseError(f"the spec is {written}, and read from that {read.to_json()}")
    twin = replace(subject, spec=read, arguments={})
    require_equal(
        subject.record(subject.make()),
        twin.record(twin.make()),
        "what the spec in JSON makes must give the same",
    )


def _go_on(env: Environment, before: Step, actions: list[object]) -> Iterator[Step]:
    for number, action in enumerate(actions, before.number + 1):
        yield Step(before.seed, number, action, *env.step(action))
