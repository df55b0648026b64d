"""The window of n steps against a plain loop over each environment's own history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.agents.dqn.n_step import NStepWindow

GAMMA = 0.9
Transition = tuple[float, float, float, float]


def random_history(seed: int, n_envs: int, length: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    shape = (length, n_envs)
    return {
        "reward": generator.normal(size=shape),
        "terminated": generator.random(shape) < 0.2,
        "truncated": generator.random(shape) < 0.2,
        "valid": generator.random(shape) < 0.8,
    }


def reference(history: dict[str, np.ndarray], env: int, n: int) -> list[Transition]:
    """The transitions of one environment: (first step, last step, return, discount)."""
    columns = [history[k][:, env] for k in ("reward", "terminated", "truncated", "valid")]
    steps = [(t, *row) for t, row in enumerate(zip(*columns, strict=True)) if row[3]]
    result = []
    for i, (begin, *_) in enumerate(steps):
        return_ = 0.0
        for k, (t, reward, terminated, truncated, _) in enumerate(steps[i : i + n]):
            return_ += GAMMA**k * reward
            if terminated or truncated or k == n - 1:
                discount = 0.0 if terminated else GAMMA ** (k + 1)
                result.append((begin, t, return_, discount))
                break
    return result


def pushed(window: NStepWindow, history: dict[str, np.ndarray], times: range) -> list[list[Any]]:
    n_envs = history["reward"].shape[1]
    result: list[list[Any]] = [[] for _ in range(n_envs)]
    envs = np.arange(n_envs)
    for t in times:
        given = {k: history[k][t] for k in ("terminated", "truncated", "valid")}
        begins = {"begin": np.full(n_envs, t), "env": envs}
        ends = {"end": np.full(n_envs, t), "end_env": envs}
        for out in window.push(begins, history["reward"][t], ends, **given):
            np.testing.assert_array_equal(out["env"], out["end_env"])
            columns = [out[key] for key in ("env", "begin", "end", "return_", "discount")]
            rows = zip(*columns, strict=True)
            for env, *rest in rows:
                result[env].append(tuple(rest))
    return result


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 4), st.integers(1, 30))
def test_window_is_the_plain_loop(seed: int, n: int, n_envs: int, length: int) -> None:
    history = random_history(seed, n_envs, length)
    result = pushed(NStepWindow(n, GAMMA, n_envs), history, range(length))
    for env in range(n_envs):
        np.testing.assert_allclose(
            np.array(result[env]).reshape(-1, 4),
            np.array(reference(history, env, n)).reshape(-1, 4),
            atol=1e-12,
        )


@pytest.mark.parametrize("n", [1, 3])
def test_restored_goes_on(n: int) -> None:
    history = random_history(0, 3, 40)
    window, copy = NStepWindow(n, GAMMA, 3), NStepWindow(n, GAMMA, 3)
    pushed(window, history, range(20))
    copy.restore(window.state())
    later = range(20, 40)
    assert pushed(copy, history, later) == pushed(window, history, later)


def test_cleared_forgets() -> None:
    history = random_history(0, 2, 20)
    window = NStepWindow(3, GAMMA, 2)
    pushed(window, history, range(10))
    window.clear()
    fresh = NStepWindow(3, GAMMA, 2)
    assert pushed(window, history, range(10, 20)) == pushed(fresh, history, range(10, 20))
