"""A seat in several games is a vector of environments like any other."""

from __future__ import annotations

import copy
import zlib
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from pettingzoo import ParallelEnv

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


ACTIONS = [
    spaces.Discrete(50, start=-3),
    spaces.Box(-1, 1, (2,), np.float32),
    spaces.MultiDiscrete([3, 40]),
    spaces.MultiBinary(6),
]


def pleases(action: Any) -> bool:
    """About one action in three does."""
    return zlib.crc32(repr(action).encode()) % 3 == 0


class Rash(ParallelEnv):
    """The first player ends the game unless it does what pleases; else the second ends it."""

    metadata: ClassVar[dict[str, Any]] = {"name": "rash", "render_modes": []}

    def __init__(self, actions: spaces.Space[Any]) -> None:
        self.possible_agents = ["first", "second"]
        self.render_mode = None
        self.actions = {"first": copy.deepcopy(actions), "second": spaces.Discrete(2)}
        self.tried: list[Any] = []

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return spaces.Discrete(2)

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.actions[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.agents = ["first"]
        return dict.fromkeys(self.possible_agents, 0), {"first": {}, "second": {}}

    def step(self, actions: dict[str, Any]) -> Any:
        over = "second" in actions or not pleases(actions["first"])
        if "first" in actions:
            self.tried.append(actions["first"])
        players, self.agents = self.agents, [] if over else ["second"]
        return (
            dict.fromkeys(players, 0),
            dict.fromkeys(players, 0.0),
            dict.fromkeys(self.possible_agents, over),
            dict.fromkeys(self.possible_agents, False),
            {player: {} for player in players},
        )


@pytest.mark.parametrize("space", ACTIONS, ids=lambda space: type(space).__name__)
@pytest.mark.parametrize("seeds", [7, [7, 8]])
def test_what_is_drawn_follows_from_the_seeds(space: spaces.Space[Any], seeds: Any) -> None:
    """A stubborn first player is soon moved at random, from the whole of its space."""
    space.seed(0)
    stubborn = space.sample()
    while pleases(stubborn):
        stubborn = space.sample()

    def tried(seeds: Any) -> str:
        games = [Rash(space) for _ in range(2)]
        for game in games:
            game.actions["first"].seed()
        seats = Seats([Joint(game) for game in games], ["second"])
        seats.agents = {"first": Habit(lambda _: stubborn)}
        seats.reset(seed=seeds)
        for _ in range(5):
            seats.step(np.zeros(2, np.int64))
        assert all(each in space for game in games for each in game.tried)
        return repr([game.tried for game in games])

    assert tried(seeds) == tried(seeds)
    assert tried(seeds) != tried([9, 10])


def test_the_same_seeds_replace_the_same_forbidden_actions() -> None:
    def replaced(seeds: list[int | None]) -> list[list[float]]:
        seats = Seats([Joint(Signals()) for _ in range(2)], ["speaker"])
        seats.agents = {"listener": BELIEVES}
        seats.reset(seed=seeds)
        return [seats.step(np.full(2, MESSAGES))[1].tolist() for _ in range(20)]

    assert replaced([1, 2]) == replaced([1, 2])
    assert replaced([1, 2]) != replaced([1, 3])


def test_who_can_never_move_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexigym.agents.multi.seats.MOST_GAMES_WITHOUT_A_MOVE", 300)
    seats = Seats([Joint(Hasty(always=True))], ["listener"])
    seats.agents = {"speaker": Habit(lambda _: 0)}
    with pytest.raises(EnvironmentFaultError, match="listener was never to move in 300 games"):
        seats.reset(seed=0)


class Counter:
    """Remembers how many moves it has made in an episode, and moves by it: left, stay or right.

    What it remembers of a batch is in another shape than what it remembers of one game.
    """

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> Any:
        if np.ndim(observation) > 1:
            return np.zeros(len(observation), np.int64), np.zeros((1, len(observation), 1))
        moves = 0 if state is None or episode_start.item() else state["moves"]
        return moves % 3, {"moves": moves + 1}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    actions=st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=20, max_size=20),
)
def test_the_others_remember_each_game(seed: int, actions: list[list[int]]) -> None:
    """The law: what another player does is what it does who plays one game after the other."""
    seats = Seats([Joint(Meeting()) for _ in range(3)], ["right"])
    seats.agents = {"left": Counter()}
    seats.reset(seed=seed)
    games = [Meeting() for _ in range(3)]
    for game, each in zip(games, np.random.SeedSequence(seed).generate_state(3), strict=True):
        game.reset(seed=int(each))
    for chosen in actions:
        _, rewards, *_ = seats.step(np.array(chosen))
        for index, game in enumerate(games):
            moves = {"left": game.steps % 3, "right": chosen[index]}
            _, paid, ended, cut, _ = game.step(moves)
            assert rewards[index] == paid["right"]
            if ended["right"] or cut["right"]:
                game.reset()
            seen = seats.games[index].unwrapped
            assert seen.places == game.places  # type: ignore[attr-defined]


def test_a_reset_begins_the_memories_anew() -> None:
    seats = Seats([Joint(Meeting())], ["right"])
    seats.agents = {"left": Counter()}
    game: Any = seats.games[0].unwrapped
    for _ in range(2):
        seats.reset(seed=4)
        place = game.places["left"]
        seats.step(np.array([2]))
        assert game.places["left"] == max(place - 1, 0)


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
