"""What a run has freed is given back to the system."""

import ctypes
import sys

import psutil
import pytest

from lexigym.leaderboard.memory import return_memory

SIZE, COUNT = 100_000, 2_000


@pytest.mark.skipif(sys.platform != "linux", reason="others keep nothing, or can't be asked")
def test_freed_memory_goes_back_to_the_system() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    pieces = [ctypes.c_void_p(library.malloc(SIZE)) for _ in range(COUNT)]
    for piece in pieces:
        ctypes.memset(piece, 1, SIZE)
    # What is freed below a piece that is used stays with the process.
    *lower, last = pieces
    for piece in lower:
        library.free(piece)
    before = psutil.Process().memory_info().rss
    return_memory()
    freed = before - psutil.Process().memory_info().rss
    library.free(last)
    assert freed > 0.9 * SIZE * COUNT
