"""Recordings under a home that must stay empty."""

from __future__ import annotations

import gymnasium
import pytest

from lexigym.agents.recordings import write_recording

from .helpers import episodes_of


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
