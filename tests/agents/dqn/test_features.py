"""What a perceptron reads of an observation."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces

from lexigym.agents.dqn.observations import Features, ObservationEncoder


def test_tokens_are_told_apart() -> None:
    """As numbers they would have an order that they don't have."""
    space = spaces.Box(0, 3, (2,), np.int64)
    features = Features(space)
    assert features.size == 8
    tokens = ObservationEncoder(space).encode(np.array([[3, 0], [1, 1]]))
    read = features(torch.from_numpy(tokens))
    assert read.tolist() == [[0, 0, 0, 1, 1, 0, 0, 0], [0, 1, 0, 0, 0, 1, 0, 0]]


def test_they_are_so_among_other_parts() -> None:
    space = spaces.Dict({"page": spaces.Box(0, 2, (2,), np.int64), "turn": spaces.Discrete(2)})
    encoder = ObservationEncoder(space)
    encoded = encoder.encode({"page": np.array([[2, 1]]), "turn": np.array([1])})
    assert encoded.tolist() == [[0, 0, 1, 0, 1, 0, 0, 1]]
    assert encoder.shape == (8,)


def test_other_integers_are_numbers() -> None:
    space = spaces.Box(np.array([0, -5]), np.array([3, 5]), dtype=np.int64)
    features = Features(space)
    assert features.size == 2
    assert features(torch.tensor([[2, -4]])).tolist() == [[2, -4]]
