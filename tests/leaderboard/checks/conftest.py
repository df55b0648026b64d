from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import pytest


@pytest.fixture(autouse=True)
def _broken_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process, and those that it spawns, import `broken`; forget what is registered."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield
    for name in ("Broken-v0", "Counting-v0"):
        gymnasium.registry.pop(name, None)
    sys.modules.pop("broken.registration", None)
