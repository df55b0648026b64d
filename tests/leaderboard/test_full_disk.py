"""A suite whose disk fills up: what is kept stays whole, and the same command goes on later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..small_disk import needs_namespaces, run_on_a_small_disk

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

def kept():
    assert sqlite3.connect(store).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Store(store) as opened:
        return len(opened.entries())

with Store(store):
    pass
outcomes = []
for spared in (0, 40_960, 65_536, 81_920, 1_000_000):
    fill(filler, spared)
    outcome = bench()
    if outcome.returncode:
        assert outcome.returncode == 2, outcome
        assert len(outcome.stderr.strip().splitlines()) == 1, outcome.stderr
        assert str(store) in outcome.stderr and "full" in outcome.stderr, outcome.stderr
    filler.unlink()
    outcomes.append((outcome.returncode, kept()))
print(json.dumps(outcomes))
"""


@pytest.mark.slow
@needs_namespaces
def test_a_full_disk_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    *full, last = json.loads(run_on_a_small_disk(PROGRAM, tmp_path, "2m"))
    assert full[0] == [2, 0]
    assert {code for code, _ in full} == {2}
    kept = [count for _, count in full]
    # Disks that were full at the first result, and in the middle of the suite.
    assert kept == sorted(kept)
    assert 0 < kept[-1] < 6
    assert last == [0, 6]
