"""One run: what it gives besides its returns, and that this changes nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lexigym import make_agent
from lexigym.agents.protocol import episode_seeds
from lexigym.leaderboard.execution import execute
from lexigym.leaderboard.run import Run

RUN = Run(
    environment="robot",
    environment_id="GridRobot-v0",
    arguments={"size": 4},
    evaluation_arguments={"size": 4},
    agent="dqn",
    agent_name="dqn",
    hyperparameters={"learning_starts": 50, "batch_size": 16},
    seed=3,
    steps=500,
    num_envs=1,
    evaluation_episodes=5,
    evaluation_seed=1,
    curve_points=4,
    curve_episodes=5,
)
QUESTIONS = {"level": "small"}
ANSWERING = dataclasses.replace(
    RUN,
    environment_id="QA-v0",
    arguments=QUESTIONS,
    evaluation_arguments=QUESTIONS | {"split": "test"},
    hyperparameters={"learning_starts": 50, "batch_size": 4, "transformer_width": 16},
    steps=200,
    num_envs=3,
    evaluation_episodes=None,
)
BY_OTHERS = dataclasses.replace(RUN, agent_name="sb3/dqn", hyperparameters={"learning_starts": 50})
BY_A_MODEL = dataclasses.replace(
    ANSWERING,
    arguments={},
    evaluation_arguments={"split": "test"},
    evaluation_episodes=20,
    agent_name="lm-dqn",
    hyperparameters={"learning_starts": 20, "batch_size": 4},
    steps=60,
    curve_points=2,
)


@pytest.mark.slow
@pytest.mark.parametrize("run", [RUN, ANSWERING, BY_OTHERS, BY_A_MODEL], ids=lambda r: r.agent_name)
def test_a_curve_changes_nothing(run: Run) -> None:
    with_curve = execute(run)
    assert with_curve.error is None, with_curve.traceback
    without = execute(dataclasses.replace(run, curve_points=0))
    assert without.curve == ()
    assert with_curve.returns == without.returns


def test_a_curve_begins_before_learning_and_ends_after_it() -> None:
    steps_told: list[int] = []
    result = execute(RUN, steps_told.append)
    assert [point.steps for point in result.curve] == [0, 125, 250, 375, 500]
    # The last is of the same episodes as the evaluation, by the same agent.
    assert result.curve[-1].mean_return == result.mean_return
    untrained = execute(dataclasses.replace(RUN, steps=0, curve_points=0))
    assert result.curve[0].mean_return == untrained.mean_return
    seconds = [point.seconds for point in result.curve]
    assert seconds[0] == 0
    assert seconds == sorted(seconds)
    assert seconds[-1] == result.learning_seconds
    assert steps_told == list(range(1, 501))


def test_steps_of_many_environments_may_pass_several_points_at_once() -> None:
    result = execute(dataclasses.replace(RUN, steps=100, num_envs=50, curve_points=10))
    assert [point.steps for point in result.curve] == [0, 50, 100]


def test_what_learns_nothing_has_no_curve() -> None:
    result = execute(
        dataclasses.replace(RUN, agent_name="oracle", hyperparameters={}, steps=0, curve_points=0)
    )
    assert (result.curve, result.learning_seconds) == ((), 0.0)


@pytest.mark.parametrize("agent", ["random", "oracle"])
def test_episodes_to_look_at_can_be_played_again(agent: str) -> None:
    result = execute(
        dataclasses.replace(RUN, agent_name=agent, hyperparameters={}, steps=0, curve_points=0)
    )
    seeds = episode_seeds(RUN.evaluation_seed)
    with gymnasium.make("GridRobot-v0", render_mode="ansi", size=4) as env:
        for episode in result.episodes:
            assert episode.seed == next(seeds)
            env.reset(seed=episode.seed)
            rewards = [float(env.step(action)[1]) for action in episode.actions]
            assert sum(rewards) == pytest.approx(episode.episode_return)
            # Colours are for terminals.
            assert "\x1b" not in episode.text
            assert episode.text
    if agent == "oracle":
        returns = tuple(episode.episode_return for episode in result.episodes)
        assert returns == pytest.approx(result.returns[: len(returns)])


def test_a_text_is_shown_as_it_ended() -> None:
    run = dataclasses.replace(
        ANSWERING, agent_name="oracle", hyperparameters={}, steps=0, curve_points=0
    )
    result = execute(run)
    with gymnasium.make("QA-v0", **run.evaluation_arguments) as env:
        size = env.unwrapped.num_examples
        player = make_agent("oracle", env)
        observation, _ = env.reset(seed=result.episodes[0].seed)
        done = False
        while not done:
            action, _ = player.predict(observation)
            observation, _, done, _, _ = env.step(action)
        text = env.unwrapped.text
        fingerprint = env.unwrapped.task.source.fingerprint
    # All of the split was asked.
    assert result.returns == (1.0,) * size
    assert text in result.episodes[0].text
    assert result.manifest["dataset"] == fingerprint
    assert set(result.manifest) == {"dataset", "versions", "machine", "time"}


class Numbers(gymnasium.Env[Any, Any]):
    """An environment that draws nothing, and takes numbers."""

    observation_space = gymnasium.spaces.Box(0, 1, (1,))
    action_space = gymnasium.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(1, np.float32), 1.0, True, False, {}


def test_an_environment_that_draws_nothing_is_shown_by_its_actions() -> None:
    gymnasium.register("Numbers-v0", Numbers)
    try:
        result = execute(
            dataclasses.replace(
                RUN,
                environment_id="Numbers-v0",
                arguments={},
                evaluation_arguments={},
                agent_name="random",
                hyperparameters={},
                steps=0,
            )
        )
    finally:
        del gymnasium.registry["Numbers-v0"]
    assert result.error is None
    episode = result.episodes[0]
    assert (episode.text, episode.episode_return) == ("", 1.0)
    assert np.shape(episode.actions) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("run", [RUN, BY_OTHERS], ids=lambda run: run.agent_name)
def test_event_files_hold_the_curve_and_what_the_agent_logs(run: Run, tmp_path: Path) -> None:
    run = dataclasses.replace(run, environment="../a robot: ☃", agent="mine/../..")
    result = execute(run, tensorboard=str(tmp_path / "logs"))
    assert result.returns == execute(run).returns
    (folder,) = (tmp_path / "logs").glob("*/*/*")
    assert folder.name.startswith("seed-3-")
    found: dict[str, list[tuple[int, float]]] = {}
    for file in folder.rglob("events.*"):
        events = EventAccumulator(str(file))
        events.Reload()
        for tag in events.Tags()["scalars"]:
            found[tag] = [(event.step, event.value) for event in events.Scalars(tag)]
    assert found.pop("evaluation/mean_return") == [
        (point.steps, pytest.approx(point.mean_return)) for point in result.curve
    ]
    assert found
    # Nothing was written beside it.
    assert {path.name for path in tmp_path.iterdir()} == {"logs"}


class Breaking(Numbers):
    """An environment that raises in the middle of an episode."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, action: Any) -> Any:
        self.steps += 1
        if self.steps > 50:
            raise RuntimeError("the 51st step is one too many")
        return super().step(action)


def test_an_environment_that_raises_fails_the_run_and_tells_where() -> None:
    gymnasium.register("Breaking-v0", Breaking)
    breaking = dataclasses.replace(
        RUN,
        environment_id="Breaking-v0",
        arguments={},
        evaluation_arguments={},
        agent_name="sb3/ppo",
        hyperparameters={},
    )
    try:
        result = execute(breaking)
    finally:
        del gymnasium.registry["Breaking-v0"]
    assert result.error == "RuntimeError: the 51st step is one too many"
    assert result.traceback is not None
    assert 'raise RuntimeError("the 51st step is one too many")' in result.traceback
    assert (result.returns, result.curve, result.episodes) == ((), (), ())
