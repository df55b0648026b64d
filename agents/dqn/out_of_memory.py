"""Out of memory, told with the settings to lower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ...registry.errors import OutOfMemoryError, shortened

# What PyTorch's allocator for the CPU, which has no exception of its own, says.
CPU_ALLOCATOR = "DefaultCPUAllocator"


@contextmanager
def out_of_memory_means(doing: str, remedy: str) -> Iterator[None]:
    """Raise for a failed allocation within what names the settings to lower.

    Args:
        doing: What needs the memory.
        remedy: What to do, with the present values.

    Raises:
        OutOfMemoryError: If there is not enough memory on the CPU or the GPU.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, OutOfMemoryError) or not _is_out_of_memory(error):
            raise
        raise OutOfMemoryError(
            f"there is not enough memory for {doing} ({shortened(error)}): {remedy}."
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or CPU_ALLOCATOR in str(error)
