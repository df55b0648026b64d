"""Recordings against Minari: what was written it reads back equal, and what can't be is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
import types
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from lexigym.agents.recordings import RecordingError, play_episodes, read_recording, write_recording
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError

from ..environments import LENGTH, Match
from .helpers import (
    ENVIRONMENTS,
    Samples,
    Script,
    assert_one_line,
    change_metadata,
    episodes_of,
    same_episode,
)

minari = pytest.importorskip("minari")
pytest.importorskip("h5py")

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
