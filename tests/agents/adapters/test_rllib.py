"""What RLlib is shown of an environment; RLlib itself is in `test_rllib_training`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

from lexigym.agents.adapters.rllib import adapt, make
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError

from ..environments import Match, match_vector

IDS = [
    ("GridRobot-v0", {}),
    ("TextGen-v0", {"level": "small"}),
    ("Translation-v0", {"level": "small"}),
    ("QA-v0", {"level": "small"}),
]


class InfoMasks(Match):
    """Tells masks in its info alone."""

    action_masks = None


class MethodMasks(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Tells masks as sb3-contrib asks for them, by the method alone."""

    def reset(self, **arguments: Any) -> Any:
        return self.env.reset(**arguments)[0], {}

    def step(self, action: Any) -> Any:
        return *self.env.step(action)[:4], {}

    def action_masks(self) -> Any:
        return self.env.unwrapped.action_masks()


@pytest.mark.parametrize(("name", "arguments"), IDS)
def test_the_observation_and_the_mask_are_those_of_the_environment(name, arguments):
    env, plain = make(name, arguments), gymnasium.make(name, **arguments)
    assert set(env.observation_space.spaces) == {"observations", "action_mask"}
    assert env.observation_space["observations"] == plain.observation_space
    assert env.observation_space["action_mask"].shape == (env.action_space.n,)
    shown, info = env.reset(seed=3)
    expected, _ = plain.reset(seed=3)
    for _ in range(20):
        assert shown in env.observation_space
        np.testing.assert_array_equal(shown["observations"], expected)
        np.testing.assert_array_equal(
            shown["action_mask"], info.get("action_mask", np.ones(env.action_space.n))
        )
        action = plain.unwrapped.oracle_action()
        shown, reward, *ends, info = env.step(action)
        expected, *others, _ = plain.step(action)
        assert [reward, *ends] == others
        if any(ends):
            shown, info = env.reset()
            expected, _ = plain.reset()


def test_masks_are_found_in_info_or_by_the_method():
    for env in (adapt(InfoMasks(masked=True)), adapt(MethodMasks(Match(masked=True)))):
        masks = []
        shown, _ = env.reset(seed=0)
        for _ in range(8):
            np.testing.assert_array_equal(shown["action_mask"], env.unwrapped.mask)
            masks.append(tuple(shown["action_mask"]))
            shown, *_ = env.step(env.unwrapped.oracle_action())
        assert len(set(masks)) > 1


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
def test_it_passes_the_checker_of_gymnasium():
    check_env(adapt(Match()), skip_render_check=True)


class OtherActions(Match):
    def __init__(self, space: gymnasium.Space[Any]) -> None:
        super().__init__()
        self.action_space = space


@pytest.mark.parametrize(
    "space", [spaces.Discrete(4, start=1), spaces.Box(0, 1), spaces.MultiDiscrete([2, 2])]
)
def test_actions_that_masks_are_not_for_are_refused(space):
    with pytest.raises(InvalidArgumentError, match="Discrete actions from 0 on, not for"):
        adapt(OtherActions(space))


def test_a_vector_is_refused():
    with pytest.raises(InvalidArgumentError, match="must be a single Gymnasium Env"):
        adapt(match_vector(2))


def test_what_cannot_be_made_is_named():
    with pytest.raises(UnknownNameError, match="GridRobot-v0"):
        make("GridRobots-v0", {})
    with pytest.raises(InvalidArgumentError, match="level"):
        make("QA-v0", {"levels": "small"})
