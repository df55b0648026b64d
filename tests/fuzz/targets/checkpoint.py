"""Checkpoints: any file, and whole zips whose members are damaged.

The first byte of an input tells which part the others are: the file itself, its configuration, or
its weights; and, from 128 on, that the members are in a folder instead.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import gymnasium

import lexigym
from lexigym.registry.checkpoint import environment_of, is_pickled, read_config
from lexigym.registry.errors import LexigymError, MissingDependencyError

from ..documents import document_of
from ..judging import refusing

IN_FOLDERS = 128
PARTS = ("", "config.json", "model.safetensors", "replay.safetensors")
_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-checkpoints-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_PATH = _FOLDER / "agent.zip"
_ENV = gymnasium.make("GridRobot-v0", size=3)


def _members() -> dict[str, bytes]:
    agent = lexigym.make_agent(
        "dqn",
        _ENV,
        seed=0,
        net_arch=(4,),
        buffer_size=20,
        learning_starts=10,
        batch_size=4,
        device="cpu",
    )
    agent.learn(15).save(_PATH, training_state=True)
    with zipfile.ZipFile(_PATH) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


_MEMBERS = _members()
_CONFIG = json.loads(_MEMBERS["config.json"])
SEEDS = (
    bytes([0]) + _PATH.read_bytes(),
    *(bytes([part]) + _MEMBERS[name] for part, name in enumerate(PARTS) if name),
    bytes([IN_FOLDERS + 1]) + _MEMBERS["config.json"],
    b"\1\0\0",
    b"\1\0\0\0\1\2\3",
)
WORDS = (
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"config.json",
    b"model.safetensors",
    b'"shape": [67108864]',
    b'"net_arch": [1048576]',
    b'"buffer_size": 1000000000000',
    b'"agent": "random"',
    b"null",
    b"NaN",
    b"Infinity",
    b"1e400",
    b"-1",
    b"99999999999999999999",
    b"[[[[",
    b'"environment": "{}"',
)


def run(data: bytes) -> None:
    """Write the file, and load it in every way."""
    part, content = PARTS[data[0] % len(PARTS)] if data else "", data[1:]
    if part == "config.json":
        content = document_of(content, [_CONFIG])
    path = _PATH
    if not part:
        path.write_bytes(content)
    elif data[0] < IN_FOLDERS:
        with zipfile.ZipFile(path, "w") as archive:
            for name, member in (_MEMBERS | {part: content}).items():
                archive.writestr(name, member)
    else:
        path = _FOLDER / "agent"
        path.mkdir(exist_ok=True)
        for name, member in (_MEMBERS | {part: content}).items():
            (path / name).write_bytes(member)
    is_pickled(path)
    with refusing(LexigymError):
        environment_of(read_config(path), path)
    with refusing(LexigymError), contextlib.suppress(MissingDependencyError):
        lexigym.load_agent(path, _ENV)
