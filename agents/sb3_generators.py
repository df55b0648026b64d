"""Generators of an agent's own, where Stable-Baselines3 draws from those of the whole process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


class OwnGenerators:
    """States of the global generators of Python, NumPy and torch that stand in for the global ones.

    Stable-Baselines3 seeds the global generators and draws from them, so that whatever else draws
    in the process, another agent among it, would change what an agent learns, and the other way
    round. While these are in use the global ones wait.
    """

    def __init__(self) -> None:
        self._states: Any = None
        self._in_use = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let these be the global ones meanwhile; at first they are seeded by the system."""
        if self._in_use:
            # As where an agent that learns is evaluated by a callback.
            yield
            return
        waiting, self._in_use = _states(), True
        if self._states is None:
            _seed_by_the_system()
        else:
            _set(self._states)
        try:
            yield
        finally:
            self._states, self._in_use = _states(), False
            _set(waiting)


def _states() -> tuple[Any, ...]:
    on_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), on_devices  # noqa: NPY002


def _set(states: tuple[Any, ...]) -> None:
    of_python, of_numpy, of_torch, on_devices = states
    random.setstate(of_python)
    np.random.set_state(of_numpy)  # noqa: NPY002
    torch.set_rng_state(of_torch)
    torch.cuda.set_rng_state_all(on_devices)


def _seed_by_the_system() -> None:
    random.seed()
    np.random.seed()  # noqa: NPY002
    torch.seed()
