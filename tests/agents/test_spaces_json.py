"""Spaces come back from JSON as they were, to the bit of a bound."""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from lexigym.agents.spaces import environment_spec_json
from lexigym.agents.spaces_json import space_from_json, space_to_json
from lexigym.registry.errors import CheckpointError, InvalidArgumentError

from .environments import Match

SPACES = [
    spaces.Box(-np.inf, np.inf, (3,), np.float32),
    spaces.Box(np.array([0.1, -1], np.float32), np.array([np.inf, 1], np.float32)),
    spaces.Box(0, 255, (8, 8, 3), np.uint8),
    spaces.Box(-(2**62), 2**62, (2, 2), np.int64),
    spaces.Box(0.1, 0.3, (), np.float64),
    spaces.Box(0, 1, (0, 3), np.float32),
    spaces.Discrete(5),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([3, 4]),
    spaces.MultiDiscrete([[3, 4], [5, 6]], start=[[0, 1], [2, 3]], dtype=np.int32),
    spaces.MultiBinary(4),
    spaces.MultiBinary([2, 3]),
    spaces.Text(10, min_length=0, charset="aäé \n中"),
    spaces.Dict(b=spaces.Discrete(2), a=spaces.Tuple([spaces.MultiBinary(1), spaces.Text(3)])),
]


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_there_and_back(space: spaces.Space[Any]) -> None:
    data = json.loads(json.dumps(space_to_json(space)))
    read = space_from_json(data)
    assert read == space
    assert read.dtype == space.dtype
    assert json.dumps(space_to_json(read)) == json.dumps(data)
    assert read.contains(space.sample())


def test_images_are_written_short() -> None:
    assert len(json.dumps(space_to_json(spaces.Box(0, 255, (84, 84, 4), np.uint8)))) < 100


def test_other_spaces_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="Sequence"):
        space_to_json(spaces.Sequence(spaces.Discrete(2)))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"type": "Graph"},
        {"type": "Discrete", "n": -1, "start": 0},
        {"type": "Discrete"},
        {"type": "Box", "low": 0, "high": [1, 2], "shape": [3], "dtype": "float32"},
        {"type": "Box", "low": 0, "high": 1, "shape": [3], "dtype": "code"},
        {"type": "Box", "low": 0, "high": 1, "shape": [3], "dtype": "U100000000"},
        {"type": "Box", "low": 0, "high": 1, "shape": [1 << 62, "code"], "dtype": "int64"},
        {"type": "Box", "low": 0, "high": 1, "shape": [1 << 62, [0]], "dtype": "int64"},
        {"type": "Box", "low": 0, "high": 1, "shape": [1] * 100, "dtype": "int64"},
        {"type": "Box", "low": 0, "high": 1, "shape": 3, "dtype": "int64"},
        {"type": "Box", "low": 0, "high": 1, "shape": [3], "dtype": "0123"},
        {"type": "Box", "low": 0, "high": 1, "shape": [3], "dtype": ["int64"]},
        {"type": "MultiDiscrete", "nvec": [3], "start": [0], "dtype": "0123"},
        {"type": "Box", "low": 0, "high": 10**400, "shape": [3], "dtype": "int64"},
        {"type": "Box", "low": 0, "high": float("inf"), "shape": [3], "dtype": "int64"},
        {"type": "Discrete", "n": 2**70, "start": 0},
        {"type": "Dict", "spaces": []},
        {"type": "Dict", "spaces": "all"},
        {"type": "Dict", "spaces": {"a": None}},
    ],
)
def test_damaged_descriptions_are_refused(data: Any) -> None:
    with pytest.raises(CheckpointError, match="describes no space"):
        space_from_json(data)


def test_boxes_that_are_large_together_are_refused() -> None:
    """Each of them alone would be made, and all together fill any memory."""
    box = {"type": "Box", "low": 0, "high": 1, "shape": [1 << 12, 1 << 11], "dtype": "float64"}
    negative = box | {"shape": [-(1 << 40)]}
    for parts in ([box] * 1000, [box, box], [box, negative]):
        with pytest.raises(CheckpointError, match="describes no space"):
            space_from_json({"type": "Tuple", "spaces": [{"type": "Tuple", "spaces": parts}]})


def test_what_could_not_be_read_is_not_written() -> None:
    half = spaces.Box(0, 1, (1 << 12, 1 << 11), np.uint8)
    space_to_json(half)
    with pytest.raises(InvalidArgumentError, match="scale the observations down"):
        space_to_json(spaces.Tuple([half, half]))


def test_environment_specs() -> None:
    env = gymnasium.make("CartPole-v1", max_episode_steps=7)
    written = environment_spec_json(env)
    assert written is not None
    assert json.loads(written)["max_episode_steps"] == 7
    assert environment_spec_json(Match()) is None
