"""`lexigym train` whose disk is full at the end: what was saved before stays whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# In a world of its own, where a small disk may be mounted by whoever.
ON_A_SMALL_DISK = [
    *("unshare", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$1"',
    "sh",
]
PROGRAM = """
import subprocess, sys
from pathlib import Path

from lexigym.leaderboard.command_line import main

path, filler = Path(sys.argv[1], "agent.zip"), Path(sys.argv[1], "filler")
command = ["train", "GridRobot-v0", "dqn", "--steps", "60", "--eval-episodes", "1"]
command += ["--set", "learning_starts=20", "--out", str(path), "--seed"]

def fill(spared):
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            file.truncate(file.tell() - spared)

assert main([*command, "0"]) == 0
before = path.read_bytes()
# Full at the first byte, and in the midst of the weights.
for spared in (0, len(before) // 2):
    fill(spared)
    process = subprocess.run(
        [sys.executable, "-m", "lexigym", *command, "1"], capture_output=True, text=True
    )
    assert process.returncode == 2, process
    (line,) = process.stderr.splitlines()
    assert str(path) in line and "No space left" in line, line
    filler.unlink()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
assert main(["evaluate", str(path), "--episodes", "1"]) == 0
assert main([*command, "1"]) == 0
assert path.read_bytes() != before
"""


def namespaces() -> bool:
    """Whether the system lets a user mount a disk in a world of its own."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "--map-root-user", "--mount", "true"]
    return subprocess.run(probe, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not namespaces(), reason="the system gives users no disks of their own")
def test_the_old_checkpoint_is_intact_and_one_line_names_it(tmp_path: Path) -> None:
    process = subprocess.run(
        [*ON_A_SMALL_DISK, str(tmp_path), sys.executable, PROGRAM],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
