from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from lexigym.leaderboard import load
from lexigym.leaderboard.run import Result
from lexigym.leaderboard.store import Store, StoreError
from lexigym.registry.errors import UnknownNameError

from .test_store import RUN


def test_a_store_is_a_frame(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    means = {"random": -20.0, "oracle": -4.0, "mine": -8.0}
    results = [
        Result(
            dataclasses.replace(RUN, agent=agent, agent_name=agent, seed=seed),
            (mean - 1, mean + 1),
            learning_seconds=2.0,
            manifest={"time": "now"},
        )
        for agent, mean in means.items()
        for seed in (0, 1)
    ]
    failed = Result(dataclasses.replace(RUN, seed=2), error="ValueError: no")
    with Store(tmp_path / "kept.sqlite") as store:
        store.enter("mine", [*(each.run for each in results), failed.run])
        store.enter("other", [results[0].run])
        for each in (*results, failed):
            store.add(each)
    frame = load(tmp_path / "kept.sqlite", "mine")
    assert len(frame) == 7
    assert frame.loc[frame.agent == "mine", "score"].tolist()[:2] == [0.75, 0.75]
    assert frame.groupby("agent").score.mean()["oracle"] == 1
    assert frame.iloc[-1].error == "ValueError: no"
    assert np.isnan(frame.iloc[-1].score)
    first = frame.iloc[0]
    assert (first.suite, first.seed, first.key) == ("mine", 0, results[0].run.key)
    assert first.hyperparameters == {"laziness": 0.5}
    assert first.returns == (-21.0, -19.0)
    assert first.manifest == {"time": "now"}
    assert set(load(tmp_path / "kept.sqlite").suite) == {"mine", "other"}
    with pytest.raises(UnknownNameError, match="did you mean 'mine'"):
        load(tmp_path / "kept.sqlite", "mime")


def test_no_store_is_no_empty_frame(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    with pytest.raises(StoreError, match="`lexigym bench` makes one"):
        load(tmp_path / "absent.sqlite")
    assert not list(tmp_path.iterdir())
