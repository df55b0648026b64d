"""The view as dm_env's own tests see it, and what an episode of it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import lexigym
from lexigym.registry.errors import InvalidArgumentError

from ..environments import LENGTH, Match, match_vector

dm_env = pytest.importorskip("dm_env")
absltest = pytest.importorskip("absl.testing.absltest")
test_utils = pytest.importorskip("dm_env.test_utils")


class Contract(test_utils.EnvironmentTestMixin):  # type: ignore[misc]
    """dm_env's own tests, on whole episodes of legal actions."""

    id: str
    world: dict[str, Any]

    def make_object_under_test(self) -> Any:
        env = gymnasium.make(self.id, **self.world)
        return lexigym.adapt(env, to="dm_env", action_mask=True, seed=0)

    def make_action_sequence(self) -> Iterator[Any]:
        for _ in range(100):
            yield self.make_action()


class TestGridRobot(Contract, absltest.TestCase):
    id, world = "GridRobot-v0", {}


class TestTextGen(Contract, absltest.TestCase):
    id, world = "TextGen-v0", {"level": "small"}


class TestTranslation(Contract, absltest.TestCase):
    id, world = "Translation-v0", {"level": "small"}


class TestQA(Contract, absltest.TestCase):
    id, world = "QA-v0", {"level": "small", "observation": "text"}


@pytest.mark.parametrize(("truncates", "discount"), [(False, 0.0), (True, 1.0)])
def test_an_end_is_told_by_the_discount(truncates: bool, discount: float) -> None:
    env = lexigym.adapt(Match(truncates=truncates), to="dm_env", seed=3)
    steps = [env.step(0) for _ in range(LENGTH + 2)]
    assert steps[0].first()
    assert steps[0].reward is None
    assert all(step.mid() and step.discount == 1.0 for step in steps[1:LENGTH])
    assert steps[LENGTH].last()
    assert steps[LENGTH].discount == discount
    assert steps[LENGTH + 1].first()


def test_the_seed_is_that_of_the_first_episode() -> None:
    env = lexigym.adapt(Match(), to="dm_env", seed=3)
    plain = Match()
    np.testing.assert_array_equal(env.reset().observation, plain.reset(seed=3)[0])
    np.testing.assert_array_equal(env.reset().observation, plain.reset()[0])


def test_masks_are_shown_if_asked_for() -> None:
    env = lexigym.adapt(Match(masked=True), to="dm_env", action_mask=True)
    assert set(env.observation_spec()) == {"observation", "action_mask"}
    step = env.reset()
    for _ in range(LENGTH):
        np.testing.assert_array_equal(
            step.observation["action_mask"], env.env.unwrapped.action_masks()
        )
        step = env.step(int(step.observation["action_mask"].argmax()))


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(3),
        spaces.Discrete(3, start=2),
        spaces.MultiDiscrete([2, 3], start=[1, 0]),
        spaces.MultiBinary(3),
        spaces.Box(-1, np.inf, (2, 2), np.float32),
        spaces.Tuple([spaces.Discrete(2), spaces.Dict(a=spaces.MultiBinary(2))]),
        spaces.Text(4),
    ],
    ids=str,
)
def test_samples_keep_to_the_spec(space: gymnasium.Space[Any]) -> None:
    tree = pytest.importorskip("tree")
    env = Match()
    env.observation_space = space
    spec = lexigym.adapt(env, to="dm_env").observation_spec()
    space.seed(0)
    for _ in range(20):
        tree.map_structure(lambda part, value: part.validate(value), spec, space.sample())


def test_what_has_no_spec_is_refused() -> None:
    env = Match()
    env.observation_space = spaces.Sequence(spaces.Discrete(2))
    with pytest.raises(InvalidArgumentError, match="encode the environment's observations"):
        lexigym.adapt(env, to="dm_env")
    with pytest.raises(InvalidArgumentError, match="single Gymnasium Env"):
        lexigym.adapt(match_vector(2), to="dm_env")
