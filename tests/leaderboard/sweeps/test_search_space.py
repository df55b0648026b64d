"""What a sweep tries: specs as text, and what is tried where nothing was said."""

from __future__ import annotations

import pytest

from lexigym.leaderboard.sweeps.search_space import default_specs, search_space
from lexigym.registry.agents import find_agent

pytest.importorskip("optuna")


@pytest.mark.parametrize(
    ("spec", "kind", "logarithmic"),
    [
        ("1e-5..1e-2", "Float", True),
        ("0.01..1", "Float", True),
        ("0.1..1", "Float", False),
        ("-1.0..100", "Float", False),
        ("32..256", "Int", False),
        ("16..256", "Int", True),
        ("0..256", "Int", False),
        ("1_000..100_000", "Int", True),
    ],
)
def test_a_range_is_drawn_by_its_logarithm_where_it_spans_magnitudes(spec, kind, logarithmic):
    distribution = search_space({"x": spec})["x"]
    assert type(distribution).__name__ == f"{kind}Distribution"
    assert distribution.log == logarithmic


def test_what_is_searched_by_default_is_what_the_agent_knows():
    assert {"learning_rate", "gamma", "n_steps"} <= default_specs(find_agent("dqn", {})).keys()
    assert "n_steps" in default_specs(find_agent("sb3/dqn", {}))
    # There it is the length of a rollout.
    assert "n_steps" not in default_specs(find_agent("sb3/ppo", {}))
