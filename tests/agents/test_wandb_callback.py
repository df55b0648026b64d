"""Trainings that are logged to Weights & Biases, read back from the files of offline runs."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import lexigym
from lexigym.agents.wandb_callback import WandbCallback
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError

wandb = pytest.importorskip("wandb")

STEPS, FREQUENCY = 300, 100
AGENTS = {"dqn": {"learning_starts": 1_000}, "sb3/dqn": {"learning_starts": 1_000}, "random": {}}


@pytest.fixture
def offline(tmp_path, monkeypatch) -> dict[str, Any]:
    """Arguments of a run that stays on this machine."""
    monkeypatch.setenv("WANDB_SILENT", "true")
    for variable in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    settings = wandb.Settings(x_disable_stats=True, x_disable_meta=True, console="off")
    return {"mode": "offline", "dir": str(tmp_path), "project": "test", "settings": settings}


def learn(name: str, callback: Any, steps: int = STEPS) -> Any:
    with gymnasium.make("GridRobot-v0", size=4) as env:
        return lexigym.make_agent(name, env, seed=0, **AGENTS[name]).learn(steps, callback=callback)


def records(folder: Path) -> Iterator[Any]:
    """The records of the only run in a folder: a log of LevelDB, of protocol buffers."""
    from wandb.proto.wandb_internal_pb2 import Record

    # Its service writes behind the back of `finish`, but not beyond its own end.
    wandb.teardown()
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    content, offset, data = path.read_bytes(), 7, b""
    while offset < len(content):
        left = 32_768 - offset % 32_768
        if left < 7:
            offset += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, offset)
        data += content[offset + 7 : offset + 7 + length]
        offset += 7 + length
        whole, last = 1, 4
        if kind in (whole, last):
            record = Record()
            record.ParseFromString(data)
            yield record
            data = b""


def history(folder: Path) -> list[dict[str, Any]]:
    return [
        {
            (item.key or "/".join(item.nested_key)): json.loads(item.value_json)
            for item in record.history.item
        }
        for record in records(folder)
        if record.WhichOneof("record_type") == "history"
    ]


def config(folder: Path) -> dict[str, Any]:
    found = {}
    for record in records(folder):
        updates = [*record.config.update, *record.run.config.update]
        found |= {item.key: json.loads(item.value_json) for item in updates if item.key}
    return found


@pytest.mark.parametrize("name", ["dqn", "sb3/dqn"])
def test_returns_and_lengths_are_logged(offline, tmp_path, name):
    callback = WandbCallback(frequency=FREQUENCY, **offline)
    agent = learn(name, callback)
    assert wandb.run is None
    points = history(tmp_path)
    assert [point["num_timesteps"] for point in points] == [100, 200, 300]
    if name == "dqn":
        returns, lengths = agent.episodes.returns, agent.episodes.lengths
    else:
        returns = [episode["r"] for episode in agent.model.ep_info_buffer]
        lengths = [episode["l"] for episode in agent.model.ep_info_buffer]
    assert len(returns) > 2
    assert points[-1]["rollout/ep_rew_mean"] == pytest.approx(np.mean(returns))
    assert points[-1]["rollout/ep_len_mean"] == pytest.approx(np.mean(lengths))
    logged = config(tmp_path)
    assert logged["agent"] == name
    assert logged["hyperparameters"]["learning_starts"] == 1_000


def test_what_counts_no_episodes_logs_its_steps(offline, tmp_path):
    learn("random", WandbCallback(frequency=FREQUENCY, **offline))
    points = history(tmp_path)
    assert [point["num_timesteps"] for point in points] == [STEPS]
    assert "rollout/ep_rew_mean" not in points[0]


def test_a_run_under_way_stays_under_way(offline, tmp_path):
    with wandb.init(**offline) as run:
        callback = WandbCallback(frequency=FREQUENCY)
        learn("dqn", callback, 250)
        assert callback.run is run is wandb.run
        with pytest.raises(InvalidArgumentError, match="is under way: finish it, or leave out pro"):
            learn("dqn", WandbCallback(project="other"))
        run.log({"own": 1})
    points = history(tmp_path)
    assert [point.get("num_timesteps") for point in points] == [100, 200, 250, None]
    assert points[-1]["own"] == 1


def test_a_run_ends_though_the_training_fails(offline, tmp_path):
    def fail(agent: Any) -> None:
        if agent.num_timesteps == 150:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        learn("dqn", [WandbCallback(frequency=FREQUENCY, **offline), fail])
    assert wandb.run is None
    assert [point["num_timesteps"] for point in history(tmp_path)] == [100, 150]


def test_what_is_refused(monkeypatch):
    with pytest.raises(InvalidArgumentError, match="at least 1 step, got 0"):
        WandbCallback(frequency=0)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lexigym\[wandb\]'"):
        WandbCallback()
