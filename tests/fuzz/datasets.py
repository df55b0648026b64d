"""A user's own data, from any bytes."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from lexigym.envs.datasets.files import load
from lexigym.registry.errors import LexigymError

from .judging import refusing

_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-datasets-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def run_as(suffix: str, data: bytes) -> None:
    """Load a file of this suffix; what is taken has texts, a fingerprint and no doubled prompt."""
    path = _FOLDER / f"data{suffix}"
    path.write_bytes(data)
    for context in (False, True):
        with refusing(LexigymError):
            dataset = load(path, language="de", prompt_language="en", context=context)
            assert len(dataset.fingerprint) == 64
            assert all(text.strip() for text in dataset.texts())
