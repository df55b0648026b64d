"""Memory that a process has freed, given back to the system."""

from __future__ import annotations

import ctypes
import sys


def return_memory() -> None:
    """Give back what was freed, which the C library of Linux keeps for as long as a piece is used.

    A process that learns again and again would seem to grow for hours; Dask's documentation tells
    of the same (https://distributed.dask.org/en/stable/worker-memory.html, on trimming by hand).
    """
    if sys.platform == "linux":
        # Other libraries than glibc have no such function.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
