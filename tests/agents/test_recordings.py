"""Recordings against Minari: what was written it reads back equal, and what it wrote is read."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import types
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.agents.recordings import (
    RecordedEpisode,
    RecordingError,
    play_episodes,
    read_recording,
    write_recording,
)
from lexigym.registry.errors import (
    EnvironmentFaultError,
    InvalidArgumentError,
    MissingDependencyError,
)

from .environments import LENGTH, Match

minari = pytest.importorskip("minari")
h5py = pytest.importorskip("h5py")

ENVIRONMENTS = [
    ("QA-v0", {"level": "small"}),
    ("QA-v0", {"level": "small", "observation": "dict"}),
    ("TextGen-v0", {"level": "small", "observation": "text"}),
    ("GridRobot-v0", {"layout": "random"}),
    ("GridRobot-v0", {"observation": "image"}),
    ("CartPole-v1", {"max_episode_steps": 5}),
    ("Pendulum-v1", {"max_episode_steps": 5}),
]
SPACES = [
    spaces.Discrete(3, start=-1),
    spaces.Box(-1, 1, (2,), np.float32),
    spaces.Box(-np.inf, np.inf, (), np.float64),
    spaces.Box(0, 255, (32, 40, 3), np.uint8),
    spaces.MultiDiscrete([2, 3], start=[1, -1]),
    spaces.MultiBinary(4),
    spaces.MultiBinary([2, 3]),
    spaces.Text(5, min_length=0, charset="aé文 "),
    spaces.Tuple([spaces.Discrete(2), spaces.Dict({"x": spaces.Box(0, 9, (2,), np.int8)})]),
    spaces.Dict({"z": spaces.MultiBinary(2), "a": spaces.Text(3)}),
]


class Samples(gymnasium.Env[Any, Any]):
    """Samples of a space, for three steps."""

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.observation_space = space
        self.action_space = space

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.steps = 0
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        return self.observation_space.sample(), 0.5, self.steps == 3, False, {}


class Script:
    """Plays the same actions in every episode; an exception among them is raised."""

    def __init__(self, *actions: Any) -> None:
        self.actions = actions
        self.step = 0

    def predict(self, observation: Any, state: Any = None, *rest: Any, **keywords: Any) -> Any:
        action = self.actions[self.step % len(self.actions)]
        self.step += 1
        if isinstance(action, Exception):
            raise action
        return action, state


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own, which must stay empty."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("MINARI_DATASETS_PATH", raising=False)
    yield home
    assert not list(home.iterdir())


@pytest.fixture
def recording(tmp_path):
    env = gymnasium.make("QA-v0", level="small")
    return write_recording(tmp_path / "answers-v0", env, episodes_of(env), agent="random")


def episodes_of(env: gymnasium.Env[Any, Any], count: int = 3, **options: Any) -> Any:
    return play_episodes(lexigym.make_agent("random", env, seed=1), env, count, **options)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, str) or left is None:
        return left == right
    return left.dtype == right.dtype and np.array_equal(left, right)


def same_episode(left: RecordedEpisode, right: RecordedEpisode) -> bool:
    return all(
        left.seed == right.seed
        if name == "seed"
        else same(getattr(left, name), getattr(right, name))
        for name in RecordedEpisode.__dataclass_fields__
    )


def one(space: spaces.Space[Any], values: Any, index: int) -> Any:
    if isinstance(space, spaces.Dict):
        return {key: one(part, values[key], index) for key, part in space.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(one(part, each, index) for part, each in zip(space, values, strict=True))
    return values[index]


@pytest.mark.parametrize(("name", "arguments"), ENVIRONMENTS)
class TestMinari:
    def test_reads_what_was_played(self, tmp_path, name, arguments):
        env = gymnasium.make(name, **arguments)
        write_recording(tmp_path / "x-v3", env, episodes_of(env, seed=5), agent="random")
        dataset = minari.MinariDataset(tmp_path / "x-v3" / "data")
        assert dataset.observation_space == env.observation_space
        assert dataset.action_space == env.action_space
        assert dataset.id == "x-v3"
        metadata = dataset.storage.metadata
        assert metadata["algorithm_name"] == "random"
        seeds = [each["seed"] for each in dataset.storage.get_episode_metadata(range(3))]
        assert len(set(seeds)) == 3
        assert dataset.total_steps == sum(map(len, dataset))
        # By the seeds and the actions alone the environment gives the rest.
        replayed = dataset.recover_environment()
        for seed, episode in zip(seeds, dataset, strict=True):
            observation, info = replayed.reset(seed=seed)
            for step in range(len(episode) + 1):
                recorded = one(env.observation_space, episode.observations, step)
                assert env.observation_space.contains(recorded)
                np.testing.assert_equal(recorded, observation)
                if "action_mask" in info:
                    np.testing.assert_array_equal(
                        episode.infos["action_mask"][step], info["action_mask"]
                    )
                if step < len(episode):
                    observation, *outcome, info = replayed.step(episode.actions[step])
                    assert outcome == [
                        episode.rewards[step],
                        episode.terminations[step],
                        episode.truncations[step],
                    ]
            assert episode.terminations[-1] or episode.truncations[-1]

    def test_finds_its_environment(self, tmp_path, name, arguments):
        env = gymnasium.make(name, **arguments)
        recording = write_recording(tmp_path / "x", env, episodes_of(env))
        dataset = minari.MinariDataset(tmp_path / "x" / "data")
        assert dataset.env_spec == env.spec
        assert str(dataset.recover_environment()) == str(env)
        assert recording.environment == env.spec.to_json()
        assert recording.agent is None


@pytest.mark.parametrize(("name", "arguments"), ENVIRONMENTS)
def test_what_is_written_is_read(tmp_path, name, arguments):
    env = gymnasium.make(name, **arguments)
    written = list(episodes_of(env))
    recording = write_recording(tmp_path / "x", env, written)
    assert recording.observation_space == env.observation_space
    assert recording.action_space == env.action_space
    assert len(recording) == recording.num_episodes == 3
    assert recording.num_steps == sum(map(len, written))
    # Twice, since a learner goes through the data many times.
    for _ in range(2):
        assert all(map(same_episode, written, list(recording)))
    assert all(map(same_episode, written, read_recording(tmp_path / "x" / "data")))


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_every_space(tmp_path, space):
    env = Samples(space)
    space.seed(0)
    written = list(play_episodes(Script(*(space.sample() for _ in range(7))), env, 3))
    recording = write_recording(tmp_path / "x", env, written)
    assert recording.environment is None
    assert recording.observation_space == space
    assert all(map(same_episode, written, recording))
    assert all(episode.rewards.dtype == np.float64 for episode in recording)
    dataset = minari.MinariDataset(tmp_path / "x" / "data")
    for episode, read in zip(written, dataset, strict=True):
        np.testing.assert_equal(read.observations, episode.observations)
        np.testing.assert_equal(read.actions, episode.actions)


def test_it_is_loaded_by_its_name(tmp_path, monkeypatch, recording):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    assert minari.load_dataset("answers-v0").total_episodes == 3
    shutil.rmtree(tmp_path / "home")
    assert list(minari.list_local_datasets()) == ["answers-v0"]
    (tmp_path / "home").mkdir()


@pytest.mark.parametrize("deterministic", [True, False])
def test_the_episodes_are_those_of_the_evaluation(deterministic):
    env = Match(masked=True)
    keywords = {"seed": 3, "deterministic": deterministic}
    recorded = episodes_of(env, 4, **keywords)
    returns = evaluate(lexigym.make_agent("random", env, seed=1), env, 4, **keywords)
    np.testing.assert_array_equal([episode.rewards.sum() for episode in recorded], returns)


def test_the_same_episodes_make_the_same_files(tmp_path):
    def content(folder: str, seed: int) -> list[bytes]:
        env = gymnasium.make("QA-v0", level="small", observation="text")
        path = tmp_path / folder / "x"
        write_recording(path, env, episodes_of(env, seed=seed))
        return [(path / "data" / name).read_bytes() for name in ("main_data.hdf5", "metadata.json")]

    first = content("a", 0)
    assert content("b", 0) == first
    assert content("c", 1)[0] != first[0]


def test_a_recording_can_be_made_of_another(tmp_path, recording):
    longest = max(recording, key=len)
    again = write_recording(tmp_path / "longest", recording, [longest], agent="random")
    assert same_episode(longest, next(iter(again)))
    assert replace(again, path=recording.path, num_episodes=3, num_steps=recording.num_steps) == (
        recording
    )


class TestMasks:
    def test_of_the_info(self):
        for episode in episodes_of(Match(masked=True)):
            assert episode.action_masks is not None
            assert episode.action_masks.shape == (LENGTH + 1, 4)
            assert episode.action_masks[np.arange(LENGTH), episode.actions].all()

    def test_of_the_observation(self, tmp_path):
        env = gymnasium.wrappers.TransformObservation(
            Match(masked=True),
            lambda observation: {"x": observation, "action_mask": np.eye(4, dtype=np.int8)[0]},
            spaces.Dict({"x": Match().observation_space, "action_mask": spaces.MultiBinary(4)}),
        )
        env = Without(env, "action_mask")
        (episode,) = play_episodes(Oracle(env), env, 1)
        assert (episode.action_masks == [True, False, False, False]).all()

    def test_of_the_method(self):
        env = Without(Match(masked=True), "action_mask")
        (episode,) = play_episodes(Oracle(env), env, 1)
        assert not episode.action_masks.all()
        assert episode.action_masks.any(axis=1).all()

    def test_none(self):
        env = gymnasium.make("CartPole-v1")
        assert next(episodes_of(env)).action_masks is None

    def test_left_out_at_the_end_all_are_legal(self):
        env = Without(Masked(), "action_mask", at=(1,))
        (episode,) = play_episodes(Script(0), env, 1)
        assert episode.action_masks.tolist() == [[True, False], [True, True]]

    def test_left_out_at_the_reset_is_a_fault(self):
        env = Without(Masked(), "action_mask", at=(0,))
        with pytest.raises(EnvironmentFaultError, match="none in reset"):
            list(play_episodes(Script(0), env, 1))


class Masked(gymnasium.Env[Any, Any]):
    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return 0, {"action_mask": np.array([1, 0], np.int8)}

    def step(self, action: Any) -> Any:
        return 1, 1, True, False, {"action_mask": np.array([1, 0], np.int8)}


class Without(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Leaves out an info, in all steps or in some."""

    def __init__(self, env: Any, key: str, at: tuple[int, ...] | None = None) -> None:
        super().__init__(env)
        self.key = key
        self.at = at

    def reset(self, **keywords: Any) -> Any:
        self.steps = 0
        observation, info = self.env.reset(**keywords)
        return observation, self._cut(info)

    def step(self, action: Any) -> Any:
        self.steps += 1
        *rest, info = self.env.step(action)
        return *rest, self._cut(info)

    def _cut(self, info: dict[str, Any]) -> dict[str, Any]:
        if self.at is None or self.steps in self.at:
            info = {key: value for key, value in info.items() if key != self.key}
        return info


class Oracle(Script):
    def __init__(self, env: Any) -> None:
        self.env = env

    def predict(self, observation: Any, state: Any = None, *rest: Any, **keywords: Any) -> Any:
        return self.env.unwrapped.oracle_action(), state


class TestMinarisOwn:
    """Files of Minari's collector and of its function for buffers."""

    @pytest.fixture(autouse=True)
    def _datasets(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))

    @pytest.fixture
    def _tree_map(self, monkeypatch):
        """The one function that the collector takes from jax, a package that is large."""

        def tree_map(function: Any, tree: Any, *rest: Any) -> Any:
            if isinstance(tree, dict):
                return {
                    key: tree_map(function, part, *(each[key] for each in rest))
                    for key, part in tree.items()
                }
            return function(tree, *rest)

        jax, module = types.ModuleType("jax"), types.ModuleType("jax.tree_util")
        module.tree_map = tree_map
        jax.tree_util = module
        monkeypatch.setitem(sys.modules, "jax", jax)
        monkeypatch.setitem(sys.modules, "jax.tree_util", module)

    @pytest.mark.usefixtures("_tree_map")
    @pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
    @pytest.mark.parametrize("data_format", ["hdf5", "arrow", "parquet"])
    @pytest.mark.parametrize(("name", "arguments"), ENVIRONMENTS)
    def test_collector(self, tmp_path, name, arguments, data_format):
        if data_format != "hdf5":
            pytest.importorskip("pyarrow")
        plain = gymnasium.make(name, **arguments)
        env = minari.DataCollector(
            plain, record_infos=True, data_format=data_format, jpeg_encoding=False
        )
        played = list(episodes_of(env))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            env.create_dataset("robot/own-v2", algorithm_name="random")
        env.close()
        recording = read_recording(tmp_path / "datasets" / "robot" / "own-v2")
        assert recording.observation_space == plain.observation_space
        assert recording.environment == plain.spec.to_json()
        assert recording.agent == "random"
        assert len(recording) == 3
        assert all(map(same_episode, played, recording))

    def test_buffers(self, tmp_path):
        buffer = minari.data_collector.EpisodeBuffer(
            observations=[np.zeros(2, np.float32), np.ones(2, np.float32)],
            actions=[1],
            rewards=[2],
            terminations=[True],
            truncations=[False],
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            minari.create_dataset_from_buffers(
                "own-v0",
                [buffer],
                observation_space=spaces.Box(0, 1, (2,), np.float32),
                action_space=spaces.Discrete(2),
            )
        (episode,) = read_recording(tmp_path / "datasets" / "own-v0")
        assert same(episode.observations, np.array([[0, 0], [1, 1]], np.float32))
        assert same(episode.actions, np.array([1]))
        assert same(episode.rewards, np.array([2.0]))
        assert episode.terminated.tolist() == [True]
        assert episode.truncated.tolist() == [False]
        assert episode.action_masks is None
        assert episode.seed is None


class TestRefusalToWrite:
    @pytest.mark.parametrize("kind", ["file", "full directory", "dangling link"])
    def test_where_something_is(self, tmp_path, kind):
        path = tmp_path / "taken"
        if kind == "file":
            path.write_text("mine")
        elif kind == "dangling link":
            path.symlink_to(tmp_path / "absent")
        else:
            path.mkdir()
            (path / "mine").write_text("mine")
        env = Match()
        with pytest.raises(RecordingError, match=r"taken' exists already: delete it, or") as caught:
            write_recording(path, env, episodes_of(env))
        assert_one_line(caught.value)

    def test_an_empty_directory_is_filled(self, tmp_path):
        (tmp_path / "empty").mkdir()
        env = Match()
        assert len(write_recording(tmp_path / "empty", env, episodes_of(env))) == 3

    def test_a_relative_path_is_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        env = Match()
        assert len(write_recording("a/b", env, episodes_of(env))) == 3
        assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["b"]

    def test_where_no_directory_can_be(self, tmp_path):
        (tmp_path / "file").write_text("")
        env = Match()
        with pytest.raises(RecordingError, match=r"file/x' could not be written .*another place"):
            write_recording(tmp_path / "file" / "x", env, episodes_of(env))

    def test_before_the_disk_is_full(self, tmp_path, monkeypatch):
        free = iter([10**9, 70 * 10**6, 10**6])
        usage = lambda path: types.SimpleNamespace(free=next(free))  # noqa: E731
        monkeypatch.setattr("shutil.disk_usage", usage)
        env = Match()
        with pytest.raises(
            RecordingError, match=r"x' could not be written \(only 1 MB are free\): make room"
        ):
            write_recording(tmp_path / "x", env, episodes_of(env, 9))
        assert next(free, None) is None
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]

    def test_an_error_of_the_file_system(self, tmp_path, monkeypatch):
        def fail(*arguments: Any, **keywords: Any) -> None:
            raise OSError("a\nb")

        monkeypatch.setattr("minari.dataset._storages.hdf5_storage._add_episode_to_group", fail)
        with pytest.raises(RecordingError, match=r"x' could not be written \(a b\): make room"):
            write_recording(tmp_path / "x", Match(), episodes_of(Match()))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]

    @pytest.mark.parametrize("error", [KeyError("mine"), OSError("mine"), RuntimeError("mine")])
    def test_what_the_player_raises_passes_and_nothing_is_left(self, tmp_path, error):
        env = Match()
        with pytest.raises(type(error), match="mine") as caught:
            write_recording(tmp_path / "x", env, play_episodes(Script(*[0] * 20, error), env, 9))
        assert caught.value is error
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]

    def test_nothing(self, tmp_path):
        with pytest.raises(InvalidArgumentError, match="no episode to record: give at least one"):
            write_recording(tmp_path / "x", Match(), [])

    def test_an_unknown_space(self, tmp_path):
        env = Samples(spaces.Sequence(spaces.Discrete(2)))
        with pytest.raises(InvalidArgumentError, match=r"no format for .*Sequence.*: use Box"):
            write_recording(tmp_path / "x", env, [])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"rewards": np.zeros(0)}, "it has no steps"),
            ({"rewards": np.zeros((LENGTH, 1))}, r"its rewards have shape \(8, 1\) instead of"),
            ({"rewards": np.full(LENGTH, np.nan)}, "a reward is not finite"),
            ({"terminated": np.ones(LENGTH, bool)}, "goes on after its end in step 1 of 8"),
            ({"truncated": np.zeros(3, bool)}, r"its truncations have shape \(3,\)"),
            ({"action_masks": np.ones((LENGTH, 4))}, r"masks have shape \(8, 4\) instead of \(9,"),
            ({"actions": np.full(LENGTH, 4)}, "its actions hold 4, which is not in Discrete"),
            ({"actions": np.zeros(LENGTH)}, "its actions are float64 instead of int64"),
            ({"actions": None}, r"its actions have shape \(\) instead of \(8,\)"),
            ({"observations": np.zeros((LENGTH, 4))}, r"its observations have shape \(8, 4\)"),
        ],
    )
    def test_half_an_episode(self, tmp_path, changes, message):
        env = Match()
        whole, other = episodes_of(env, 2)
        with pytest.raises(InvalidArgumentError, match=f"episode 1 can't be recorded: .*{message}"):
            write_recording(tmp_path / "x", env, [whole, replace(other, **changes)])
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]

    def test_a_text_outside_its_space(self, tmp_path):
        env = Samples(spaces.Text(3, charset="ab"))
        (episode,) = play_episodes(Script("a"), env, 1)
        with pytest.raises(InvalidArgumentError, match="its actions hold 'c', which is not in"):
            write_recording(tmp_path / "x", env, [replace(episode, actions=["a", "c", "b"])])

    def test_a_missing_part(self, tmp_path):
        env = Samples(spaces.Dict({"x": spaces.Discrete(2)}))
        (episode,) = play_episodes(Script({"x": 0}), env, 1)
        with pytest.raises(InvalidArgumentError, match="its actions don't have the parts x"):
            write_recording(tmp_path / "x", env, [replace(episode, actions={})])


class TestRefusalToPlay:
    def test_a_vector(self):
        env = SyncVectorEnv([Match])
        with pytest.raises(
            InvalidArgumentError, match=r"a single gymnasium\.Env, got SyncVectorEnv"
        ):
            play_episodes(Script(0), env, 1)

    def test_no_episodes(self):
        with pytest.raises(InvalidArgumentError, match="at least 1, got 0"):
            play_episodes(Script(0), Match(), 0)

    def test_a_reward_that_is_not_finite(self):
        with pytest.raises(EnvironmentFaultError, match="reward of nan"):
            list(play_episodes(Script(0), Match(reward=np.nan), 1))


class TestDamage:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda path: None, "can't be read .*No such file"),
            (lambda path: path.write_text("x"), "can't be read .*Not a directory"),
            (lambda path: path.mkdir(), "is not a whole recording .*no metadata.json"),
        ],
    )
    def test_no_recording(self, tmp_path, make, message):
        make(tmp_path / "x")
        self.assert_refused(tmp_path / "x", message)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "Expecting value"),
            ("[]", "its metadata.json is no table"),
            ("{}", "its metadata.json tells no observation_space"),
            (b"\xff\xfe\xfd", "decode"),
            ("[" * 100_000, "maximum recursion depth"),
            ('{"a": ' * 100_000, "maximum recursion depth"),
        ],
    )
    def test_metadata(self, recording, text, message):
        text = text if isinstance(text, bytes) else text.encode()
        (recording.path / "data" / "metadata.json").write_bytes(text)
        self.assert_refused(recording.path, f"is not a whole recording .*{message}")

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("minari_version", "9.0.0", "was written by Minari '9.0.0', which the installed"),
            ("minari_version", None, "tells no minari_version"),
            ("minari_version", ["0.5.4"], "tells no minari_version"),
            ("env_spec", {"id": "QA-v0"}, "has the env_spec .*, no text"),
            ("algorithm_name", 1, "has the algorithm_name 1, no text"),
            ("data_format", "paper", "paper"),
            ("data_format", None, "data_format"),
            ("observation_space", "Box", "Expecting value"),
            ("observation_space", '{"type": "Ball"}', "space_dict"),
            ("action_space", None, "tells no action_space"),
            ("total_episodes", "3", "tells no total_episodes"),
            ("total_episodes", 0, "tells no total_episodes"),
            ("total_episodes", 4, "episode_3"),
            ("total_steps", None, "tells no total_steps"),
            ("total_steps", math.nan, "tells no total_steps"),
            ("observation_space", '{"type": ' * 100_000, "maximum recursion depth"),
            ("algorithm_name", [[["x"]]], r"has the algorithm_name \[\[\['x'\]\]\], no text"),
        ],
    )
    def test_metadata_entry(self, recording, key, value, message):
        change_metadata(recording.path, key, value)
        self.assert_refused(recording.path, message)

    def test_no_data(self, recording):
        (recording.path / "data" / "main_data.hdf5").unlink()
        self.assert_refused(recording.path, "No data found")

    def test_foreign_data(self, recording):
        (recording.path / "data" / "main_data.hdf5").write_bytes(b"PK\x03\x04" * 99)
        self.assert_refused(recording.path, "not a whole recording")

    def test_truncated_data(self, recording):
        data = recording.path / "data" / "main_data.hdf5"
        content = data.read_bytes()
        for length in np.linspace(0, len(content) - 1, 40).astype(int):
            data.write_bytes(content[:length])
            self.assert_refused(recording.path, "not a whole recording")

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("rewards", None, "rewards"),
            ("rewards", np.inf, "a reward is not finite"),
            ("rewards", np.zeros(99), "its ends have shape"),
            ("observations", np.zeros((1, 12), np.int64), "its observations have shape"),
            ("observations", np.zeros((1,), "S3"), "its observations have shape"),
            ("actions", "twice", "could not convert|its actions have shape"),
            ("infos/action_mask", np.zeros((1, 38), np.int8), "its action masks have shape"),
        ],
    )
    def test_inside(self, recording, name, value, message):
        with h5py.File(recording.path / "data" / "main_data.hdf5", "a") as file:
            shape = file[f"episode_1/{name}"].shape
            del file[f"episode_1/{name}"]
            if isinstance(value, float):
                file[f"episode_1/{name}"] = np.full(shape, value)
            elif value is not None:
                file[f"episode_1/{name}"] = value
        read = iter(read_recording(recording.path))
        next(read)
        with pytest.raises(
            RecordingError, match=rf"answers-v0.*\(episode 1: .*{message}"
        ) as caught:
            next(read)
        assert_one_line(caught.value)

    def test_another_length_than_it_says(self, recording):
        with h5py.File(recording.path / "data" / "main_data.hdf5", "a") as file:
            file["episode_2"].attrs["total_steps"] = 99
        with pytest.raises(RecordingError, match=r"episode 2: \d+ steps instead of 99"):
            list(read_recording(recording.path))

    def test_code_that_it_names_is_not_run(self, recording, tmp_path, monkeypatch):
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / "intruder.py").write_text("raise SystemExit('it ran')")
        spec = json.loads(recording.environment) | {"entry_point": "intruder:Env"}
        change_metadata(recording.path, "env_spec", json.dumps(spec))
        assert len(list(read_recording(recording.path))) == 3
        change_metadata(recording.path, "action_space", None)
        self.assert_refused(recording.path, "tells no action_space")

    def assert_refused(self, path: Path, message: str) -> None:
        with pytest.raises(RecordingError, match=message) as caught:
            list(read_recording(path))
        assert_one_line(caught.value)
        assert repr(str(path)) in str(caught.value)


def change_metadata(path: Path, key: str, value: Any) -> None:
    file = path / "data" / "metadata.json"
    metadata = json.loads(file.read_text()) | {key: value}
    if value is None:
        del metadata[key]
    file.write_text(json.dumps(metadata))


def assert_one_line(error: Exception) -> None:
    assert "\n" not in str(error)
    assert str(error).endswith(".")


@pytest.mark.parametrize("package", ["minari", "h5py"])
def test_without_the_packages_the_extra_is_named(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lexigym\[offline\]'"):
        read_recording(tmp_path)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lexigym\[offline\]'"):
        write_recording(tmp_path / "x", Match(), [])


def test_arrow_without_its_package(recording, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "minari.dataset._storages.arrow_storage", raising=False)
    change_metadata(recording.path, "data_format", "arrow")
    with pytest.raises(MissingDependencyError, match=r"'arrow', needs pyarrow .*'minari\[arrow\]'"):
        read_recording(recording.path)


def test_importing_needs_neither():
    program = "import sys, lexigym.agents.recordings; "
    program += "assert not {'minari', 'h5py'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
