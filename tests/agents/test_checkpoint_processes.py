"""What happens to processes that save and load: they are killed, and attacked by their memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import lexigym

from . import checkpoint_faults, killing_savers, loading_bombs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, and asks for its memory")

BOMBS = (
    "zip bomb",
    "overlapping members",
    "absurd size",
    "crowded",
    "huge JSON",
    "deep JSON",
    "huge space",
    "huge layers",
    "huge header",
    "absurd header",
    "deep header",
    "huge tensor",
    "huge empty tensor",
    "many dimensions",
)
# The largest configuration and the largest header that are looked into, full of lists.
FULL = {"header": ("model.safetensors", 1 << 23), "configuration": ("config.json", 1 << 24)}
MOST_KIB = 400 << 10
# What a small file may take.
SPARE_KIB = 50 << 10


@pytest.mark.slow
def test_kills_in_the_middle_of_saves_leave_an_older_whole_checkpoint(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, killing_savers.__file__, tmp_path / "agent.zip"],
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) >= killing_savers.KILLS / 4


@pytest.mark.slow
def test_what_is_refused_takes_no_more_memory_than_it_must(tmp_path: Path) -> None:
    hyperparameters = {"net_arch": [8], "learning_starts": 20, "buffer_size": 100}
    agent = lexigym.make_agent("dqn", "GridRobot-v0", **hyperparameters).learn(40)
    whole = tmp_path / "whole.zip"
    agent.save(whole, training_state=True)
    members = checkpoint_faults.members_of(whole)
    for name in BOMBS:
        (tmp_path / name).mkdir()
        checkpoint_faults.make(name, whole, tmp_path / name)
    for name, (member, size) in FULL.items():
        (tmp_path / name).mkdir()
        text = b"[" + b"[]," * ((size - 4) // 3) + b"0]"
        if name == "header":
            text = len(text).to_bytes(8, "little") + text
        checkpoint_faults.write(tmp_path / name / "faulty.zip", members | {member: text})
    # A process tells the most that it ever had: what takes most comes last.
    faulty = [tmp_path / name / "faulty.zip" for name in (*BOMBS, *FULL)]
    process = subprocess.run(
        [sys.executable, loading_bombs.__file__, whole, *faulty], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    taken = json.loads(process.stdout)
    assert set(taken) == {*BOMBS, *FULL}
    assert sum(taken[name] for name in BOMBS) < SPARE_KIB, taken
    assert sum(taken.values()) < MOST_KIB, taken
