"""Files that appear whole or not at all."""

from __future__ import annotations

import glob
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it to `path` if nothing is raised.

    What was written is on the disk before it takes its name: whatever happens, a power failure too,
    leaves the old file or the new one, whole. What a killed process left goes with the next write.

    The folder is made if it doesn't exist. Both paths have the same suffix, from which some writers
    take the format.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    with _locked_beside(path) as temporary:
        try:
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


@contextmanager
def _locked_beside(path: Path) -> Iterator[Path]:
    """Give a new file that is locked while it is written: no lock outlives its process."""
    while True:
        temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp{path.suffix}")
        with temporary.open("xb") as file:
            if sys.platform == "win32":
                # Renaming is for closed files there.
                file.close()
            else:
                with suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_EX)
            # Between its creation and the lock, another process may have found it abandoned.
            if temporary.exists():
                yield temporary
                return


def _remove_abandoned(path: Path) -> None:
    """Remove the unlocked files of earlier writes, where the system has such locks."""
    if sys.platform == "win32":
        return
    pattern = f".{glob.escape(path.stem)}.????????.tmp{glob.escape(path.suffix)}"
    for temporary in path.parent.glob(pattern):
        with suppress(OSError), temporary.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a renaming durable, where folders can be synced at all."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
