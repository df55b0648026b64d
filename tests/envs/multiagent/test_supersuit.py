"""SuperSuit's vectorisation, by which Stable-Baselines3 trains on games of several players."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from stable_baselines3 import PPO

from lexigym.envs.multiagent import robot_team_v0

with warnings.catch_warnings():
    # What it imports of PettingZoo and Gymnasium is deprecated there.
    warnings.simplefilter("ignore")
    import supersuit


@pytest.mark.slow
def test_ppo_trains_on_robot_team() -> None:
    """Its policies know no masks, and one policy plays all robots."""
    game = supersuit.pettingzoo_env_to_vec_env_v1(robot_team_v0.parallel_env(size=3))
    vector = supersuit.concat_vec_envs_v1(game, 4, num_cpus=1, base_class="stable_baselines3")
    model = PPO("MlpPolicy", vector, n_steps=64, batch_size=128, gamma=0.9, device="cpu")
    before = mean_return(model)
    model.learn(12_000)
    assert model.num_timesteps >= 12_000
    assert mean_return(model) > before + 0.3


def mean_return(model: PPO) -> float:
    """The mean return of a robot, in games that are always the same."""
    game = robot_team_v0.parallel_env(size=3)
    total, episodes = 0.0, 100
    observations, _ = game.reset(seed=0)
    for _ in range(episodes):
        while game.agents:
            seen = np.stack([observations[player] for player in game.agents])
            actions, _ = model.predict(seen)
            chosen = dict(zip(game.agents, actions, strict=True))
            observations, rewards, *_ = game.step(chosen)
            total += float(np.mean(list(rewards.values())))
        observations, _ = game.reset()
    return total / episodes
