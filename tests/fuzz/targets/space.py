"""Spaces as JSON: what is taken can be written, and is then the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from gymnasium import spaces

from lexigym.agents.spaces_json import space_from_json, space_to_json
from lexigym.registry.errors import CheckpointError

from ..documents import document_of
from ..judging import refusing

_SPACES: tuple[spaces.Space[Any], ...] = (
    spaces.Box(-np.inf, np.inf, (3,), np.float32),
    spaces.Box(0, 255, (8, 8, 3), np.uint8),
    spaces.Box(np.array([0.1, -1]), np.array([np.inf, 1]), dtype=np.float64),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([[3, 4], [5, 6]], start=[[0, 1], [2, 3]]),
    spaces.MultiBinary([2, 3]),
    spaces.Text(10, min_length=0, charset="aäé \n中"),
    spaces.Dict(b=spaces.Discrete(2), a=spaces.Tuple([spaces.MultiBinary(1), spaces.Text(3)])),
)
DOCUMENTS = [space_to_json(each) for each in _SPACES]
DTYPES = ("bool", "int8", "uint64", "float16", "complex64", "object", "M8[s]", "i4,i4", "U9999999")
TYPES = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Text", "Dict", "Tuple")
SEEDS = (*(json.dumps(each).encode() for each in DOCUMENTS), b"\0\0", b"\0\1\0\1\2\3")
WORDS = (
    *(f'"{each}"'.encode() for each in TYPES + DTYPES),
    b'"shape":[67108864]',
    b'"n":99999999999999999999',
    b'"spaces":[]',
    b'"dtype":',
    b"Infinity",
    b"NaN",
    b"1e400",
    b"null",
    b"true",
    b"-1",
    b"[[[[",
)


def run(data: bytes) -> None:
    """Read a space."""
    try:
        content = json.loads(document_of(data, DOCUMENTS, TYPES + DTYPES))
    except (ValueError, RecursionError):
        return
    space = None
    with refusing(CheckpointError):
        space = space_from_json(content)
    if space is not None:
        with refusing():
            written = json.dumps(space_to_json(space))
            again = space_from_json(json.loads(written))
            assert json.dumps(space_to_json(again)) == written
