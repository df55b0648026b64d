"""A process that plays every environment, and prints a digest of all that each gave.

What it is called with changes nothing in the digests, but of those cases that are at fault:

    rollouts.py          one case after the other
    rollouts.py mixed    all at once, the last one first, with draws of global generators in between
"""

from __future__ import annotations

import hashlib
import importlib
import json
import locale
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice, zip_longest
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.catalog import ENVIRONMENTS
from lexigym.envs.datasets.catalog import DATASETS
from lexigym.envs.datasets.make import make_dataset

SMALL = {"level": "small"}
# Of an id that isn't here, the defaults.
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "GridRobot-v0": [{"slip": 0.3}, {"layout": "random", "size": 4}],
    "QA-v0": [SMALL, SMALL | {"candidates": 3, "observation": "dict"}],
    "TextGen-v0": [SMALL, {"split": "test"}],
    "Translation-v0": [SMALL | {"observation": "text"}, SMALL | {"reward": "terminal"}],
    "twenty_questions_v0": [SMALL],
}
GAMES = ("robot_team_v0", "translation_relay_v0", "twenty_questions_v0")
NUM_ENVS = 3
STEPS = 40

Case = Callable[[], Iterator[Any]]


def single(name: str, arguments: dict[str, Any]) -> Iterator[Any]:
    env = gymnasium.make(name, render_mode="ansi", **arguments)
    unwrapped: Any = env.unwrapped
    generator = np.random.default_rng(0)
    yield getattr(unwrapped, "dataset_fingerprint", "")
    for seed in (0, None, 1):
        observation, info = env.reset(seed=seed)
        yield observation, info
        for _ in range(STEPS):
            yield unwrapped.oracle_action(), unwrapped.oracle_return(), env.render()
            action = chosen(env.action_space, info.get("action_mask"), generator)
            observation, *ends, info = env.step(action)
            yield observation, ends, info
            if ends[1] or ends[2]:
                break


def vector(name: str, arguments: dict[str, Any], mode: AutoresetMode) -> Iterator[Any]:
    vectorized: dict[str, Any] = {
        "vectorization_mode": "vector_entry_point",
        "autoreset_mode": mode,
    }
    env: Any = gymnasium.make_vec(name, NUM_ENVS, **vectorized, **arguments)
    generator = np.random.default_rng(0)
    yield env.reset(seed=0)
    for _ in range(STEPS):
        actions = env.oracle_action()
        # Else episodes don't end.
        if generator.random() < 0.3:
            masks = env.action_masks() if hasattr(env, "action_masks") else [None] * NUM_ENVS
            actions = np.array([chosen(env.single_action_space, m, generator) for m in masks])
        yield env.step(actions)


def game(name: str, arguments: dict[str, Any]) -> Iterator[Any]:
    """The form of PettingZoo in which one player moves after the other."""
    env = importlib.import_module(f"lexigym.envs.multiagent.{name}").env(**arguments)
    generator = np.random.default_rng(0)
    env.reset(seed=0)
    for player in islice(env.agent_iter(), STEPS):
        observation, reward, terminated, truncated, info = env.last()
        yield player, observation, reward, terminated, truncated, info
        over = terminated or truncated
        mask = info.get("action_mask")
        env.step(None if over else chosen(env.action_space(player), mask, generator))


def dataset(name: str) -> Iterator[Any]:
    source = make_dataset(name)
    yield source.fingerprint
    for split in source.splits:
        yield split, source.size(split)
        for index in range(20):
            example = source.example(split, index)
            yield example.prompt, example.references, example.keywords


def chosen(space: Any, mask: Any, generator: np.random.Generator) -> Any:
    """Draw an action that the mask allows."""
    if isinstance(space, gymnasium.spaces.Dict):
        return {key: chosen(each, mask[key], generator) for key, each in space.items()}
    legal = np.flatnonzero(mask) if mask is not None and np.any(mask) else np.arange(space.n)
    return int(space.start + generator.choice(legal))


# What depends on the hash seed, the locale, the order, or the threads: one of each is told apart.
class Counter:
    made = 0


def hashed() -> Iterator[Any]:
    yield from {"some", "words", "in", "a", "set"}


def localized() -> Iterator[Any]:
    yield locale.getpreferredencoding(False)


def ordered() -> Iterator[Any]:
    Counter.made += 1
    yield np.random.random()  # noqa: NPY002, at fault
    yield Counter.made


def threaded() -> Iterator[Any]:
    yield os.environ["OMP_NUM_THREADS"]


FAULTY: dict[str, Case] = {
    "hashed": hashed,
    "localized": localized,
    "ordered": ordered,
    "threaded": threaded,
}


def cases() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for entry in ENVIRONMENTS:
        name = entry["id"]
        for arguments in ARGUMENTS.get(name, [{}]):
            told = f"{name} {arguments}"
            found[told] = partial(single, name, arguments)
            if "vector_entry_point" not in entry:
                continue
            for mode in AutoresetMode:
                if mode is not AutoresetMode.DISABLED:
                    found[f"{told} {mode.value}"] = partial(vector, name, arguments, mode)
    for name in GAMES:
        found[f"{name} in turns"] = partial(game, name, ARGUMENTS.get(name, [{}])[0])
    for name, *_ in DATASETS:
        if "*" not in name:
            found[f"dataset {name}"] = partial(dataset, name)
    return found | FAULTY


def digest_of(values: Iterator[Any]) -> Iterator[str]:
    """Yield nothing but the digest at the end, a step at a time."""
    sha = hashlib.sha256()
    for value in values:
        feed(sha, value)
        yield ""
    yield sha.hexdigest()


def feed(sha: Any, value: Any) -> None:
    """Hash a value to the bit, the order of keys included."""
    if isinstance(value, Mapping):
        feed(sha, [each for pair in value.items() for each in pair])
    elif isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == "O"):
        sha.update(f"{type(value).__name__} {len(value)} ".encode())
        for each in value:
            feed(sha, each)
    elif isinstance(value, (np.ndarray, np.generic)):
        sha.update(f"{value.dtype.str} {value.shape} ".encode() + value.tobytes())
    else:
        sha.update(f"{type(value).__name__} {value!r} ".encode())


def main(mixed: bool) -> dict[str, str]:
    names = list(cases())
    running = {name: digest_of(case()) for name, case in cases().items()}
    if not mixed:
        np.random.seed(10**6)  # noqa: NPY002, nobody may use it
        return {name: [*running[name]][-1] for name in names}
    digests: dict[str, str] = {}
    names.reverse()
    for given in zip_longest(*(running[name] for name in names)):
        random.seed(len(digests))
        np.random.seed(len(digests))  # noqa: NPY002, nobody may use it
        digests |= {name: digest for name, digest in zip(names, given, strict=True) if digest}
    return digests


if __name__ == "__main__":
    print(json.dumps(main(mixed="mixed" in sys.argv)))
