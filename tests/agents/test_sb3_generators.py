"""Stable-Baselines3 draws from the global generators, its agents here from their own."""

from __future__ import annotations

import random
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

from lexigym.agents.callbacks import Callback
from lexigym.agents.sb3 import family

SMALL: dict[str, dict[str, Any]] = {
    "ppo": {"n_steps": 20, "batch_size": 20},
    "dqn": {"learning_starts": 20},
}


def draws() -> list[float]:
    """Return the next numbers of the global generators, and leave these as they were."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    numbers = [random.random(), np.random.random(), torch.rand(()).item()]  # noqa: NPY002
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])
    return numbers


@pytest.mark.parametrize("name", ["ppo", "dqn"])
def test_each_agent_draws_from_generators_of_its_own(name: str) -> None:
    def make(seed: int | None) -> Any:
        return family(name)(gymnasium.make("CartPole-v1"), **SMALL[name], seed=seed)

    def numbers_of(agent: Any) -> bytes:
        weights = [each.detach().numpy().tobytes() for each in agent.model.policy.parameters()]
        observation = np.zeros((64, 4), np.float32)
        return b"".join([*weights, agent.predict(observation)[0].tobytes()])

    before = draws()
    alone = make(0)
    alone.learn(60)
    alone = numbers_of(alone.learn(20))
    assert draws() == before
    torch.manual_seed(7)
    agent, other = make(0), make(1)
    other.learn(30)
    agent.learn(60)
    other.learn(30)
    assert numbers_of(agent.learn(20)) == alone
    assert numbers_of(make(None)) != numbers_of(make(None))


def test_an_agent_that_plays_while_it_learns_draws_on() -> None:
    answers: list[Any] = []

    class Playing(Callback):
        def on_step(self, agent: Any) -> bool:
            answers.append(agent.predict(np.zeros((64, 4), np.float32))[0].tolist())
            return True

    agent = family("ppo")(gymnasium.make("CartPole-v1"), **SMALL["ppo"], seed=0)
    agent.learn(20, Playing())
    assert len({tuple(each) for each in answers}) == len(answers)
