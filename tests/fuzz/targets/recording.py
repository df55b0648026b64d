"""The metadata of a recording, beside data that are whole."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from pathlib import Path

import gymnasium

import lexigym
from lexigym.agents.recordings import play_episodes, read_recording, write_recording
from lexigym.registry.errors import LexigymError

from ..documents import document_of
from ..judging import refusing

_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-recordings-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_PATH = _FOLDER / "maps-v0"


def _metadata() -> bytes:
    env = gymnasium.make("GridRobot-v0", size=3)
    write_recording(_PATH, env, play_episodes(lexigym.make_agent("random", env, seed=0), env, 2))
    return (_PATH / "data" / "metadata.json").read_bytes()


_DOCUMENT = _metadata()
SEEDS = (_DOCUMENT, b"\0\0", b"\0\0\0\1\2\3")
WORDS = (
    b'"total_episodes": 3',
    b'"total_steps": 1',
    b'"data_format": "arrow"',
    b'\\"type\\": \\"Discrete\\"',
    b'\\"type\\": \\"Box\\"',
    b'\\"type\\": \\"Text\\"',
    b'\\"type\\": \\"Tuple\\"',
    b"99999999999999999999",
    b"null",
    b"NaN",
    b"-1",
    b"true",
    b"[[[[",
)


def run(data: bytes) -> None:
    """Read the recording to its end."""
    (_PATH / "data" / "metadata.json").write_bytes(document_of(data, [json.loads(_DOCUMENT)]))
    with refusing(LexigymError):
        for episode in read_recording(_PATH):
            assert len(episode) >= 1
