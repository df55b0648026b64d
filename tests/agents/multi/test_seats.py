"""A seat in several games is a vector of environments like any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.agents.multi.seats import Seats
from lexigym.registry.errors import EnvironmentFaultError, InvalidArgumentError
from lexigym.registry.joint import Joint

from ...games import MESSAGES, Meeting, Signals


class Habit:
    """Does the same always, or what a function of the observation says."""

    def __init__(self, choose: Any) -> None:
        self.choose = choose

    def predict(self, observation: Any, *_: Any, deterministic: bool = False) -> Any:
        return np.array([self.choose(each) for each in observation]), None


SAYS_THE_NUMBER = Habit(np.argmax)
BELIEVES = Habit(np.argmax)


def test_a_speaker_is_paid_for_what_the_listener_does() -> None:
    seats = Seats([Joint(Signals()) for _ in range(3)], ["speaker"])
    seats.agents = {"listener": BELIEVES}
    observations, info = seats.reset(seed=0)
    for _ in range(20):
        assert observations.shape == (3, MESSAGES + 1)
        assert info["action_mask"].tolist() == [[1] * MESSAGES + [0]] * 3
        numbers = observations.argmax(axis=1)
        said = np.array([numbers[0], (numbers[1] + 1) % MESSAGES, numbers[2]])
        observations, rewards, terminated, truncated, info = seats.step(said)
        assert rewards.tolist() == [1.0, 0.0, 1.0]
        assert terminated.all()
        assert not truncated.any()
        assert [final.argmax() for final in info["final_obs"]] == numbers.tolist()


def test_a_listener_begins_after_the_speaker() -> None:
    seats = Seats([Joint(Signals()) for _ in range(2)], ["listener"])
    seats.agents = {"speaker": SAYS_THE_NUMBER}
    observations, _ = seats.reset(seed=0)
    for _ in range(20):
        observations, rewards, terminated, _, _ = seats.step(observations.argmax(axis=1))
        assert rewards.tolist() == [1.0, 1.0]
        assert terminated.all()


def test_a_forbidden_action_is_replaced_by_a_legal_one() -> None:
    """The game itself would refuse it."""
    seats = Seats([Joint(Signals()) for _ in range(4)], ["speaker"])
    seats.agents = {"listener": Habit(lambda _: MESSAGES)}
    seats.reset(seed=0)
    rewards = [seats.step(np.full(4, MESSAGES))[1] for _ in range(200)]
    # Both now do what is drawn.
    assert abs(np.mean(rewards) - 1 / MESSAGES) < 0.1


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.integers(0, 2), min_size=30, max_size=30),
    habit=st.integers(0, 2),
)
def test_it_is_what_one_sees_of_the_game(seed: int, actions: list[int], habit: int) -> None:
    """The law: observations, rewards and ends are those of the games played by hand."""
    seats = Seats([Joint(Meeting()) for _ in range(2)], ["right"])
    seats.agents = {"left": Habit(lambda _: habit)}
    observations, _ = seats.reset(seed=seed)
    games = [Meeting() for _ in range(2)]
    drawn = np.random.SeedSequence(seed).generate_state(2)
    seen = [game.reset(seed=int(each))[0]["right"] for game, each in zip(games, drawn, strict=True)]
    for action in actions:
        np.testing.assert_array_equal(observations, np.stack(seen))
        chosen = np.array([action, 2 - action])
        observations, rewards, terminated, truncated, info = seats.step(chosen)
        for index, game in enumerate(games):
            seen_by, paid, ended, cut, _ = game.step({"left": habit, "right": int(chosen[index])})
            assert rewards[index] == paid["right"]
            assert (terminated[index], truncated[index]) == (ended["right"], cut["right"])
            seen[index] = seen_by["right"]
            if ended["right"] or cut["right"]:
                np.testing.assert_array_equal(info["final_obs"][index], seen[index])
                seen[index] = game.reset()[0]["right"]


class Hasty(Signals):
    """The speaker may end the game, by the number that is forbidden elsewhere."""

    def __init__(self, always: bool = False) -> None:
        super().__init__()
        self.always = always

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        super().reset(seed, options)
        self.infos["speaker"]["action_mask"][:] = 1

    def step(self, action: Any) -> None:
        ends = self.always or action == MESSAGES
        if self.agent_selection == "speaker" and ends and not self.terminations["speaker"]:
            self.terminations = dict.fromkeys(self.agents, True)
            return
        super().step(action)


def test_who_never_gets_to_move_waits_for_chance() -> None:
    seats = Seats([Joint(Hasty())], ["listener"])
    seats.agents = {"speaker": Habit(lambda _: MESSAGES)}
    observations, _ = seats.reset(seed=0)
    for _ in range(20):
        observations, _, terminated, _, _ = seats.step(np.zeros(1, np.int64))
        assert terminated.all()
        # What was heard was drawn.
        assert observations[0].argmax() < MESSAGES


def test_who_can_never_move_is_told_of() -> None:
    seats = Seats([Joint(Hasty(always=True))], ["listener"])
    seats.agents = {"speaker": Habit(lambda _: 0)}
    with pytest.raises(EnvironmentFaultError, match="listener was never to move in 10000 games"):
        seats.reset(seed=0)


def test_players_take_the_seat_in_turn() -> None:
    seats = Seats([Joint(Signals())], ["speaker", "listener"])
    seats.agents = {"speaker": SAYS_THE_NUMBER, "listener": BELIEVES}
    seats.reset(seed=0)
    seated = []
    for _ in range(6):
        seated.append(seats._seated[0])
        seats.step(np.zeros(1, np.int64))
    assert seated == ["speaker", "listener"] * 3


def test_players_of_different_spaces_share_no_seat() -> None:
    class Uneven(Signals):
        def __init__(self) -> None:
            super().__init__()
            self._action_spaces["listener"] = type(self._action_spaces["listener"])(MESSAGES)

    with pytest.raises(InvalidArgumentError, match=r"speaker has the space .* shared=False"):
        Seats([Joint(Uneven())], ["speaker", "listener"])
