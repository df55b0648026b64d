"""The progress bar counts one call of `learn`, and lets go of the terminal."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lexigym.agents.progress import ProgressBar


def test_it_counts_from_where_the_agent_stands(capsys: pytest.CaptureFixture[str]) -> None:
    agent = SimpleNamespace(num_timesteps=1000)
    bar = ProgressBar(50)
    bar.on_training_start(agent)
    for _ in range(40):
        agent.num_timesteps += 1
        assert bar.on_step(agent)
    bar.on_training_end(agent)
    assert "40/50" in capsys.readouterr().out
