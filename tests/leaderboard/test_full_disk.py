"""A suite whose disk fills up: what is kept stays whole, and the same command goes on later."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
seeds = [0, 1, 2]
evaluation_episodes = 3
[[agents]]
name = "random"
[[agents]]
name = "oracle"
[[environments]]
id = "GridRobot-v0"
steps = 1
"""
# In a world of its own, where a small disk may be mounted by whoever.
ON_A_SMALL_DISK = [
    *("unshare", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" -c "$3" "$1"',
    "sh",
]
PROGRAM = f"""
import json, sqlite3, subprocess, sys
from pathlib import Path

from lexigym.leaderboard.store import Store

disk = Path(sys.argv[1])
store, filler, suite = disk / "store.sqlite", disk / "filler", disk / "suite.toml"
suite.write_text({SUITE!r})

def bench():
    command = [sys.executable, "-m", "lexigym", "bench", suite, "--store", store, "--jobs", "1"]
    return subprocess.run(command, capture_output=True, text=True)

def fill(spared):
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            file.truncate(file.tell() - spared)

def kept():
    assert sqlite3.connect(store).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Store(store) as opened:
        return len(opened.entries())

with Store(store):
    pass
outcomes = []
for spared in (0, 40_960, 65_536, 81_920, 1_000_000):
    fill(spared)
    outcome = bench()
    if outcome.returncode:
        assert outcome.returncode == 2, outcome
        assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
        assert str(store) in outcome.stderr and "full" in outcome.stderr, outcome.stderr
    filler.unlink()
    outcomes.append((outcome.returncode, kept()))
print(json.dumps(outcomes))
"""


def namespaces() -> bool:
    """Whether the system lets a user mount a disk in a world of its own."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "--map-root-user", "--mount", "true"]
    return subprocess.run(probe, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not namespaces(), reason="the system gives users no disks of their own")
def test_a_full_disk_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    process = subprocess.run(
        [*ON_A_SMALL_DISK, str(tmp_path), sys.executable, PROGRAM],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    *full, last = json.loads(process.stdout)
    assert full[0] == [2, 0]
    assert {code for code, _ in full} == {2}
    kept = [count for _, count in full]
    # Disks that were full at the first result, and in the middle of the suite.
    assert kept == sorted(kept)
    assert 0 < kept[-1] < 6
    assert last == [0, 6]
