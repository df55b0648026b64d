"""What a sweep found comes back from its file as it was."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.leaderboard.experiment import parse_experiment
from lexigym.leaderboard.sweeps.tuned_experiment import tuned_experiment, write_experiment

from ..commands.test_tuning import sweep_of

pytest.importorskip("tomlkit")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    found=st.dictionaries(TEXT.filter(lambda name: name != "seed"), VALUES, max_size=3),
    arguments=st.dictionaries(TEXT, VALUES, max_size=2),
    description=TEXT,
)
def test_any_values_survive_the_file(tmp_path_factory, found, arguments, description):
    sweep = sweep_of(hyperparameters={"aim": 1.0}, arguments=arguments, evaluation=arguments)
    path = tmp_path_factory.getbasetemp() / "found.toml"
    write_experiment(path, tuned_experiment(sweep, found, description))
    experiment = parse_experiment("found", tomllib.loads(path.read_text("utf-8")))
    assert experiment.description == description
    assert experiment.agents[-1].hyperparameters == {"aim": 1.0} | found
    assert experiment.environments[0].arguments == arguments
