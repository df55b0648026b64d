"""What made a result: versions and machine, so that a row can be checked, and doubted."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from typing import Any

# What results depend on, besides what is asked for.
PACKAGES = (
    "lexigym",
    "gymnasium",
    "numba",
    "numpy",
    "sb3-contrib",
    "stable-baselines3",
    "torch",
    "transformers",
)


def manifest() -> dict[str, Any]:
    """Return versions, machine and time (UTC, ISO 8601), as plain JSON data; imports nothing."""
    return {
        "versions": {"python": platform.python_version()}
        | {name: version for name in PACKAGES if (version := _version(name)) is not None},
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
