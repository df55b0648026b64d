"""Checks that a seed fixes everything, and that nothing global is involved."""

from __future__ import annotations

import os
import pickle
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context

import numpy as np

from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment, Environment
from .episode import NOWHERE, Step, frozen, require_equal
from .equality import difference

HASH_SEEDS = ("1", "2")


def global_generators(subject: CheckedEnvironment) -> None:
    """No global generator is read or written: not `random`'s, NumPy's or torch's."""
    with unchanged_generators("making it"):
        env = subject.make()
    with env:
        for seed in subject.seeds:
            steps = subject.play(env, seed)
            while True:
                with unchanged_generators("a reset or a step"):
                    step = next(steps, None)
                if step is None:
                    break
    with unchanged_generators("closing it"):
        env.close()


def determinism(subject: CheckedEnvironment) -> None:
    """The same seed gives the same episodes bit for bit, whatever was played before."""
    _require_determined(subject)
    with subject.make() as env:
        first = frozen(_with_unseeded(subject, env))
        again = frozen(_with_unseeded(subject, env))
        with subject.make() as other:
            require_equal(
                first,
                _with_unseeded(subject, other),
                "two environments with the same seed must give the same",
            )
        require_equal(first, again, "the same seed must give the same again")


def seeds(subject: CheckedEnvironment) -> None:
    """0 is a seed, and without a seed two environments draw differently."""
    _require_determined(subject)
    first = _with_seed_zero(subject)
    # What is drawn may be the same by accident.
    for _ in subject.seeds:
        again = _with_seed_zero(subject)
        require_equal(first, again, "0 is a seed as any other and must give the same")
    with subject.make() as one, subject.make() as other:
        states = []
        for env in (one, other):
            env.reset()
            states.append(env.unwrapped.np_random.bit_generator.state)
        if not difference(states[0], states[1], "the state"):
            raise BrokenPromiseError(
                "two environments that were reset without a seed must draw differently, but their "
                "generators are in the same state"
            )


def processes(subject: CheckedEnvironment) -> None:
    """Other processes give the same episodes bit for bit, whatever `PYTHONHASHSEED` is."""
    _require_determined(subject)
    sent = replace(subject, place=[NOWHERE, 0])
    pools = [ProcessPoolExecutor(1, get_context("spawn")) for _ in HASH_SEEDS]
    try:
        futures = []
        for pool, hash_seed in zip(pools, HASH_SEEDS, strict=True):
            with _hash_seed(hash_seed):
                futures.append(pool.submit(_record, sent))
        mine = _record(subject)
        for future, hash_seed in zip(futures, HASH_SEEDS, strict=True):
            require_equal(
                mine,
                future.result(),
                f"a process with PYTHONHASHSEED={hash_seed} must give the same as this one",
            )
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


@contextmanager
def unchanged_generators(what: str) -> Iterator[None]:
    """Compare the states of the global generators before and after.

    Raises:
        BrokenPromiseError: If one has changed.
    """
    before = _generator_states()
    yield
    after = _generator_states()
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            raise BrokenPromiseError(
                f"{what} must leave the global generator of {name} alone, but changes its state"
            )


def _generator_states() -> dict[str, bytes]:
    states = {
        "random": pickle.dumps(random.getstate()),
        "numpy.random": pickle.dumps(np.random.get_state()),  # noqa: NPY002, nobody may use it
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def _require_determined(subject: CheckedEnvironment) -> None:
    if subject.spec.nondeterministic:
        raise NotApplicableError("its spec says that it is nondeterministic")


def _with_unseeded(subject: CheckedEnvironment, env: Environment) -> Iterator[Step]:
    for seed in subject.seeds:
        yield from subject.play(env, seed)
        yield from subject.play(env, None)


def _with_seed_zero(subject: CheckedEnvironment) -> list[Step]:
    env = subject.make()
    try:
        env.reset()
        return frozen(subject.play(env, 0))
    finally:
        env.close()


def _record(subject: CheckedEnvironment) -> list[Step]:
    return subject.record(subject.make())


@contextmanager
def _hash_seed(value: str) -> Iterator[None]:
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before
