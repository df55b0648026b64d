"""What the fuzzing of parsers and loaders found, and a little more of the same, in every test run.

`README.md` tells how to look for more.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import judging
from .catalog import TARGETS, load_target
from .judging import FaultError, refusing

NEEDS = {"recording": ("minari", "h5py"), "pack-parquet": ("pyarrow",), "suite": ("tomlkit",)}
# By target, inputs that once were refused by a traceback, or too late, or took all memory.
FOUND: dict[str, tuple[bytes, ...]] = {
    "space": (
        b'{"type": "Box", "low": 0, "high": 1e400, "shape": [3], "dtype": "int64"}',
        b'{"type": "Box", "low": 0, "high": 1, "shape": [67108864], "dtype": "float32"}',
        b'{"type": "Box", "low": 0, "high": 1, "shape": [900000000, "a"], "dtype": "int64"}',
        b'{"type": "Box", "low": 0, "high": 1, "shape": [2], "dtype": "0123456"}',
        b'{"type": "Box", "low": [], "high": [], "shape": [0, 1], "dtype": "float32"}',
        b'{"type": "Discrete", "n": 99999999999999999999, "start": 0}',
        b'{"type": "Dict", "spaces": []}',
        b'"Box"',
    ),
    "tensor-file": (
        (59).to_bytes(8, "little")
        + rb'{"\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
    ),
    "pack-lines": (
        # As many keys of which the last is doubled were compared in pairs.
        b"{" + b",".join(b'"%d":0' % key for key in range(30_000)) + b',"29999":0}',
    ),
    "dataset-jsonl": (
        b'{"prompt": "a", "references": [["b"]]}',
        b'{"prompt": "a", "references": "b", "split": ["train"]}',
    ),
    "dataset-table": (b'prompt,"reference\na,b\n', b"prompt\rreference\na\tb\n"),
    "suite": (b'name = "\xa5"', b'base = "' + b"a" * 300 + b'"', b"seeds = " + b"[" * 5_000),
}


def target_of(name: str) -> Callable[[bytes], None]:
    for package in NEEDS.get(name, ()):
        pytest.importorskip(package)
    return load_target(name).run


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_is_refused_well(name: str) -> None:
    run = target_of(name)
    for data in (*load_target(name).SEEDS, *FOUND.get(name, ())):
        run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs_are_refused_well(name: str) -> None:
    run, target = target_of(name), load_target(name)

    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(target.SEEDS), st.integers(0, 2**32), st.binary(max_size=8))
    def damage(seed: bytes, choice: int, piece: bytes) -> None:
        generator = random.Random(choice)
        data = bytearray(seed)
        for inserted in (piece, generator.choice(target.WORDS)):
            place = generator.randrange(len(data) + 1)
            data[place : place + generator.randrange(4)] = inserted
        run(bytes(data))

    damage()


@pytest.mark.parametrize(
    "message", ["", "two\nlines", "two\rlines", "two\u2028lines"], ids=["none", "n", "r", "u"]
)
def test_messages_of_other_than_one_line_are_found(message: str) -> None:
    with pytest.raises(FaultError, match="one line"), refusing(ValueError):
        raise ValueError(message)


def test_what_takes_too_long_or_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MOST_SECONDS", 0.02)
    with pytest.raises(FaultError, match="seconds"), refusing(ValueError):
        sum(range(10**7))
    monkeypatch.setattr(judging, "MOST_SECONDS", 60)
    monkeypatch.setattr(judging, "MOST_BYTES", 1_000_000)
    # More than there ever was.
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with pytest.raises(FaultError, match="bytes"), refusing(ValueError):
        assert len(b"x" * size) == size


def test_other_errors_go_through() -> None:
    with pytest.raises(KeyError), refusing(ValueError):
        raise KeyError("no")
