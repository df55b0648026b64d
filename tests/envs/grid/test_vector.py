"""The law of the vector form: n single environments, bit for bit, in every autoreset mode."""

import copy
import json
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.grid.single import GridRobot
from lexigym.envs.grid.vector import GridRobotVector

from ..equality import assert_equal

MODES = list(AutoresetMode)

grids = st.fixed_dictionaries(
    {
        "size": st.integers(2, 6),
        "density": st.floats(0, 0.45),
        "slip": st.sampled_from([0.0, 0.1, 0.6]),
        "layout": st.sampled_from(["fixed", "random"]),
        "layout_seed": st.integers(0, 100),
        "observation": st.sampled_from(["position", "index", "map", "image"]),
        "max_steps": st.one_of(st.none(), st.integers(1, 9)),
    }
)


def pair(n, mode, arguments):
    ours = GridRobotVector(n, autoreset_mode=mode, **arguments)
    theirs = SyncVectorEnv([lambda: GridRobot(**arguments)] * n, autoreset_mode=mode)
    return ours, theirs


@settings(max_examples=120, deadline=None)
@given(
    grid=grids,
    mode=st.sampled_from(MODES),
    n=st.integers(1, 5),
    seed=st.one_of(st.integers(0, 2**64), st.lists(st.integers(0, 2**32), min_size=5, max_size=5)),
    actions=st.integers(0, 2**32),
)
def test_it_equals_single_environments(grid, mode, n, seed, actions):
    seed = seed if isinstance(seed, int) else seed[:n]
    ours, theirs = pair(n, mode, grid)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert_equal(ours.reset(seed=seed), theirs.reset(seed=seed))
    for each in np.random.default_rng(actions).integers(4, size=(25, n)):
        mine, other = ours.step(each), theirs.step(each)
        assert_equal(mine, other)
        over = mine[2] | mine[3]
        if mode is AutoresetMode.DISABLED and over.any():
            assert_equal(
                ours.reset(options={"reset_mask": over}),
                theirs.reset(options={"reset_mask": over}),
            )
    assert_equal(ours.reset(), theirs.reset())
    assert_equal(ours.step(np.zeros(n, np.int64)), theirs.step(np.zeros(n, np.int64)))


def test_seeds_may_be_given_for_some_only():
    ours, theirs = pair(3, AutoresetMode.DISABLED, {"layout": "random", "max_steps": 1})
    for envs in (ours, theirs):
        envs.reset(seed=7)
    mask = np.array([True, False, True])
    for seed in ([3, 4, None], None, 11):
        assert_equal(
            ours.reset(seed=seed, options={"reset_mask": mask}),
            theirs.reset(seed=seed, options={"reset_mask": mask.copy()}),
        )


def test_the_callers_options_stay_as_they_are():
    envs = GridRobotVector(2)
    envs.reset(seed=0)
    options = {"reset_mask": np.array([True, False]), "start": (0, 0)}
    envs.reset(options=options)
    assert list(options) == ["reset_mask", "start"]
    assert envs.state()["status"][0][0] == 0


def test_a_mask_cannot_leave_out_what_never_began():
    with pytest.raises(gymnasium.error.ResetNeeded):
        GridRobotVector(2).reset(options={"reset_mask": np.array([True, False])})


@pytest.mark.parametrize("mode", MODES)
def test_gymnasium_makes_it(mode):
    envs = gymnasium.make_vec(
        "GridRobot-v0",
        3,
        vectorization_mode="vector_entry_point",
        autoreset_mode=mode,
        layout="random",
    )
    assert type(envs) is GridRobotVector
    assert envs.metadata["autoreset_mode"] is mode
    assert envs.reward_bounds == GridRobot().reward_bounds
    assert envs.spec.id == "GridRobot-v0"
    assert envs.reset(seed=0)[0] in envs.observation_space


def play(envs, actions):
    return tuple(envs.step(each) for each in actions)


CLONES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda envs: pickle.loads(pickle.dumps(envs)),
}


@pytest.mark.parametrize("clone", CLONES.values(), ids=CLONES)
@pytest.mark.parametrize("layout", ["fixed", "random"])
def test_a_copy_goes_on_exactly_and_apart(clone, layout):
    envs = GridRobotVector(4, layout=layout, slip=0.2, size=4)
    actions = np.random.default_rng(0).integers(4, size=(80, 4))
    envs.reset(seed=0)
    play(envs, actions[:17])
    twin = clone(envs)
    assert_equal(play(envs, actions), play(twin, actions))


@pytest.mark.parametrize("layout", ["fixed", "random"])
def test_a_snapshot_in_mid_episode_goes_on_exactly(layout):
    arguments = {"layout": layout, "slip": 0.2, "size": 4}
    envs = GridRobotVector(4, **arguments)
    actions = np.random.default_rng(0).integers(4, size=(80, 4))
    envs.reset(seed=0)
    play(envs, actions[:17])
    snapshot = json.loads(json.dumps(envs.state()))
    fresh = GridRobotVector(4, **arguments)
    fresh.restore(snapshot)
    assert_equal(play(envs, actions), play(fresh, actions))
    assert_equal(envs.oracle_return(), fresh.oracle_return())


@pytest.mark.parametrize("state", [{}, {"streams": [], "status": []}, []])
def test_a_foreign_state_is_refused(state):
    from lexigym.registry.errors import InvalidArgumentError

    with pytest.raises(InvalidArgumentError, match="no state"):
        GridRobotVector(2).restore(state)


@pytest.mark.parametrize("number", [-1, 10**9, 2**70])
@pytest.mark.parametrize("row", [0, 1, 2, "goals"])
def test_a_state_of_numbers_that_there_are_not_is_refused(row, number):
    """Compiled code would read, and write, wherever they lead."""
    from lexigym.registry.errors import InvalidArgumentError

    envs = GridRobotVector(2, layout="random", size=4)
    envs.reset(seed=0)
    state = envs.state()
    (state["goals"] if row == "goals" else state["status"][row])[1] = number
    with pytest.raises(InvalidArgumentError, match="no state"):
        envs.restore(state)


@pytest.mark.parametrize("layout", ["fixed", "random"])
def test_no_state_lets_a_robot_go_on_from_its_goal(layout):
    from lexigym.registry.errors import InvalidArgumentError

    envs, single = GridRobotVector(2, layout=layout, size=4), GridRobot(layout=layout, size=4)
    envs.reset(seed=0)
    single.reset(seed=0)
    while single.state()["steps_left"]:
        single.step(single.oracle_action())
    while envs.state()["status"][1][0]:
        envs.step(envs.oracle_action())
    state = envs.state()
    state["status"][1][0] = 5
    with pytest.raises(InvalidArgumentError, match="at its goal"):
        envs.restore(state)
    with pytest.raises(InvalidArgumentError, match="at its goal"):
        single.restore(single.state() | {"steps_left": 5})


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64, list])
def test_actions_may_be_any_integers(dtype):
    envs = GridRobotVector(3)
    envs.reset(seed=0)
    envs.step([0, 1, 2] if dtype is list else np.array([0, 1, 2], dtype))


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_it_renders_what_single_environments_render(mode):
    arguments = {"layout": "random", "render_mode": mode, "size": 4}
    ours, theirs = pair(3, AutoresetMode.NEXT_STEP, arguments)
    for envs in (ours, theirs):
        envs.reset(seed=0)
        envs.step(np.array([0, 1, 3]))
    for mine, other in zip(ours.render(), theirs.render(), strict=True):
        np.testing.assert_array_equal(mine, other)
