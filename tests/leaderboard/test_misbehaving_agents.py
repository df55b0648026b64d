"""Agents judged outside of a suite: what is no action is refused, what is forbidden counts."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from lexigym import make_agent
from lexigym.agents.protocol import evaluate
from lexigym.agents.recordings import play_episodes
from lexigym.leaderboard.execution import make_learning_environment
from lexigym.registry.environments import make_environment
from lexigym.registry.errors import AgentFaultError, EnvironmentFaultError

START = np.zeros(1, np.float32)


class Taking(gymnasium.Env[Any, Any]):
    """One step, in which it takes any action of a space."""

    observation_space = spaces.Box(0, 1, (1,), np.float32)

    def __init__(self, action_space: gymnasium.Space[Any], reward: Any = 1.0) -> None:
        self.action_space, self.reward = action_space, reward

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return START, {}

    def step(self, action: Any) -> Any:
        return START, self.reward, True, False, {}


class Choosing:
    """Makes one choice always."""

    def __init__(self, choice: Any) -> None:
        self.choice = choice

    def predict(self, *_: Any, **__: Any) -> Any:
        return self.choice, None


DISCRETE = spaces.Discrete(3, start=-1)
BOX = spaces.Box(-1, 1, (2,), np.float32)
COUNTS = spaces.MultiDiscrete([2, 3])
BITS = spaces.MultiBinary(2)
GAME = spaces.Dict(a=spaces.Discrete(2), b=spaces.Discrete(2))
TAKEN: list[tuple[gymnasium.Space[Any], Any]] = [
    *((DISCRETE, choice) for choice in (-1, 1, np.int64(0), np.int8(1), np.array(0))),
    *((BOX, choice) for choice in (np.zeros(2, np.float32), np.ones(2), [0, -1], (0.5, 0.5))),
    *((COUNTS, choice) for choice in (np.array([1, 2]), [0, 0], np.array([1, 1], np.uint8))),
    *((BITS, choice) for choice in (np.array([1, 0], np.int8), [True, False])),
    (GAME, {"a": 1, "b": np.int64(0)}),
    (spaces.Text(3, charset="ab"), "ba"),
]
REFUSED: list[tuple[gymnasium.Space[Any], Any]] = [
    *((DISCRETE, choice) for choice in (-2, 2, 0.0, np.float64(0), np.array([0]), None, "0", [0])),
    *((DISCRETE, choice) for choice in ({"a": 0}, [[0], [0, 0]], np.nan)),
    *((BOX, choice) for choice in (np.zeros(1), np.zeros((1, 2)), [0, 1.5], [0, np.nan], "ab")),
    *((BOX, choice) for choice in (None, [None, None], 0, [[0], [0, 0]])),
    *((COUNTS, choice) for choice in ([2, 0], [0.0, 0.0], 0, [0, -1], ["0", "0"])),
    *((BITS, choice) for choice in ([2, 0], [0.0, 1.0], 3)),
    *((GAME, choice) for choice in (0, {"a": 2, "b": 0}, {"a": 0.0, "b": 0}, {"c": 0})),
    (spaces.Text(3, charset="ab"), "abba"),
]


@pytest.mark.parametrize(("space", "choice"), TAKEN, ids=str)
def test_an_action_is_taken_in_any_form_that_means_it(space: Any, choice: Any) -> None:
    assert evaluate(Choosing(choice), Taking(space), 2).tolist() == [1, 1]


@pytest.mark.parametrize(("space", "choice"), REFUSED, ids=str)
def test_what_is_no_action_is_refused_by_name(space: Any, choice: Any) -> None:
    for play in (evaluate, lambda *arguments: next(play_episodes(*arguments))):
        with pytest.raises(AgentFaultError, match="the agent 'Choosing' chose ") as error:
            play(Choosing(choice), Taking(space), 2)
        message = str(error.value)
        assert message.endswith(f"which is no action of {space}.")
        assert "\n" not in message


class Turns(Taking):
    """Only `movers` act."""

    movers = ("a",)


def test_what_a_player_does_who_is_not_to_move_does_not_matter() -> None:
    for choice in ({"a": 1}, {"a": 1, "b": None}, {"a": 1, "b": 17}):
        assert evaluate(Choosing(choice), Turns(GAME), 1).tolist() == [1]
    with pytest.raises(AgentFaultError):
        evaluate(Choosing({"a": 2, "b": 0}), Turns(GAME), 1)


@pytest.mark.parametrize("answer", [1, (1,), (1, None, None), None, [1, None]], ids=str)
def test_an_answer_is_a_pair(answer: Any) -> None:
    agent: Any = Choosing(None)
    agent.predict = lambda *_, deterministic=False: answer
    with pytest.raises(AgentFaultError, match="predict must return a pair"):
        evaluate(agent, Taking(DISCRETE), 1)


@pytest.mark.parametrize("reward", [None, "1.0", np.nan, -np.inf, [None]], ids=str)
def test_a_reward_is_a_finite_number(reward: Any) -> None:
    for play in (evaluate, lambda *arguments: next(play_episodes(*arguments))):
        with pytest.raises(EnvironmentFaultError, match="rewards must be finite numbers"):
            play(Choosing(0), Taking(DISCRETE, reward), 1)


def test_a_forbidden_token_counts_as_the_environment_counts_it() -> None:
    with gymnasium.make("TextGen-v0") as env:
        _, info = env.reset(seed=0)
        forbidden = int(np.argmin(info["action_mask"]))
        assert info["action_mask"][forbidden] == 0
        _, reward, terminated, _, info = env.step(forbidden)
        assert (reward, terminated, info["invalid"]) == (0, True, 1)
        assert evaluate(Choosing(forbidden), env, 3).tolist() == [0, 0, 0]
        episode = next(play_episodes(Choosing(forbidden), env, 1))
    assert episode.actions.tolist() == [forbidden]
    assert not episode.action_masks[0, forbidden]
    assert episode.terminated.tolist() == [True]


class Ending(gymnasium.Env[Any, Any]):
    """Pays the action of each of its four steps; the last is the end in one way or another."""

    observation_space = spaces.Box(0, 1, (4,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, terminated: bool, truncated: bool) -> None:
        self.ends = terminated, truncated

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return np.eye(4, dtype=np.float32)[0], {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        terminated, truncated = self.ends if self.steps == 4 else (False, False)
        observation = np.eye(4, dtype=np.float32)[self.steps % 4]
        return observation, float(action), terminated, truncated, {}


def weights(agent_name: str, num_envs: int, folder: Path, **ends: bool) -> bytes:
    """What an agent learned, to the bit."""
    hyperparameters: dict[str, Any] = {"learning_starts": 20}
    if agent_name == "sb3/ppo":
        hyperparameters = {"n_steps": 32, "batch_size": 16}
    with contextlib.closing(make_learning_environment("Ending-v0", num_envs, ends)) as env:
        agent = make_agent(agent_name, env, seed=0, **hyperparameters)
        agent.learn(128)
    path = folder / "agent.zip"
    agent.save(path)
    with zipfile.ZipFile(path) as archive:
        return archive.read("model.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("num_envs", [1, 2])
@pytest.mark.parametrize("agent", ["dqn", "sb3/dqn", "sb3/ppo"])
def test_an_end_that_is_a_termination_and_a_cut_is_a_termination(
    agent: str, num_envs: int, tmp_path: Path
) -> None:
    gymnasium.register("Ending-v0", Ending)
    try:
        terminated, both, truncated = (
            weights(agent, num_envs, tmp_path, terminated=ends[0], truncated=ends[1])
            for ends in ((True, False), (True, True), (False, True))
        )
        with make_environment("Ending-v0", terminated=True, truncated=True) as env:
            assert evaluate(Choosing(1), env, 2).tolist() == [4, 4]
            episode = next(play_episodes(Choosing(1), env, 1))
    finally:
        del gymnasium.registry["Ending-v0"]
    assert both == terminated
    assert both != truncated
    assert (episode.terminated[-1], episode.truncated[-1], len(episode)) == (True, True, 4)
