"""Files appear whole or not at all, and nothing is left of those that didn't."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lexigym.registry.atomic_file import atomic_file

KILLED = """
import os, sys
from lexigym.registry.atomic_file import atomic_file

with atomic_file(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_what_is_written_appears_in_one_step_in_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    with atomic_file(path) as temporary:
        temporary.write_text("whole")
        assert temporary.suffix == ".txt"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail_midway() -> None:
        with atomic_file(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what is synced")
def test_contents_are_on_the_disk_before_their_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, Path, int]] = []
    fsync, replace = os.fsync, Path.replace

    def noting_fsync(descriptor: int) -> None:
        synced = Path(f"/proc/self/fd/{descriptor}").readlink()
        calls.append(("fsync", synced, os.fstat(descriptor).st_size))
        fsync(descriptor)

    def noting_replace(self: Path, target: Any) -> Path:
        calls.append(("replace", self, self.stat().st_size))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    with atomic_file(tmp_path / "file.txt") as temporary:
        temporary.write_text("whole")
    assert [(name, place) for name, place, _ in calls] == [
        ("fsync", temporary),
        ("replace", temporary),
        ("fsync", tmp_path),
    ]
    assert calls[0][2] == calls[1][2] == len("whole")


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks that end with their process")
def test_what_a_killed_process_left_goes_with_the_next_write_but_not_what_a_living_one_writes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file[1].txt"
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode == -9
    # The second found the first one's.
    (left,) = tmp_path.iterdir()
    other = tmp_path / left.name.replace("file[1]", "file1")
    other.write_text("of another file")
    with atomic_file(path) as first:
        assert not left.exists()
        first.write_text("first")
        with atomic_file(path) as second:
            assert first.exists()
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert set(tmp_path.iterdir()) == {path, other}
