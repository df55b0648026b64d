"""The formulas against hand-computed numbers, and against plain loops over plain numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lexigym.agents.dqn import targets

TEMPERATURE, ALPHA, CLIP = 0.03, 0.9, -1.0


def test_maximum_by_hand() -> None:
    values = torch.tensor([[1.0, 5.0, 2.0], [3.0, -1.0, 0.0]])
    mask = torch.tensor([[True, False, True], [False, True, True]])
    assert targets.maximum_value(values, None).tolist() == [5, 3]
    assert targets.maximum_value(values, mask).tolist() == [2, 0]


def test_double_by_hand() -> None:
    online = torch.tensor([[1.0, 5.0, 2.0]])
    target = torch.tensor([[7.0, 8.0, 9.0]])
    mask = torch.tensor([[True, False, True]])
    assert targets.double_value(online, target, None).tolist() == [8]
    assert targets.double_value(online, target, mask).tolist() == [9]


def test_soft_value_by_hand() -> None:
    values = torch.tensor([[1.0, 1.0, 50.0]])
    mask = torch.tensor([[True, True, False]])
    assert targets.soft_value(values, mask, 0.5).item() == pytest.approx(1 + 0.5 * math.log(2))


def test_munchausen_bonus_by_hand() -> None:
    values = torch.tensor([[1.0, 1.0, 9.0], [0.0, 5.0, 9.0]])
    mask = torch.tensor([[True, True, False], [True, True, False]])
    bonus = targets.munchausen_bonus(
        values, torch.tensor([0, 0]), mask, alpha=0.9, temperature=0.5, clip=-1.0
    )
    # Of two equal actions log pi = -log 2; the much worse action's is clipped.
    torch.testing.assert_close(bonus, torch.tensor([-0.9 * 0.5 * math.log(2), -0.9]))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_terminal_drops_even_an_infinite_value(value: float) -> None:
    target = targets.bootstrap_target(
        torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.5]), torch.tensor([value, 4.0])
    )
    assert target.tolist() == [1, 4]


def test_importance_weights_by_hand() -> None:
    # N P = 0.4, 1.6: to the power -1/2 they are 1.5811 and 0.7906, the half of it.
    weights = targets.importance_weights(torch.tensor([0.1, 0.4]), 4, 0.5)
    torch.testing.assert_close(weights, torch.tensor([1.0, 0.5]))
    assert targets.importance_weights(torch.tensor([0.1, 0.4]), 4, 0.0).tolist() == [1, 1]


def test_polyak_by_hand() -> None:
    target, online = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 6.0])
    targets.polyak_update(target, online, 0.25)
    assert target.tolist() == [1.5, 3]
    targets.polyak_update(target, online, 1.0)
    assert target.tolist() == [3, 6]


def test_huber_by_hand() -> None:
    errors = torch.tensor([-3.0, -0.5, 0.0, 0.5, 3.0])
    assert targets.huber_loss(errors).tolist() == [2.5, 0.125, 0, 0.125, 2.5]
    assert targets.huber_loss(errors, 2.0).tolist() == [4, 0.125, 0, 0.125, 4]
    assert targets.huber_loss(errors, float("inf")).tolist() == [4.5, 0.125, 0, 0.125, 4.5]


class Case:
    """Values, masks, actions and the rest of a random batch, in double precision."""

    def __init__(self, seed: int, masked: bool) -> None:
        generator = np.random.default_rng(seed)
        n, a = int(generator.integers(1, 6)), int(generator.integers(1, 6))

        def values() -> Tensor:
            return torch.from_numpy(generator.normal(size=(n, a)))

        self.online, self.target, self.target_before = values(), values(), values()
        legal = generator.random((n, a)) < 0.5
        self.actions = torch.from_numpy(generator.integers(a, size=n))
        legal[np.arange(n), self.actions] = True
        self.mask = torch.from_numpy(legal) if masked else None
        self.returns = torch.from_numpy(generator.normal(size=n))
        self.discounts = torch.from_numpy(generator.choice([0.0, 0.99, 0.9], size=n))

    def legal(self, row: int) -> list[int]:
        width = self.online.shape[1]
        return [a for a in range(width) if self.mask is None or bool(self.mask[row, a])]


def soft_policy(values: list[float], actions: list[int], temperature: float) -> dict[int, float]:
    highest = max(values[a] for a in actions)
    powers = {a: math.exp((values[a] - highest) / temperature) for a in actions}
    return {a: power / sum(powers.values()) for a, power in powers.items()}


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(["maximum", "double", "soft"]))
def test_targets_are_those_of_plain_loops(seed: int, masked: bool, kind: str) -> None:
    case = Case(seed, masked)
    if kind == "maximum":
        values = targets.maximum_value(case.target, case.mask)
    elif kind == "double":
        values = targets.double_value(case.online, case.target, case.mask)
    else:
        values = targets.soft_value(case.target, case.mask, TEMPERATURE)
    result = targets.bootstrap_target(case.returns, case.discounts, values)

    for row in range(len(result)):
        online, target = case.online[row].tolist(), case.target[row].tolist()
        legal = case.legal(row)
        if kind == "maximum":
            value = max(target[a] for a in legal)
        elif kind == "double":
            value = target[max(legal, key=lambda a: online[a])]
        else:
            # The paper's form, not the closed one.
            policy = soft_policy(target, legal, TEMPERATURE)
            value = sum(
                p * (target[a] - TEMPERATURE * math.log(p)) for a, p in policy.items() if p > 0
            )
        expected = float(case.returns[row]) + float(case.discounts[row]) * value
        assert float(result[row]) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_munchausen_bonus_is_that_of_plain_loops(seed: int, masked: bool) -> None:
    case = Case(seed, masked)
    bonus = targets.munchausen_bonus(
        case.target_before,
        case.actions,
        case.mask,
        alpha=ALPHA,
        temperature=TEMPERATURE,
        clip=CLIP,
    )
    for row in range(len(bonus)):
        values, action = case.target_before[row].tolist(), int(case.actions[row])
        p = soft_policy(values, case.legal(row), TEMPERATURE)[action]
        log_policy = TEMPERATURE * math.log(p) if p > 0 else -math.inf
        expected = ALPHA * min(0.0, max(CLIP, log_policy))
        assert float(bonus[row]) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_conservative_gap_is_that_of_plain_loops(seed: int, masked: bool) -> None:
    case = Case(seed, masked)
    gaps = targets.conservative_gap(case.target_before, case.actions, case.mask)
    for row in range(len(gaps)):
        values = case.target_before[row].tolist()
        total = sum(math.exp(values[action]) for action in case.legal(row))
        expected = math.log(total) - values[int(case.actions[row])]
        assert float(gaps[row]) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20), st.sampled_from([0.5, 0.7, 0.9]))
def test_expectile_loss_is_least_at_the_expectile(samples: list[float], expectile: float) -> None:
    """There the weighted distances above and below it are equal (Newey and Powell 1987)."""
    data = torch.tensor(samples, dtype=torch.float64)
    low, high = float(data.min()), float(data.max())
    for _ in range(60):
        middle = (low + high) / 2
        above = expectile * (data - middle).clamp(min=0).sum()
        below = (1 - expectile) * (middle - data).clamp(min=0).sum()
        low, high = (middle, high) if above > below else (low, middle)
    at = [
        float(targets.expectile_loss(data - value, expectile).sum())
        for value in (low - 0.01, low, low + 0.01)
    ]
    assert at[1] <= min(at[0], at[2])
