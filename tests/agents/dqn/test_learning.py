"""Each switch learns; the masks act in the targets; nothing outside the agent is disturbed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lexigym
from lexigym.agents.callbacks import EvaluationCallback
from lexigym.agents.protocol import evaluate

from ..environments import LENGTH, N_ACTIONS, Match, match_vector
from .environments import Trap

SWITCHES: list[dict[str, Any]] = [
    {"munchausen": False, "double": False},
    {"munchausen": False, "double": True},
    {"munchausen": True},
    {"dueling": True},
    {"prioritized": True},
    {"n_steps": 3},
    {"closed_form": False},
    {"exploration_temperature": 0.05},
    {"tau": 0.05, "target_update_interval": 1},
    {"train_freq": 4, "gradient_steps": -1},
]
SMALL = {"seed": 0, "learning_starts": 100, "net_arch": (32,), "device": "cpu"}


def make(env: Any, **hyperparameters: Any) -> Any:
    return lexigym.make_agent("dqn", env, **{**SMALL, **hyperparameters})


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_each_switch_reaches_the_optimum(switches: dict[str, Any]) -> None:
    hyperparameters = {"gamma": 0.5, "target_update_interval": 100, **switches}
    agent = make(Match(reward=100.0), **hyperparameters)
    assert (evaluate(agent.learn(1500), Match(reward=100.0), 5) == 100 * LENGTH).all()


@pytest.mark.parametrize("masked", [False, True])
def test_vector_reaches_the_optimum(masked: bool) -> None:
    env = match_vector(4, masked=masked)
    agent = make(env, gamma=0.5, gradient_steps=4).learn(2000)
    assert (evaluate(agent, Match(masked=masked), 5) == LENGTH).all()


@pytest.mark.parametrize("switches", SWITCHES[:3], ids=str)
def test_the_target_leaves_illegal_actions_out(switches: dict[str, Any]) -> None:
    agent = make(Trap(), gamma=0.99, target_update_interval=50, reward_scale=1.0, **switches)
    with torch.no_grad():
        # An illegal action is believed to be worth much, and never learned to be worth less.
        agent.q_network.layers[-1].weight.zero_()
        agent.q_network.layers[-1].bias.copy_(torch.tensor([0.0, 5.0]))
        agent.learner.update_target()
    agent.learn(2000)
    values = agent.q_values(0)
    # Munchausen adds the log-policy of an action that it doesn't choose, down to the clip.
    bonus = -0.9 if switches.get("munchausen") else 0.0
    assert values[0] == pytest.approx(0.99 * 0.5 + bonus, abs=0.1)
    assert agent.predict(0, deterministic=True)[0] == 1


def test_evaluation_keeps_the_best(tmp_path: Path) -> None:
    callback = EvaluationCallback(
        Match(), frequency=250, episodes=3, best_model_path=tmp_path / "best"
    )
    make(Match(), gamma=0.5).learn(1500, callback=callback)
    assert callback.timesteps == [250, 500, 750, 1000, 1250, 1500]
    assert callback.best_mean_return == max(callback.mean_returns) == LENGTH
    best = lexigym.load_agent(tmp_path / "best")
    assert best.num_timesteps == callback.timesteps[int(np.argmax(callback.mean_returns))]
    assert evaluate(best, Match(), 3).mean() == LENGTH


def test_tensorboard_log_is_readable(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    agent = make(Match(), tensorboard_log=tmp_path / "log").learn(1200)
    agent.save(tmp_path / "agent")
    events = accumulator.EventAccumulator(str(tmp_path / "log"))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert tags >= {"rollout/ep_rew_mean", "rollout/exploration_rate", "train/loss"}
    points = events.Scalars("rollout/ep_rew_mean")
    assert [point.step for point in points] == sorted({point.step for point in points})
    assert len(points) >= 2
    assert 0 <= points[-1].value <= LENGTH


@pytest.mark.parametrize("dueling", [False, True])
def test_global_generators_are_left_alone(dueling: bool) -> None:
    numpys, torchs = np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    make(Match(), dueling=dueling).learn(200)
    assert np.random.get_state()[1].tolist() == numpys  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torchs)


def test_the_seed_decides_and_the_global_ones_do_not() -> None:
    values = []
    for seed, global_seed in [(0, 1), (0, 2), (1, 1)]:
        torch.manual_seed(global_seed)
        agent = make(Match(), seed=seed).learn(200)
        values.append(agent.q_values(np.eye(N_ACTIONS, dtype=np.float32)).tolist())
    assert values[0] == values[1] != values[2]


def test_read_only_observations_are_taken() -> None:
    observation = np.eye(N_ACTIONS, dtype=np.float32)
    observation.setflags(write=False)
    agent = make(Match())
    assert agent.q_values(observation).shape == (N_ACTIONS, N_ACTIONS)
    assert agent.q_values(observation[::-1]).shape == (N_ACTIONS, N_ACTIONS)
