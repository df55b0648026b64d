"""The guard around environments: it knows what is of a space, and changes nothing else."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lexigym.envs.catalog import ENVIRONMENTS
from lexigym.leaderboard import execution
from lexigym.leaderboard.execution import execute
from lexigym.leaderboard.guard import guarded
from lexigym.leaderboard.membership import membership, misfit
from lexigym.registry.environments import make_environment, make_vector_environment

from .test_execution import RUN

DTYPES = [np.float32, np.float64, np.int8, np.int64, np.uint8]
IDS = [entry["id"] for entry in ENVIRONMENTS]
VECTOR_IDS = [entry["id"] for entry in ENVIRONMENTS if "vector_entry_point" in entry]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=2, max_side=3)


@st.composite
def boxes(draw: st.DrawFn) -> spaces.Box:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(SHAPES)
    least: float = -5
    most: float = 5
    if dtype.kind == "f":
        least, most = -np.inf, np.inf
    elif dtype.itemsize == 1:
        # Of larger integers Gymnasium can't sample all.
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    lows = st.sampled_from([least, 0, *([-1] if dtype.kind != "u" else [])])
    low = draw(arrays.arrays(dtype, shape, elements=lows))
    high = draw(arrays.arrays(dtype, shape, elements=st.sampled_from([0, 2, most])))
    return spaces.Box(low, high, shape, dtype.type)


SPACES = st.recursive(
    st.one_of(
        boxes(),
        st.builds(spaces.Discrete, st.integers(1, 4), start=st.integers(-2, 2)),
        st.builds(
            lambda sizes, start: spaces.MultiDiscrete(sizes, start=[start] * len(sizes)),
            st.lists(st.integers(1, 4), min_size=1, max_size=3),
            st.integers(-2, 2),
        ),
    ),
    lambda parts: st.one_of(
        st.builds(spaces.Dict, st.dictionaries(st.sampled_from("abc"), parts, min_size=1)),
        st.builds(spaces.Tuple, st.lists(parts, min_size=1, max_size=3)),
    ),
    max_leaves=4,
)
NUMBERS = [-3, -1, 0, 1, 2, 3, 5]


def values(space: gymnasium.Space[Any]) -> st.SearchStrategy[Any]:
    """What may be of a space, and what nearly is."""
    match space:
        case spaces.Dict():
            whole = st.fixed_dictionaries({key: values(part) for key, part in space.items()})
            less = st.fixed_dictionaries({}, optional={key: values(space[key]) for key in space})
            return st.one_of(whole, whole, less)
        case spaces.Tuple():
            whole_tuple = st.tuples(*map(values, space))
            return st.one_of(whole_tuple, whole_tuple, whole_tuple.map(lambda each: each[1:]))
        case spaces.Discrete():
            numbers = st.sampled_from(NUMBERS)
            kinds = st.sampled_from([int, np.int64, np.int8, np.array, float, str])
            return st.builds(lambda kind, number: kind(number), kinds, numbers)
    dtypes = st.sampled_from([space.dtype, space.dtype, *map(np.dtype, DTYPES)])
    shapes = st.one_of(st.just(space.shape), st.just(space.shape), SHAPES)
    return st.tuples(dtypes, shapes).flatmap(lambda drawn: some_array(*drawn))


def some_array(dtype: np.dtype[Any], shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    known = [each for each in NUMBERS if dtype.kind != "u" or each >= 0]
    floats = [0.5, np.nan, np.inf, -np.inf] if dtype.kind == "f" else [np.iinfo(dtype).max]
    return arrays.arrays(dtype, shape, elements=st.sampled_from([*known, *floats]))


def is_of(space: gymnasium.Space[Any], value: Any) -> bool:
    """Gymnasium's answer, for arrays of the space's own dtype."""
    match space:
        case spaces.Dict():
            same = value.keys() == space.spaces.keys()
            return same and all(is_of(part, value[key]) for key, part in space.items())
        case spaces.Tuple():
            return len(value) == len(space) and all(map(is_of, space, value))
        case spaces.Discrete():
            return space.contains(value)
    return value.dtype == space.dtype and space.contains(value)


@settings(deadline=None)
@given(data=st.data())
def test_what_is_of_a_space_is_what_gymnasium_says(data: st.DataObject) -> None:
    space = data.draw(SPACES)
    test = pickle.loads(pickle.dumps(membership(space)))
    assert test(space.sample())
    value = data.draw(values(space))
    found = test(value)
    assert found == is_of(space, value)
    if not found:
        why = misfit(space, value)
        assert why
        assert "\n" not in why


class Even(spaces.Box):
    """It has a mind of its own."""

    def contains(self, x: Any) -> bool:
        return isinstance(x, np.ndarray) and not (x % 2).any() and super().contains(x)


def test_spaces_of_other_kinds_are_asked() -> None:
    assert membership(Even(0, 8, (2,), np.int64))(np.array([2, 4]))
    assert membership(spaces.Text(3, charset="abc"))("ab")


@pytest.mark.parametrize("value", [None, "text", 1.5, [0, 0], {"a": 1}, (1, 2, 3), np.ones(2, int)])
@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(0, 1, (2,)),
        spaces.Discrete(2),
        spaces.MultiDiscrete([1, 1]),
        spaces.Dict(b=spaces.Discrete(2)),
        spaces.Tuple([spaces.Discrete(2)]),
        spaces.MultiBinary(2),
        spaces.Text(3, charset="abc"),
        Even(0, 8, (2,), np.int64),
    ],
    ids=str,
)
def test_what_is_no_such_thing_at_all_is_of_no_space(
    space: gymnasium.Space[Any], value: Any
) -> None:
    assert not membership(space)(value)
    assert "\n" not in misfit(space, value)


def rollout(env: Any, steps: int = 40) -> list[Any]:
    """What an environment returns for the actions that it names itself or that are legal."""
    vector = isinstance(env, VectorEnv)
    env.action_space.seed(1)
    returned = [env.reset(seed=3)]
    for step in range(steps):
        info = returned[-1][-1]
        action = env.action_space.sample()
        if "action_mask" in info and isinstance(env.action_space, spaces.Dict):
            action = {key: int(np.argmax(mask)) for key, mask in info["action_mask"].items()}
        elif "action_mask" in info:
            action = np.argmax(info["action_mask"], axis=-1) if step % 9 else action
        returned.append(copy.deepcopy(env.step(action)))
        if not vector and (returned[-1][2] or returned[-1][3]):
            returned.append(copy.deepcopy(env.reset()))
    return returned


def require_same(mine: Any, theirs: Any) -> None:
    assert len(mine) == len(theirs)
    assert all(data_equivalence(*pair, exact=True) for pair in zip(mine, theirs, strict=True))
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("name", [*IDS, "CartPole-v1"])
def test_a_guarded_environment_is_the_same_environment(name: str) -> None:
    plain = make_environment(name)
    made = make_environment(name)
    unwrapped = made.unwrapped
    env: Any = guarded(made, name)
    assert env.unwrapped is unwrapped
    for attribute in ("observation_space", "action_space", "metadata", "render_mode"):
        assert getattr(env, attribute) == getattr(plain, attribute)
    assert env.spec.to_json() == plain.spec.to_json()
    assert env.has_wrapper_attr("oracle_action") == plain.has_wrapper_attr("oracle_action")
    require_same(rollout(env), rollout(plain))
    assert env.np_random is unwrapped.np_random
    env.close()
    plain.close()


@pytest.mark.parametrize("name", [*VECTOR_IDS, "Acrobot-v1"])
def test_a_guarded_vector_is_the_same_vector(name: str) -> None:
    plain = make_vector_environment(name, 3)
    made = make_vector_environment(name, 3)
    env: Any = guarded(made, name)
    assert env.unwrapped is made
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    for attribute in (
        "observation_space",
        "action_space",
        "single_observation_space",
        "single_action_space",
        "num_envs",
        "render_mode",
    ):
        assert getattr(env, attribute) == getattr(plain, attribute)
    assert env.spec.to_json() == plain.spec.to_json()
    for attribute in ("call", "get_attr", "action_masks", "oracle_action", "nothing_of_the_kind"):
        assert hasattr(env, attribute) == hasattr(plain, attribute)
    require_same(rollout(env), rollout(plain))
    env.close()
    plain.close()


class Still(gymnasium.Env[Any, Any]):
    """It never ends by itself."""

    observation_space = spaces.Box(0, 1, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(1, np.float32), 0.0, False, False, {}


def test_a_place_is_kept_and_the_wrappers_of_gymnasium_stay_outside() -> None:
    place = [-1]
    gymnasium.register("Still-v0", Still, max_episode_steps=2)
    try:
        env: Any = guarded(gymnasium.make("Still-v0"), "Still-v0", place)
    finally:
        del gymnasium.registry["Still-v0"]
    assert isinstance(env, TimeLimit)
    assert isinstance(env.env, OrderEnforcing)
    assert isinstance(env.env.env, PassiveEnvChecker)
    for _ in range(2):
        env.reset()
        assert place == [1]
        assert env.step(0)[3] is False
        assert place == [2]
        assert env.step(0)[3] is True
    copied = pickle.loads(pickle.dumps(env))
    assert copied.reset()[1] == {}


@pytest.mark.slow
@pytest.mark.parametrize("num_envs", [1, 2])
@pytest.mark.parametrize("agent", ["dqn", "sb3/dqn"])
def test_a_run_gives_the_same_without_a_guard(
    agent: str, num_envs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hyperparameters = {"learning_starts": 50}
    run = dataclasses.replace(
        RUN, agent_name=agent, hyperparameters=hyperparameters, num_envs=num_envs, steps=300
    )
    with_guard = execute(run)
    monkeypatch.setattr(execution, "guarded", lambda env, *_: env)
    without = execute(run)
    assert with_guard.error is without.error is None
    assert with_guard.returns == without.returns
    assert with_guard.episodes == without.episodes
    assert [each[::2] for each in with_guard.curve] == [each[::2] for each in without.curve]
