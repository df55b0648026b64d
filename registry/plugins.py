"""Which third-party packages offer something, read from their metadata without importing them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

METADATA = (".dist-info", ".egg-info")


@dataclass(frozen=True)
class Plugin:
    """One line of an entry-point group: a name, "module:attribute", and the package it is from."""

    name: str
    entry_point: str
    distribution: str


def find_plugins(group: str) -> list[Plugin]:
    """Return the entry points of a group, in the order of their packages and names."""
    if not _is_mentioned(group):
        return []
    from importlib.metadata import entry_points

    plugins = [
        Plugin(point.name, point.value, point.dist.name if point.dist else "unknown")
        for point in entry_points(group=group)
    ]
    return sorted(plugins, key=lambda plugin: (plugin.distribution, plugin.name))


def _is_mentioned(group: str) -> bool:
    """Whether the metadata of an installed package names the group.

    It takes a millisecond, where importing `importlib.metadata` and asking it takes a tenth of what
    `import gymnasium` does, and mostly there is no plugin.
    """
    header = f"[{group}]".encode()
    for directory in sys.path:
        try:
            entries = list(os.scandir(directory or os.curdir))
        except NotADirectoryError:
            return True  # A zip file, which only `importlib.metadata` can look into.
        except OSError:
            continue
        packages = [each.path for each in entries if each.name.endswith(METADATA)]
        if any(header in _read(f"{package}/entry_points.txt") for package in packages):
            return True
    return False


def _read(path: str) -> bytes:
    try:
        # Not with pathlib, whose import alone takes longer than all these files.
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""
