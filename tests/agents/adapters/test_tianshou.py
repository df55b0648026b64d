"""What Tianshou needs of an environment; Tianshou itself is in the examples' tests."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

import lexigym
from lexigym.registry.errors import InvalidArgumentError

from ..environments import Match, match_vector


class NoMasks(gymnasium.Env[Any, Any]):
    """Has actions from 1 on."""

    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(3, start=1)


class MethodMasks(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Tells its masks by the method alone."""

    def reset(self, **arguments: Any) -> Any:
        return self.env.reset(**arguments)[0], {}

    def step(self, action: Any) -> Any:
        return *self.env.step(action)[:4], {}


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
@pytest.mark.parametrize("id", ["GridRobot-v0", "TextGen-v0", "Translation-v0", "QA-v0"])
def test_observations_are_of_just_obs_and_mask(id: str) -> None:  # noqa: A002
    plain = gymnasium.make(id, **({} if id == "GridRobot-v0" else {"level": "small"}))
    env = lexigym.adapt(plain, to="tianshou")
    check_env(env, skip_render_check=True)
    assert set(env.observation_space) == {"obs", "mask"}
    observation, info = env.reset(seed=1)
    np.testing.assert_array_equal(observation["obs"], plain.reset(seed=1)[0])
    # Tianshou inverts masks by `~`, which makes indices of integers.
    assert observation["mask"].dtype == bool
    expected = info.get("action_mask", np.ones(int(env.action_space.n)))
    np.testing.assert_array_equal(observation["mask"], expected == 1)


@pytest.mark.parametrize("wrap", [lambda env: env, MethodMasks])
def test_masks_follow_the_state_wherever_they_are_told(wrap: Any) -> None:
    env = lexigym.adapt(wrap(Match(masked=True)), to="tianshou")
    observation, _ = env.reset(seed=0)
    for _ in range(20):
        np.testing.assert_array_equal(observation["mask"], env.unwrapped.action_masks())
        action = int(observation["mask"].argmax())
        following, _, terminated, _, _ = env.step(action)
        observation = env.reset()[0] if terminated else following


def test_masks_that_were_given_stay() -> None:
    env = lexigym.adapt(Match(masked=True), to="tianshou")
    first, _ = env.reset(seed=0)
    kept = first["mask"].copy()
    env.step(int(kept.argmax()))
    np.testing.assert_array_equal(first["mask"], kept)


def test_what_can_not_be_masked_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"Discrete\(3, start=1\)"):
        lexigym.adapt(NoMasks(), to="tianshou")
    with pytest.raises(InvalidArgumentError, match="a vector of the library"):
        lexigym.adapt(match_vector(2), to="tianshou")
