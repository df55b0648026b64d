"""A process that is given faulty files, and prints what more memory each refusal took."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import lexigym
from lexigym.registry.errors import CheckpointError


def peak() -> int:
    """Return the most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(whole: str, faulty: list[str]) -> dict[str, int]:
    lexigym.load_agent(whole, "GridRobot-v0")
    taken = {}
    for path in faulty:
        before = peak()
        try:
            lexigym.load_agent(path)
        except CheckpointError:
            taken[Path(path).parent.name] = peak() - before
    return taken


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:])))
