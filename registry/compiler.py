"""How kernels are compiled: without Python objects, and cached where a cache can be written."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile on first call and keep the result beside the source or in the user's cache.

    Division by zero gives what NumPy gives: a check of each divisor would keep loops scalar.
    """
    options: dict[str, Any] = {"error_model": "numpy"}
    try:
        kernel: Function = numba.njit(function, cache=True, **options)
    except RuntimeError:
        # Numba refuses to cache where neither place is writable, as in a read-only container.
        kernel = numba.njit(function, **options)
    return kernel


def can_compile() -> bool:
    """Whether kernels run compiled here, products of matrices included (which come from SciPy)."""
    interpreted: bool = getattr(numba.config, "DISABLE_JIT", False)
    return not interpreted and find_spec("scipy") is not None
