"""Games in PettingZoo's forms, moved for all players at once."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st
from pettingzoo.utils.conversions import parallel_to_aec

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.agents.recordings import play_episodes
from lexigym.registry.errors import InvalidArgumentError
from lexigym.registry.joint import Joint, joint_form

from ..games import MESSAGES, Meeting, Signals

GAMES = [Signals, Meeting, lambda: parallel_to_aec(Meeting())]
RIGHT, STAY, LEFT = 2, 1, 0


def test_it_is_a_gymnasium_environment() -> None:
    check_env(Joint(Meeting()), skip_render_check=True)


@pytest.mark.parametrize("make", GAMES)
def test_all_is_by_player(make: Any) -> None:
    joint = Joint(make())
    observation, info = joint.reset(seed=3)
    assert joint.observation_space.contains(observation)
    assert set(info["action_mask"]) == set(info["rewards"]) == set(joint.players)


def test_turns_are_told_by_masks_and_rewards_are_the_mean() -> None:
    joint = Joint(Signals())
    observation, info = joint.reset(seed=0)
    number = int(observation["speaker"].argmax())
    assert joint.movers == ("speaker",)
    assert info["action_mask"]["speaker"].tolist() == [1] * MESSAGES + [0]
    assert not info["action_mask"]["listener"].any()
    observation, reward, terminated, truncated, info = joint.step({"speaker": 1, "listener": 3})
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert joint.movers == ("listener",)
    assert not info["action_mask"]["speaker"].any()
    assert observation["listener"].argmax() == 1
    _, reward, terminated, truncated, info = joint.step({"speaker": 3, "listener": number})
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert info["rewards"] == {"speaker": 1.0, "listener": 1.0}
    assert joint.movers == ()
    with pytest.raises(gymnasium.error.ResetNeeded):
        joint.step({"speaker": 0, "listener": 0})


@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.tuples(*[st.integers(0, 2)] * 2), min_size=8),
)
def test_both_forms_of_a_game_are_one(seed: int, actions: list[tuple[int, int]]) -> None:
    """Moved at once, and in turns by PettingZoo's own conversion."""
    together, in_turn = Joint(Meeting()), Joint(parallel_to_aec(Meeting()))
    first, _ = together.reset(seed=seed)
    second, _ = in_turn.reset(seed=seed)
    for left, right in actions:
        np.testing.assert_equal(first, second)
        action = {"left": left, "right": right}
        first, reward, *ends, _ = together.step(action)
        _, zero, *_ = in_turn.step(action)
        second, same, *same_ends, _ = in_turn.step(action)
        assert (zero, reward, ends) == (0.0, same, same_ends)
        if any(ends):
            break


def test_what_the_oracle_plays_belongs_to_the_environment() -> None:
    joint = Joint(Signals(), oracle_players=["speaker"])
    assert joint.players == ("listener",)
    assert list(joint.observation_space) == list(joint.action_space) == ["listener"]
    observation, info = joint.reset(seed=0)
    assert joint.movers == ("listener",)
    assert list(info["action_mask"]) == list(info["rewards"]) == ["listener"]
    heard = int(observation["listener"].argmax())
    assert joint.step({"listener": heard})[1:4] == (1.0, True, False)

    joint = Joint(Signals(), oracle_players="listener")
    joint.reset(seed=0)
    assert joint.step({"speaker": 1})[1:4] == (1.0, True, False)

    joint = Joint(Meeting(), oracle_players=["left"])
    joint.reset(seed=0)
    for _ in range(Meeting.limit):
        _, reward, terminated, _, _ = joint.step({"right": STAY})
        if terminated:
            break
    assert reward == 0.9


@pytest.mark.parametrize("make", GAMES[:2])
def test_the_oracle_earns_the_most_and_random_play_less(make: Any) -> None:
    joint = Joint(make())
    best = evaluate(lexigym.make_agent("oracle", joint), joint, 200)
    drawn = evaluate(lexigym.make_agent("random", joint, seed=0), joint, 200)
    assert drawn.mean() < best.mean() - 0.1
    if make is Signals:
        assert set(best) == {1.0}
        assert abs(drawn.mean() - 1 / MESSAGES) < 0.15


def test_a_limit_truncates() -> None:
    joint = Joint(Meeting())
    joint.reset(seed=0)
    for _ in range(Meeting.limit - 1):
        assert joint.step({"left": LEFT, "right": RIGHT})[2:4] == (False, False)
    assert joint.step({"left": LEFT, "right": RIGHT})[2:4] == (False, True)
    assert joint.truncated == {"left": True, "right": True}


def test_episodes_can_be_looked_at() -> None:
    joint = Joint(Signals())
    episode = next(play_episodes(lexigym.make_agent("oracle", joint), joint, 1))
    assert len(episode) == 2
    assert set(episode.actions) == {"speaker", "listener"}


@pytest.mark.parametrize("make", GAMES[:2])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on_alike(make: Any, duplicate: Any) -> None:
    joint = Joint(make())
    joint.reset(seed=5)
    twin = duplicate(joint)
    for _ in range(2):
        action = joint.oracle_action()
        assert twin.oracle_action() == action
        np.testing.assert_equal(joint.step(action), twin.step(action))
        if not joint.movers:
            break


def test_what_else_a_game_has_is_reached() -> None:
    joint = Joint(Signals())
    joint.reset(seed=0)
    assert joint.oracle_return() == 1.0
    assert joint.reward_bounds == (0.0, 1.0)
    assert not hasattr(joint, "num_examples")


def test_a_vector_of_games() -> None:
    envs = gymnasium.vector.SyncVectorEnv(
        [lambda: Joint(Signals())] * 2,
        autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP,
    )
    observations, infos = envs.reset(seed=[0, 1])
    assert observations["speaker"].shape == (2, MESSAGES + 1)
    assert infos["action_mask"]["speaker"].tolist() == [[1] * MESSAGES + [0]] * 2
    for _ in range(4):
        actions = {player: np.zeros(2, np.int64) for player in ("speaker", "listener")}
        observations, *_ = envs.step(actions)
    assert envs.observation_space.contains(observations)


def test_errors_say_what_is_wrong() -> None:
    with pytest.raises(InvalidArgumentError, match="no player 'speker': did you mean 'speaker'"):
        Joint(Signals(), oracle_players=["speker"])
    with pytest.raises(InvalidArgumentError, match="plays all of speaker, listener"):
        Joint(Signals(), oracle_players=["listener", "speaker"])
    with pytest.raises(InvalidArgumentError, match="no game of several players"):
        Joint(gymnasium.make("CartPole-v1"))
    joint = Joint(Meeting())
    with pytest.raises(gymnasium.error.ResetNeeded):
        joint.step({"left": 0, "right": 0})
    joint.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match=r"'right' is to move.* for left"):
        joint.step({"left": 0})
    with pytest.raises(InvalidArgumentError, match=r"'left' is to move.* for 0, 1"):
        joint.step({0: 0, 1: 0})  # type: ignore[dict-item]
    for action in (0, None, np.array([0, 0])):
        with pytest.raises(InvalidArgumentError, match="must be a dict of one for each player"):
            joint.step(action)  # type: ignore[arg-type]


def test_the_joint_form_of_a_maker_has_its_documentation() -> None:
    def make(size: int = 3) -> Signals:
        """Make a game.

        Arguments:
            size: How large.
        """
        assert size == 3
        return Signals()

    joint = joint_form(make)
    assert joint.__doc__ is not None
    assert "size: How large." in joint.__doc__
    assert "oracle_players: " in joint.__doc__
    assert joint(size=3, oracle_players=["speaker"]).players == ("listener",)
    with pytest.raises(TypeError, match="unexpected"):
        joint(length=3)
