"""Snapshots of environments, which checkpoints hold: what is taken can be played on from.

The first byte of an input tells the environment. Where kernels run uncompiled, as in the search
itself, an index that leads into other memory is an error of its own; that is of the grid alone.
"""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np

import lexigym  # noqa: F401, registers the ids
from lexigym.registry.compiler import can_compile
from lexigym.registry.errors import LexigymError

from ..documents import EDITS, document_of
from ..judging import refusing

NUM_ENVS = 2
_ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GridRobot-v0", {"size": 3, "slip": 0.5}),
    ("GridRobot-v0", {"size": 3, "layout": "random"}),
    # Their kernels count on what overflows, as only compiled integers do.
    *((("QA-v0", {"level": "small"}),) if can_compile() else ()),
    *((("Translation-v0", {"level": "small", "candidates": 3}),) if can_compile() else ()),
)
_ENVS: list[Any] = [
    *(gymnasium.make(name, **arguments).unwrapped for name, arguments in _ARGUMENTS),
    *(
        gymnasium.make_vec(name, NUM_ENVS, vectorization_mode="vector_entry_point", **arguments)
        for name, arguments in _ARGUMENTS
    ),
]


def _state_of(env: Any) -> Any:
    env.reset(seed=0)
    env.step(env.oracle_action())
    return env.state()


_STATES = [_state_of(env) for env in _ENVS]
SEEDS = (
    *(bytes([index]) + json.dumps(state).encode() for index, state in enumerate(_STATES)),
    *(bytes([index]) + EDITS * 2 + b"\0\1\5\6" for index in range(len(_ENVS))),
)
WORDS = (
    *(b"-1", b"1", b"99999999999999999999", b"1e400", b"NaN", b"null", b"true", b"[]", b"{}"),
    *(f'"{name}":'.encode() for state in _STATES for name in state),
)


def run(data: bytes) -> None:
    """Restore a state, and play on from it."""
    index = data[0] % len(_ENVS) if data else 0
    env, state = _ENVS[index], _STATES[index]
    try:
        read = json.loads(document_of(data[1:], [state]))
    except (ValueError, RecursionError):
        return
    with refusing(LexigymError):
        env.restore(read)
        for _ in range(3):
            try:
                env.step(env.oracle_action())
            except gymnasium.error.ResetNeeded:
                break
            assert np.all(np.isfinite(env.oracle_return()))
    env.restore(state)
