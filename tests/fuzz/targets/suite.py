"""A suite as TOML, alone and as a change of one that ships."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import tomllib
from importlib import resources
from pathlib import Path

import tomlkit

from lexigym.leaderboard.experiment import load_experiment, suites
from lexigym.registry.errors import LexigymError

from ..documents import document_of
from ..judging import refusing

_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-suites-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
DOCUMENTS = [
    tomllib.loads((resources.files("lexigym.experiments") / f"{name}.toml").read_text())
    for name in suites()
]
NAMES = ("dqn", "random", "oracle", "GridRobot-v0", "all", "core", "name", "agent", "base")
SEEDS = (
    *((resources.files("lexigym.experiments") / f"{name}.toml").read_bytes() for name in suites()),
    b'seeds = [0]\n[[agents]]\nname = "random"\n[[environments]]\nid = "GridRobot-v0"\nsteps = 1\n',
    b'base = "core"\nseeds = [1]\nhyperparameters.dqn = { gamma = 0.5 }\n'
    b'[[agents]]\nname = "dqn"\nenvironments = ["maps"]\n',
    b"\0\0",
    b"\0\1\0\1\2\3",
)
WORDS = (
    b"[[agents]]\n",
    b"[[environments]]\n",
    b"hyperparameters",
    b"base = ",
    b"seeds = [0]\n",
    b"evaluation_episodes = ",
    b'"all"',
    b"name = ",
    b"id = ",
    b"inf",
    b"nan",
    b"1979-05-27",
    b"[[[[[[[[",
    b"a.a.a.a.",
    b"99999999999999999999",
)


def run(data: bytes) -> None:
    """Load a suite, and tell its runs."""
    path = _FOLDER / "suite.toml"
    try:
        path.write_bytes(document_of(data, DOCUMENTS, NAMES, tomlkit.dumps))
    except (TypeError, ValueError):
        # What TOML has no form for.
        return
    with refusing(LexigymError):
        for each in load_experiment(str(path)).runs():
            assert len(each.key) == 64
