"""Recordings of Minari's own, which are read, and damaged ones, which are refused in a line."""

from __future__ import annotations

import json
import math
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from lexigym.agents.recordings import RecordingError, read_recording

from .helpers import ENVIRONMENTS, assert_one_line, change_metadata, episodes_of, same, same_episode

minari = pytest.importorskip("minari")
h5py = pytest.importorskip("h5py")


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
            ("", "it is no JSON: Expecting value"),
            ("[]", "its metadata.json is no table"),
            ('{"a": 1, "a": 2}', "holds the key 'a' twice"),
            ("{}", "its metadata.json tells no observation_space"),
            (b"\xff\xfe\xfd", "it is no UTF-8"),
            ("[" * 100_000, "it is nested too deeply"),
            ('{"a": ' * 100_000, "it is nested too deeply"),
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
