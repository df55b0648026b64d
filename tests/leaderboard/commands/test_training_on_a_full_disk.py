"""`lexigym train` whose disk is full at the end: what was saved before stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...small_disk import needs_namespaces, run_on_a_small_disk

PROGRAM = """
import subprocess, sys
from pathlib import Path

from lexigym.leaderboard.command_line import main

path, filler = Path(sys.argv[1], "agent.zip"), Path(sys.argv[1], "filler")
command = ["train", "GridRobot-v0", "dqn", "--steps", "60", "--eval-episodes", "1"]
command += ["--set", "learning_starts=20", "--out", str(path), "--seed"]

assert main([*command, "0"]) == 0
before = path.read_bytes()
# Full at the first byte, and in the midst of the weights.
for spared in (0, len(before) // 2):
    fill(filler, spared)
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


@pytest.mark.slow
@needs_namespaces
def test_the_old_checkpoint_is_intact_and_one_line_names_it(tmp_path: Path) -> None:
    run_on_a_small_disk(PROGRAM, tmp_path, "1m")
