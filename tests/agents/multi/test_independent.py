"""Independent learners: they learn to play together, alone or as one, and come back from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo.classic.tictactoe.tictactoe import env as tictactoe

import lexigym
from lexigym.agents.checkpoint import read_config, read_tensors, write_checkpoint
from lexigym.agents.protocol import evaluate
from lexigym.registry.errors import CheckpointError, InvalidArgumentError, UnknownNameError
from lexigym.registry.joint import Joint

from ...games import Meeting, Signals

SMALL: dict[str, Any] = {
    "net_arch": (32,),
    "learning_starts": 64,
    "buffer_size": 2_000,
    "target_update_interval": 100,
}


def make(games: Any, **hyperparameters: Any) -> Any:
    given = {"hyperparameters": SMALL, "seed": 0} | hyperparameters
    return lexigym.make_agent("independent", games, **given)


def weights(agent: Any) -> list[torch.Tensor]:
    return [
        parameter.clone()
        for each in agent.agents.values()
        for parameter in each.q_network.parameters()
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_games", "changed"),
    [(1, {}), (4, {"buffer_size": 500, "learning_rate": 2e-3, "exploration_fraction": 0.5})],
)
def test_a_speaker_and_a_listener_agree_on_a_code(num_games: int, changed: dict[str, Any]) -> None:
    """Nobody tells them what a symbol means."""
    agent = make([Signals() for _ in range(num_games)], hyperparameters=SMALL | changed)
    agent.learn(8_000)
    assert evaluate(agent, Joint(Signals()), 100).mean() >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize(
    "hyperparameters",
    [
        {"shared": True},
        {},
        {"agent": "sb3/dqn", "shared": True, "hyperparameters": {"learning_starts": 64}},
        {"agent": {"left": "dqn", "right": "sb3/ppo"}, "hyperparameters": {}},
    ],
)
def test_walkers_learn_to_meet(hyperparameters: dict[str, Any]) -> None:
    joint = Joint(Meeting())
    drawn = evaluate(lexigym.make_agent("random", joint, seed=0), joint, 100).mean()
    best = evaluate(lexigym.make_agent("oracle", joint), joint, 100).mean()
    agent = make([Meeting() for _ in range(4)], **hyperparameters)
    agent.learn(6_000)
    assert (evaluate(agent, joint, 100).mean() - drawn) / (best - drawn) >= 0.9


@pytest.mark.parametrize("shared", [False, True])
def test_the_same_seed_learns_the_same(shared: bool) -> None:
    def learned(seed: int) -> list[torch.Tensor]:
        agent = make([Meeting() for _ in range(2)], shared=shared, seed=seed)
        return weights(agent.learn(300))

    first, second, other = learned(3), learned(3), learned(4)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("shared", [False, True])
def test_what_was_saved_plays_alike_and_learns_on(tmp_path: Path, shared: bool) -> None:
    agent = make(Meeting(), shared=shared).learn(200)
    agent.save(tmp_path / "walkers")
    loaded = lexigym.load_agent(tmp_path / "walkers.zip")
    assert loaded.num_timesteps == agent.num_timesteps == 200
    joint = Joint(Meeting())
    np.testing.assert_array_equal(evaluate(agent, joint, 20), evaluate(loaded, joint, 20))
    if shared:
        assert loaded.agents["left"] is loaded.agents["right"]
    with pytest.raises(InvalidArgumentError, match="no game to learn in"):
        loaded.learn(10)
    learner = lexigym.load_agent(tmp_path / "walkers.zip", Meeting())
    assert learner.learn(100).num_timesteps == 300


def test_an_agent_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    agent = make(Meeting(), agent={"left": "dqn", "right": "random"}, hyperparameters={})
    agent.save(tmp_path / "walkers.zip")
    config = read_config(tmp_path / "walkers.zip")
    left, right = (read_tensors(tmp_path / "walkers.zip", f"agent-{index}") for index in (0, 1))
    assert left is not None
    assert right is not None
    write_checkpoint(tmp_path / "forged.zip", config, {"agent-0": right, "agent-1": left})
    with pytest.raises(CheckpointError, match="agent 'dqn' for left, but holds one of 'random'"):
        lexigym.load_agent(tmp_path / "forged.zip")
    config["hyperparameters"]["agent"] = {"left": "random", "right": "dqn"}
    write_checkpoint(tmp_path / "mended.zip", config, {"agent-0": right, "agent-1": left})
    assert lexigym.load_agent(tmp_path / "mended.zip").agents["right"].name == "dqn"


def test_recurrent_agents_play_learn_and_come_back(tmp_path: Path) -> None:
    settings = {"n_steps": 8, "n_epochs": 1, "policy_kwargs": {"lstm_hidden_size": 8}}
    games = [Meeting() for _ in range(2)]
    agent = make(games, agent="sb3/recurrent-ppo", hyperparameters=settings).learn(64)
    agent.save(tmp_path / "walkers.zip")
    loaded = lexigym.load_agent(tmp_path / "walkers.zip")
    joint = Joint(Meeting())
    np.testing.assert_array_equal(evaluate(agent, joint, 5), evaluate(loaded, joint, 5))


def test_recurrent_agents_move_in_all_games_of_a_batch_or_in_none() -> None:
    settings = {"policy_kwargs": {"lstm_hidden_size": 8}}
    agent = make(Signals(), agent="sb3/recurrent-ppo", hyperparameters=settings)
    observations = {player: np.eye(3, dtype=np.float32)[:2] for player in agent.players}
    masks = {"speaker": np.ones((2, 3)), "listener": np.zeros((2, 3))}
    actions, state = agent.predict(observations, action_masks=masks)
    assert actions["speaker"].shape == (2,)
    masks = {"speaker": np.array([[0, 0, 0], [1, 1, 1]]), "listener": masks["listener"]}
    with pytest.raises(InvalidArgumentError, match=r"speaker is to move in some games .* one game"):
        agent.predict(observations, state, action_masks=masks)


def test_steps_are_divided_and_callbacks_see_all_of_them() -> None:
    agent, seen = make(Meeting()), []
    agent.learn(101, callback=lambda each: seen.append(each.num_timesteps))
    assert seen == list(range(1, 102))
    assert [each.num_timesteps for each in agent.agents.values()] == [51, 50]


def test_a_callback_ends_learning() -> None:
    agent = make(Meeting())
    agent.learn(1_000, callback=lambda each: each.num_timesteps < 10)
    assert agent.num_timesteps <= 11


def test_what_an_agent_raises_is_raised() -> None:
    class Faulty(Meeting):
        def step(self, actions: dict[str, int]) -> Any:
            raise ZeroDivisionError("in the game")

    with pytest.raises(ZeroDivisionError, match="in the game"):
        make(Faulty()).learn(10)


def test_batches_and_masks() -> None:
    agent = make(Signals())
    observations = {player: np.eye(3, dtype=np.float32)[:2] for player in ("speaker", "listener")}
    masks = {
        "speaker": np.array([[1, 1, 0], [0, 0, 0]]),
        "listener": np.array([[0, 0, 0], [0, 1, 0]]),
    }
    actions, state = agent.predict(observations, action_masks=masks, deterministic=True)
    assert actions["speaker"].shape == actions["listener"].shape == (2,)
    assert actions["listener"][1] == 1
    actions, _ = agent.predict(observations, state, np.array([False, True]), action_masks=masks)
    assert actions["speaker"][0] < 2


def test_a_game_of_another_package() -> None:
    """Its masks stand in its observations."""
    joint = Joint(tictactoe())
    agent = lexigym.make_agent("independent", joint, agent="sb3/dqn", shared=True, seed=0)
    agent.learn(60)
    assert np.isfinite(evaluate(agent, joint, 3)).all()


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"agent": {"left": "dqn"}}, "agent names left, but the players are left, right"),
        ({"agent": {"left": "dqn", "right": "dqn"}, "shared": True}, "pass one name"),
        ({"hyperparameters": {"net": 1}}, "no hyperparameter 'net'"),
        ({"hyperparameters": {"left": {"gama": 1}}}, "did you mean 'gamma'"),
    ],
)
def test_wrong_hyperparameters(hyperparameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        make(Meeting(), **hyperparameters)


def test_other_errors(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="dqm"):
        make(Meeting(), agent="dqm")
    with pytest.raises(InvalidArgumentError, match="of several players, got the action space"):
        make(gymnasium.make("CartPole-v1"))
    with pytest.raises(InvalidArgumentError, match="at least 1 for each of 2 agents, got 1"):
        make(Meeting()).learn(1)
    make(Meeting()).save(tmp_path / "walkers.zip")
    with pytest.raises(CheckpointError, match="the environment has"):
        lexigym.load_agent(tmp_path / "walkers.zip", Signals())


def test_what_stands_under_a_player_is_its_own() -> None:
    agent = make(Meeting(), hyperparameters=SMALL | {"left": {"gamma": 0.5}})
    assert agent.agents["left"].config["hyperparameters"]["gamma"] == 0.5
    assert agent.agents["right"].config["hyperparameters"]["gamma"] != 0.5
    assert isinstance(agent.spaces.action_space, spaces.Dict)
