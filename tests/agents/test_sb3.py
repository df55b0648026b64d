"""What is put around Stable-Baselines3 changes what it learns from, and nothing that it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import DummyVecEnv

from lexigym.agents.callbacks import Callback
from lexigym.agents.protocol import evaluate
from lexigym.agents.reward_scale import resolve_reward_scale
from lexigym.agents.sb3 import family
from lexigym.agents.sb3_environments import GymnasiumVecEnv, learning_environment
from lexigym.agents.spaces import Spaces
from lexigym.registry.errors import (
    CheckpointError,
    EnvironmentFaultError,
    InvalidArgumentError,
    UnknownNameError,
)

from .environments import LENGTH, N_ACTIONS, CustomVector, Match, match_vector

DISCRETE = spaces.Discrete(2)
IMAGE = spaces.Box(0, 255, (36, 40, 3), np.uint8)
CHANNELS_FIRST = spaces.Box(0, 255, (3, 36, 40), np.uint8)
MODES = list(AutoresetMode)
SMALL: dict[str, dict[str, Any]] = {
    "ppo": {"n_steps": 20, "batch_size": 20},
    "dqn": {"learning_starts": 20},
}


class Recorder(Callback):
    """Notes the rewards that the learner sees and the returns that are reported."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_training_start(self, agent: Any) -> None:
        self.calls.append(f"start {agent.num_timesteps}")

    def on_training_end(self, agent: Any) -> None:
        self.calls.append("end")


def test_every_algorithm_of_both_packages_has_a_name() -> None:
    names = ["a2c", "dqn", "ppo", "sac", "td3", "ddpg", "ars", "cross-q"]
    names += ["qrdqn", "maskable-ppo", "recurrent-ppo", "tqc", "trpo"]
    assert [family(name).name for name in names] == [f"sb3/{name}" for name in names]
    assert family("dqn") is family("dqn")
    with pytest.raises(UnknownNameError, match="did you mean 'maskable-ppo'"):
        family("maskableppo")


def test_hyperparameters_are_the_algorithms_own() -> None:
    known = family("dqn").hyperparameters()
    assert known["learning_rate"] == 1e-4
    assert known["policy"] == known["reward_scale"] == "auto"
    assert not {"env", "self", "_init_setup_model"} & set(known)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "hyperparameters", "steps"),
    [
        ("dqn", {"learning_rate": 1e-2, "learning_starts": 64, "gamma": 0.0, "tau": 1.0}, 1500),
        ("ppo", {"learning_rate": 3e-3, "n_steps": 128, "gamma": 0.0}, 3072),
        ("maskable-ppo", {"learning_rate": 3e-3, "n_steps": 128, "gamma": 0.0}, 3072),
    ],
)
@pytest.mark.parametrize("reward", [1.0, 0.001])
def test_learns_to_match(
    name: str, hyperparameters: dict[str, Any], steps: int, reward: float
) -> None:
    env = Match(reward, masked=name == "maskable-ppo")
    agent = family(name)(env, seed=0, **hyperparameters).learn(steps)
    assert evaluate(agent, env, 5).mean() >= 0.95 * LENGTH * reward


def test_it_is_the_algorithm_bit_for_bit() -> None:
    ours = family("dqn")(Match(), seed=0, learning_starts=50).learn(300).model
    theirs = DQN("MlpPolicy", Match(), seed=0, learning_starts=50).learn(300)
    for mine, other in zip(ours.policy.parameters(), theirs.policy.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("mode", MODES)
def test_learns_to_match_in_a_vector(mode: AutoresetMode) -> None:
    agent = family("a2c")(match_vector(8, mode), seed=0, learning_rate=1e-2, gamma=0.0)
    agent.learn(6000)
    assert evaluate(agent, Match(), 5).mean() >= 0.95 * LENGTH


@pytest.mark.parametrize("kind", ["single", "sync", "custom", "sb3"])
def test_learns_from_scaled_rewards_and_reports_unscaled_returns(kind: str) -> None:
    env: Any = {
        "single": lambda: Match(50.0),
        "sync": lambda: match_vector(2, reward=50.0),
        "custom": lambda: CustomVector(2, AutoresetMode.SAME_STEP, reward=50.0),
        "sb3": lambda: DummyVecEnv([lambda: Match(50.0)]),
    }[kind]()
    venv = learning_environment(env, "auto", masked=False)
    venv.seed(0)
    venv.reset()
    seen = set()
    returns, infos = 0.0, []
    for _ in range(LENGTH):
        _, rewards, _, infos = venv.step(np.zeros(venv.num_envs, dtype=np.int64))
        seen |= set(rewards.tolist())
        returns += rewards[0]
    assert seen <= {0.0, 1.0}
    if kind != "sb3":
        assert infos[0]["episode"]["r"] == returns * 50
        assert infos[0]["episode"]["l"] == LENGTH


def test_reward_scales() -> None:
    env = Match(50.0)
    workers = AsyncVectorEnv([lambda: Match(50.0), lambda: Match(20.0)])
    for each in (env, gymnasium.wrappers.TimeLimit(env, 5), match_vector(2, reward=50.0), workers):
        assert resolve_reward_scale("auto", each) == 1 / 50
    workers.close()
    assert resolve_reward_scale("auto", gymnasium.make("CartPole-v1")) == 1.0
    workers = AsyncVectorEnv([lambda: gymnasium.make("CartPole-v1")])
    assert resolve_reward_scale("auto", workers) == 1.0
    workers.close()
    assert resolve_reward_scale(3, env) == 3.0
    env.reward_bounds = (-100.0, 10.0)
    assert resolve_reward_scale("auto", env) == 1 / 100
    env.reward_bounds = (0.0, 0.0)
    assert resolve_reward_scale("auto", env) == 1.0
    env.reward_bounds = (0.0, np.inf)
    with pytest.raises(EnvironmentFaultError, match="finite"):
        resolve_reward_scale("auto", env)
    for wrong in (0.0, -1.0, np.nan, np.inf, "large"):
        with pytest.raises(InvalidArgumentError, match="positive number"):
            resolve_reward_scale(wrong, env)


@pytest.mark.parametrize("truncates", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_a_vector_steps_as_stable_baselines3_steps_the_same_environments(
    mode: AutoresetMode, truncates: bool
) -> None:
    ours = GymnasiumVecEnv(match_vector(3, mode, truncates=truncates, masked=True))
    theirs = DummyVecEnv([lambda: Match(truncates=truncates, masked=True)] * 3)
    for venv in (ours, theirs):
        venv.seed(7)
    np.testing.assert_array_equal(ours.reset(), theirs.reset())
    for _ in range(3 * LENGTH):
        masks = np.stack(theirs.env_method("action_masks"))
        np.testing.assert_array_equal(np.stack(ours.env_method("action_masks")), masks)
        actions = masks.argmax(axis=1)
        *mine, infos = ours.step(actions)
        *others, other_infos = theirs.step(actions)
        for array, other in zip(mine, others, strict=True):
            np.testing.assert_array_equal(array, other)
        for index in np.flatnonzero(mine[2]):
            for key in ("terminal_observation", "TimeLimit.truncated", "action_mask"):
                np.testing.assert_array_equal(infos[index][key], other_infos[index][key])


def test_a_custom_vector_that_resets_in_the_next_step_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"AutoresetMode\.SAME_STEP"):
        family("ppo")(CustomVector(2, AutoresetMode.NEXT_STEP))


def test_callbacks_of_both_kinds() -> None:
    class Theirs(BaseCallback):
        def _on_step(self) -> bool:
            return self.n_calls < 20

    recorder = Recorder()
    agent = family("a2c")(Match())
    agent.learn(100, callback=[Theirs(), recorder])
    agent.learn(10, callback=recorder)
    agent.learn(5, callback=Theirs())
    assert recorder.calls == ["start 0", "end", "start 20", "end"]


def test_the_end_is_told_even_if_learning_fails() -> None:
    recorder = Recorder()
    with pytest.raises(EnvironmentFaultError, match="nan"):
        family("a2c")(Match(np.nan), reward_scale=1.0).learn(100, callback=recorder)
    assert recorder.calls == ["start 0", "end"]


def test_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    family("a2c")(Match()).learn(100, progress_bar=True)
    assert "100/100" in capsys.readouterr().out


def test_a_later_call_continues() -> None:
    agent = family("dqn")(Match(), seed=0, learning_starts=10)
    agent.learn(100)
    assert agent.learn(60).num_timesteps == 160


def test_q_values() -> None:
    observation = np.eye(N_ACTIONS, dtype=np.float32)
    for name in ("dqn", "qrdqn"):
        agent = family(name)(Match(), seed=0)
        values = agent.q_values(observation)
        assert values.shape == (N_ACTIONS, N_ACTIONS)
        assert values.dtype == np.float32
        np.testing.assert_allclose(agent.q_values(observation[1]), values[1], rtol=1e-6)
        greedy, _ = agent.predict(observation, deterministic=True)
        np.testing.assert_array_equal(values.argmax(axis=1), greedy)
    with pytest.raises(InvalidArgumentError, match="sb3/ppo has no Q-value"):
        family("ppo")(Match()).q_values(observation)


def test_masked_choice_is_the_best_legal_and_leaves_the_network_alone() -> None:
    agent = family("dqn")(Match(), seed=0)
    observation = np.eye(N_ACTIONS, dtype=np.float32)
    values = agent.q_values(observation)
    legal = np.random.default_rng(0).integers(0, 2, values.shape)
    legal[:, 0] = 1
    actions, _ = agent.predict(observation, deterministic=True, action_masks=legal)
    np.testing.assert_array_equal(actions, np.where(legal, values, -np.inf).argmax(axis=1))
    np.testing.assert_array_equal(agent.q_values(observation), values)


def test_masked_draws_keep_the_policys_proportions() -> None:
    agent = family("ppo")(Match(), seed=0)
    batch = np.repeat(np.eye(N_ACTIONS, dtype=np.float32)[:1], 20_000, axis=0)
    with torch.no_grad():
        policy = agent.model.policy.get_distribution(torch.as_tensor(batch[:1])).distribution
    expected = policy.probs.numpy()[0] * [1, 0, 1, 1]
    actions, _ = agent.predict(batch, action_masks=[1, 0, 1, 1])
    frequencies = np.bincount(actions, minlength=N_ACTIONS) / len(batch)
    np.testing.assert_allclose(frequencies, expected / expected.sum(), atol=0.015)


@pytest.mark.parametrize(
    ("name", "space", "policy"),
    [
        ("ppo", spaces.Box(-1, 1, (3,), np.float32), "ActorCriticPolicy"),
        ("ppo", CHANNELS_FIRST, "ActorCriticCnnPolicy"),
        ("ppo", spaces.Box(0, 255, (8, 8, 3), np.uint8), "ActorCriticPolicy"),
        ("ppo", spaces.Dict(a=DISCRETE, b=spaces.MultiBinary(2)), "MultiInputActorCriticPolicy"),
        ("recurrent-ppo", CHANNELS_FIRST, "RecurrentActorCriticCnnPolicy"),
        ("ars", spaces.Box(-1, 1, (3,), np.float32), "ARSPolicy"),
    ],
)
def test_policies_suit_the_observations(name: str, space: spaces.Space[Any], policy: str) -> None:
    agent = family(name)(Spaces(space, DISCRETE))
    assert type(agent.model.policy).__name__ == policy
    assert type(agent.predict(space.sample())[0]) is int


@pytest.mark.parametrize(
    ("name", "observation", "action", "named"),
    [
        ("dqn", spaces.Text(5), DISCRETE, "observation space Text"),
        ("dqn", DISCRETE, spaces.Discrete(2, start=1), "start at 0"),
    ],
)
def test_unusable_spaces_are_refused(
    name: str, observation: spaces.Space[Any], action: spaces.Space[Any], named: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=named):
        family(name)(Spaces(observation, action))


def test_what_the_algorithm_refuses_is_one_sentence() -> None:
    for name, env in (("sac", Match()), ("dqn", gymnasium.make("Pendulum-v1"))):
        with pytest.raises(InvalidArgumentError, match=f"sb3/{name}.*only supports") as error:
            family(name)(env)
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidArgumentError, match=r"sb3/ppo.*Policy Wrong unknown"):
        family("ppo")(Match(), policy="Wrong")
    with pytest.raises(InvalidArgumentError, match="has no spaces"):
        family("ppo")("CartPole-v1")
    with pytest.raises(InvalidArgumentError, match="pass env"):
        family("ppo")(Spaces.of(Match())).learn(10)


@pytest.mark.parametrize("name", ["sac", "tqc", "td3"])
def test_continuous_actions_and_their_checkpoints(name: str, tmp_path: Path) -> None:
    env = gymnasium.make("Pendulum-v1")
    small = {"buffer_size": 500, "learning_starts": 20, "policy_kwargs": {"net_arch": [8]}}
    agent = family(name)(env, seed=0, **small).learn(40)
    agent.save(tmp_path / "agent")
    loaded = family(name).load(tmp_path / "agent", env=env)
    batch = np.stack([env.observation_space.sample() for _ in range(8)])
    expected, _ = agent.predict(batch, deterministic=True)
    np.testing.assert_array_equal(loaded.predict(batch, deterministic=True)[0], expected)
    assert expected.dtype == np.float32
    assert loaded.learn(40).num_timesteps == 80
    with pytest.raises(InvalidArgumentError, match="Discrete"):
        agent.predict(batch, action_masks=[True])


def test_images_survive_a_checkpoint(tmp_path: Path) -> None:
    class Camera(gymnasium.Env[Any, Any]):
        observation_space = IMAGE
        action_space = DISCRETE

        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            super().reset(seed=seed)
            return self.observation_space.sample(), {}

        def step(self, action: Any) -> Any:
            return self.observation_space.sample(), 0.0, False, False, {}

    agent = family("dqn")(Camera(), buffer_size=10, seed=0)
    agent.save(tmp_path / "agent")
    for env in (None, Camera()):
        loaded = family("dqn").load(tmp_path / "agent", env=env)
        image = IMAGE.sample()
        np.testing.assert_array_equal(loaded.q_values(image), agent.q_values(image))


def test_a_checkpoint_keeps_the_optimizer(tmp_path: Path) -> None:
    agent = family("ppo")(Match(), seed=0, n_steps=64).learn(64)
    agent.save(tmp_path / "agent")
    loaded = family("ppo").load(tmp_path / "agent", env=Match())
    saved = agent.model.policy.optimizer.state_dict()
    read = loaded.model.policy.optimizer.state_dict()
    assert read["param_groups"][0]["lr"] == saved["param_groups"][0]["lr"]
    for index, entries in saved["state"].items():
        for key, value in entries.items():
            assert torch.equal(read["state"][index][key], value)


def test_code_does_not_go_into_checkpoints(tmp_path: Path) -> None:
    for hyperparameters in (
        {"learning_rate": lambda remaining: 1e-3 * remaining},
        {"policy_kwargs": {"activation_fn": torch.nn.Tanh}},
    ):
        agent = family("ppo")(Match(), **hyperparameters)
        with pytest.raises(CheckpointError, match="not JSON serializable"):
            agent.save(tmp_path / "agent")


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    small = family("ppo")(Match(), policy_kwargs={"net_arch": [4]})
    small.save(tmp_path / "agent")
    with pytest.raises(CheckpointError, match="size mismatch"):
        family("ppo").load(tmp_path / "agent", policy_kwargs={"net_arch": [5]})
    with pytest.raises(CheckpointError, match="'sb3/ppo', not of 'sb3/a2c'"):
        family("a2c").load(tmp_path / "agent")
    DQN("MlpPolicy", Match()).save(tmp_path / "theirs")
    with pytest.raises(CheckpointError, match="saved by Stable-Baselines3 itself"):
        family("dqn").load(tmp_path / "theirs")


@pytest.mark.parametrize("name", ["ppo", "dqn"])
def test_learning_leaves_no_logs_behind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    agent = family(name)(gymnasium.make("CartPole-v1"), **SMALL[name])
    agent.learn(40).learn(40)
    assert not list(tmp_path.glob("SB3*"))


def test_a_logger_of_ones_own_is_written_to(tmp_path: Path) -> None:
    agent = family("ppo")(gymnasium.make("CartPole-v1"), **SMALL["ppo"])
    agent.model.set_logger(configure(str(tmp_path), ["csv"]))
    agent.learn(80)
    agent.model.logger.close()
    assert "train/loss" in (tmp_path / "progress.csv").read_text()


def test_a_caller_keeps_its_policy_kwargs() -> None:
    policy_kwargs = {"net_arch": [4]}
    family("a2c")(Match(), policy_kwargs=policy_kwargs)
    assert policy_kwargs == {"net_arch": [4]}
