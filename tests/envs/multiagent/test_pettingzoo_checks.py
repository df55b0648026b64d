"""What PettingZoo's own tests say of each game, in each of its forms; warnings are errors."""

from __future__ import annotations

import re
import warnings
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from pettingzoo.utils.conversions import (
    aec_to_parallel,
    parallel_to_aec,
    turn_based_aec_to_parallel,
)

from lexigym.envs.multiagent import robot_team_v0

from .cases import GAMES, name_of

with warnings.catch_warnings():
    # It imports an environment of its own in a way that it warns of.
    warnings.simplefilter("ignore")
    from pettingzoo.test import (
        api_test,
        max_cycles_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
    )
    from pettingzoo.test.state_test import state_test

games = pytest.mark.parametrize("module", GAMES, ids=name_of)
cases = pytest.mark.parametrize(
    ("module", "arguments"),
    [
        pytest.param(module, arguments, id=f"{name_of(module)}-{arguments}")
        for module, variants in GAMES.items()
        for arguments in variants
    ],
)


def converted_to_parallel(module: Any, **arguments: Any) -> Any:
    convert = aec_to_parallel if module is robot_team_v0 else turn_based_aec_to_parallel
    return convert(module.env(**arguments))


BY_TURNS = {
    "env": lambda module, **arguments: module.env(**arguments),
    "raw_env": lambda module, **arguments: module.raw_env(**arguments),
    "converted": lambda module, **arguments: parallel_to_aec(module.parallel_env(**arguments)),
    "converted there and back": lambda module, **arguments: parallel_to_aec(
        converted_to_parallel(module, **arguments)
    ),
}
TOGETHER = {
    "parallel_env": lambda module, **arguments: module.parallel_env(**arguments),
    "converted": converted_to_parallel,
}
by_turns = pytest.mark.parametrize("form", BY_TURNS)
together = pytest.mark.parametrize("form", TOGETHER)


@cases
@by_turns
def test_by_turns(module, arguments, form):
    make = partial(BY_TURNS[form], module, **arguments)
    # Each plays one episode only.
    for _ in range(5):
        api_test(make(), num_cycles=200)
    seed_test(make)


@cases
@together
def test_all_at_once(module, arguments, form):
    make = partial(TOGETHER[form], module, **arguments)
    for _ in range(5):
        parallel_api_test(make(), num_cycles=200)
    parallel_seed_test(make)


@cases
def test_the_state(module, arguments):
    state_test(module.env(**arguments), module.parallel_env(**arguments), 100)


def test_the_number_of_cycles_of_robots():
    # On a larger grid, so that not all arrive within 4 steps by accident.
    crowd = {"num_robots": 8, "size": 7}
    max_cycles_test(
        SimpleNamespace(
            env=lambda max_cycles: robot_team_v0.env(max_steps=max_cycles, **crowd),
            parallel_env=lambda max_cycles: robot_team_v0.parallel_env(
                max_steps=max_cycles, **crowd
            ),
        )
    )


@games
@by_turns
def test_rendering(module, form, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    render_test(partial(BY_TURNS[form], module))


@games
def test_names_and_metadata_are_pettingzoos(module):
    assert module.__all__ == ["env", "joint_env", "parallel_env", "raw_env"]
    for make in (module.env, module.raw_env, module.parallel_env):
        env = make()
        assert str(env) == env.metadata["name"] == name_of(module)
        assert env.metadata["render_modes"] == ["ansi", "rgb_array", "human"]
        # PettingZoo's own conversion asks for players who act in a cycle.
        assert env.metadata["is_parallelizable"] is (module is robot_team_v0)
        assert env.unwrapped.oracle_return
    assert module.parallel_env().agents == []
    assert isinstance(module.env().unwrapped, type(module.raw_env().unwrapped))
    assert all(re.fullmatch(r"[a-z]+_\d+", player) for player in env.possible_agents)
