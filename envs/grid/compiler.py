"""How kernels are compiled: without Python objects, and cached where a cache can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile on first call and keep the result beside the source or in the user's cache."""
    try:
        kernel: Function = numba.njit(function, cache=True)
    except RuntimeError:
        # Numba refuses to cache where neither place is writable, as in a read-only container.
        kernel = numba.njit(function)
    return kernel
