"""However a process is run, on one machine, it plays and trains the same to the bit.

What is at fault on purpose tells that the processes differ in what they are meant to differ in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "OMP_NUM_THREADS": "1"}
ELSEWHERE = {
    "PYTHONHASHSEED": "12345",
    "LC_ALL": "POSIX",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TZ": "Asia/Kathmandu",
}
TWO_THREADS = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"}


def digests(script: str, *arguments: object, folder: Path, **variables: str) -> dict[str, str]:
    """Return what a new process prints that runs in a new folder."""
    folder.mkdir(parents=True)
    process = subprocess.run(
        [sys.executable, Path(__file__).with_name(script), *map(str, arguments)],
        cwd=folder,
        env=os.environ | HERE | variables,
        stdout=subprocess.PIPE,
        check=True,
    )
    printed: dict[str, str] = json.loads(process.stdout)
    return printed


def different(one: dict[str, str], other: dict[str, str]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


@pytest.fixture(scope="module")
def rollouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return digests("rollouts.py", folder=tmp_path_factory.mktemp("rollouts") / "here")


@pytest.mark.slow
def test_rollouts_are_the_same_in_every_process(rollouts: dict[str, str], tmp_path: Path) -> None:
    """Whatever the hash seed, the locale, the time zone, the folder, the order, the threads."""
    elsewhere = digests(
        "rollouts.py", "mixed", folder=tmp_path / "else" / "where", **ELSEWHERE, **TWO_THREADS
    )
    assert different(rollouts, elsewhere) == {"hashed", "localized", "ordered", "threaded"}


@pytest.mark.slow
def test_rollouts_are_the_same_where_kernels_are_not_compiled(
    rollouts: dict[str, str], tmp_path: Path
) -> None:
    """As debuggers and coverage want them; numbers of 64 bits then warn of what they drop."""
    plain = {"NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore::RuntimeWarning"}
    interpreted = digests("rollouts.py", folder=tmp_path / "interpreted", **plain)
    assert different(rollouts, interpreted) == set()


@pytest.mark.slow
def test_trainings_are_the_same_in_every_process(tmp_path: Path) -> None:
    """Whatever the hash seed, the locale, the time zone, the folder, the order."""
    here = digests("trainings.py", folder=tmp_path / "here")
    elsewhere = digests("trainings.py", "mixed", folder=tmp_path / "else" / "where", **ELSEWHERE)
    assert different(here, elsewhere) == {"hashed", "of the global generator"}
