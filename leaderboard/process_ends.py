"""How processes end: told in words, and brought about."""

from __future__ import annotations

import contextlib
import signal

import psutil


def told_end(exitcode: int | None) -> str:
    """Return what became of a process, as the end of "it ..."."""
    if exitcode is None or exitcode >= 0:
        return f"ended itself with exit code {exitcode}"
    try:
        return f"was killed by {signal.Signals(-exitcode).name}"
    except ValueError:
        return f"was killed by signal {-exitcode}"


def kill_tree(number: int) -> None:
    """Kill a process and those that it started, whatever they are at."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(number)
        for each in (*root.children(recursive=True), root):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
