"""The replay memories and the tree under one of them, against plain lists and sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.agents.dqn.priorities import Priorities
from lexigym.agents.dqn.replay import TransitionMemory
from lexigym.agents.dqn.sum_tree import SumTree

CPU = torch.device("cpu")


def transitions(numbers: Any, n_actions: int = 0) -> dict[str, np.ndarray]:
    """Transitions in each of which everything is made of one number."""
    numbers = np.asarray(numbers)
    columns = {
        "observation": np.stack([numbers, -numbers], 1).astype(np.float32),
        "next_observation": np.stack([numbers + 1, -numbers], 1).astype(np.float32),
        "action": numbers % 3,
        "return_": numbers / 2,
        "discount": (numbers % 2).astype(np.float64),
    }
    if n_actions:
        mask = numbers[:, None] % n_actions == np.arange(n_actions)
        columns |= {"action_mask": mask, "next_action_mask": ~mask}
    return columns


def uniform(capacity: int, n_actions: int = 0) -> TransitionMemory:
    return TransitionMemory(capacity, (2,), np.float32, n_actions, np.random.default_rng(0), CPU)


def prioritized(capacity: int, alpha: float = 0.6) -> TransitionMemory:
    generator = np.random.default_rng(0)
    priorities = Priorities(capacity, alpha, generator)
    return TransitionMemory(capacity, (2,), np.float32, 0, generator, CPU, priorities)


@settings(deadline=None)
@given(st.integers(1, 9), st.lists(st.integers(1, 12), max_size=8))
def test_memory_is_a_ring(capacity: int, counts: list[int]) -> None:
    memory, held, number = uniform(capacity), dict[int, int](), 0
    for count in counts:
        positions = memory.add(**transitions(np.arange(number, number + count)))
        for offset, position in enumerate(positions.tolist()):
            held[position] = number + offset
        number += count
    assert len(memory) == len(held) == min(number, capacity)
    # Always the last ones are held.
    assert sorted(held.values()) == list(range(max(0, number - capacity), number))
    for position, expected in held.items():
        assert memory.rows["return_"][position] == expected / 2


def test_a_batch_holds_whole_transitions() -> None:
    memory = uniform(20, n_actions=3)
    memory.add(**transitions(np.arange(20), 3))
    batch = memory.sample(64)
    expected = transitions(batch.indices, 3)
    for name, column in expected.items():
        actual = getattr(batch, name)
        torch.testing.assert_close(actual, torch.from_numpy(column).to(actual.dtype))
    assert batch.weights is None


def test_uniform_draws_are_uniform() -> None:
    memory = uniform(100)
    memory.add(**transitions(np.arange(10)))
    counts = np.bincount(memory.sample(20_000).indices, minlength=10)
    assert len(counts) == 10
    np.testing.assert_allclose(counts / 20_000, 0.1, atol=0.012)


def test_split_gives_the_parts_in_order() -> None:
    memory = uniform(20, n_actions=3)
    memory.add(**transitions(np.arange(20), 3))
    batch = memory.sample(12)
    parts = batch.split(3)
    assert [len(part.action) for part in parts] == [4, 4, 4]
    assert batch.split(1) == [batch]
    for name in ("observation", "action", "return_", "action_mask", "next_action_mask"):
        torch.testing.assert_close(
            torch.cat([getattr(part, name) for part in parts]), getattr(batch, name)
        )
    np.testing.assert_array_equal(np.concatenate([p.indices for p in parts]), batch.indices)


@given(st.data())
def test_tree_is_a_list_with_cumulative_sums(data: st.DataObject) -> None:
    capacity = data.draw(st.integers(1, 20))
    tree, plain = SumTree(capacity), np.zeros(capacity)
    # Powers of two add up exactly, so that both sides agree at the borders of the intervals.
    priority = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 8.0])
    for _ in range(data.draw(st.integers(1, 4))):
        index = st.tuples(st.integers(0, capacity - 1), priority)
        pairs = data.draw(st.lists(index, min_size=1, max_size=2 * capacity))
        indices = np.array([index for index, _ in pairs])
        tree[indices] = [value for _, value in pairs]
        for index, value in pairs:
            plain[index] = value
    np.testing.assert_array_equal(tree[np.arange(capacity)], plain)
    assert tree.total == plain.sum()
    if tree.total > 0:
        prefixes = np.arange(0, tree.total, 0.125)
        expected = np.searchsorted(np.cumsum(plain), prefixes, side="right")
        np.testing.assert_array_equal(tree.find(prefixes), expected)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(0, 2**31))
def test_tree_never_finds_what_has_no_priority(priorities: list[float], seed: int) -> None:
    tree = SumTree(len(priorities))
    tree[np.arange(len(priorities))] = priorities
    if tree.total == 0:
        return
    # Up to the total itself, which rounding may reach.
    prefixes = np.random.default_rng(seed).random(50) * tree.total
    found = tree.find(np.append(prefixes, tree.total))
    assert (found < len(priorities)).all()
    assert (tree[found] > 0).all()


def test_draws_are_in_proportion_to_the_priorities() -> None:
    alpha, beta = 0.5, 0.4
    memory = prioritized(50, alpha)
    memory.add(**transitions(np.arange(8)))
    errors = torch.tensor([0.0, 0.1, -0.2, 0.4, -0.8, 1.6, -3.2, 6.4])
    memory.update_priorities(np.arange(8), errors)
    assert memory.priorities is not None
    memory.priorities.beta = beta
    priorities = (np.abs(errors.numpy().astype(float)) + 1e-6) ** alpha
    probabilities = priorities / priorities.sum()

    batch = memory.sample(20_000)
    frequencies = np.bincount(batch.indices, minlength=8) / 20_000
    # Stratified: each count is within one of its expectation.
    np.testing.assert_allclose(frequencies, probabilities, atol=2 / 20_000)

    small = memory.sample(16)
    expected = (8 * probabilities[small.indices]) ** -beta
    assert small.weights is not None
    np.testing.assert_allclose(small.weights, expected / expected.max(), rtol=1e-5)


def test_a_new_transition_has_the_highest_priority() -> None:
    memory = prioritized(10, alpha=1.0)
    memory.add(**transitions([0, 1]))
    assert memory.priorities is not None
    tree = memory.priorities.tree
    assert tree[np.arange(2)].tolist() == [1, 1]
    memory.update_priorities(np.array([0, 1]), torch.tensor([-7.0, 0.5]))
    memory.add(**transitions([2]))
    assert tree[np.array([2])] == pytest.approx(7, abs=1e-5)
    memory.update_priorities(np.array([0]), torch.tensor([0.1]))
    memory.add(**transitions([3]))
    assert tree[np.array([3])] == pytest.approx(7, abs=1e-5)


@pytest.mark.parametrize("make", [uniform, prioritized])
@pytest.mark.parametrize("count", [0, 3, 25])
def test_restored_draws_the_same(make: Any, count: int) -> None:
    memory, copy = make(10), make(10)
    if count:
        memory.add(**transitions(np.arange(count)))
        memory.update_priorities(np.arange(3), torch.tensor([0.1, 2.0, 5.0]))
    copy.restore({k: torch.from_numpy(np.array(v)) for k, v in memory.state().items()})
    assert len(copy) == len(memory)
    np.testing.assert_array_equal(copy.rows[: len(copy)], memory.rows[: len(memory)])
    if count:
        np.testing.assert_array_equal(copy.sample(32).indices, memory.sample(32).indices)
