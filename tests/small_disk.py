"""A disk of a few megabytes, in a world of its own, for programs that are to see it fill up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && exec "$3" -c "$4" "$2"'
# Programs begin with it: it fills the disk up to so many bytes.
FILL = """
def fill(filler, spared):
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            file.truncate(file.tell() - spared)
"""


def namespaces() -> bool:
    """Whether the system lets a user mount a disk in a world of its own."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "--map-root-user", "--mount", "true"]
    return subprocess.run(probe, capture_output=True).returncode == 0


needs_namespaces = pytest.mark.skipif(
    not namespaces(), reason="the system gives users no disks of their own"
)


def run_on_a_small_disk(program: str, folder: Path, size: str) -> str:
    """Run a Python program, whose argument is the folder that the disk is in; return its output."""
    world = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"]
    process = subprocess.run(
        [*world, size, str(folder), sys.executable, FILL + program],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout
