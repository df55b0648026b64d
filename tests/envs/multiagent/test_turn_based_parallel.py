"""The parallel form of a game of turns: all players act, and who is to move is heard."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from lexigym.envs.multiagent import translation_relay_v0, twenty_questions_v0
from lexigym.registry.errors import InvalidArgumentError

from .cases import name_of
from .questions import ANSWERER, GUESSER, PLAYERS
from .relays import LISTENER, SPEAKER

games = pytest.mark.parametrize("module", [translation_relay_v0, twenty_questions_v0], ids=name_of)


@games
def test_both_forms_play_the_same_game(module):
    turns = module.raw_env()
    together = module.parallel_env()
    turns.reset(seed=4)
    observations, infos = together.reset(seed=4)
    generator = np.random.default_rng(0)
    keys = {player: info.keys() for player, info in infos.items()}
    while together.agents:
        mover = next(player for player, info in infos.items() if info["turn"])
        assert mover == turns.agent_selection
        for player in together.agents:
            assert np.array_equal(observations[player], turns.observe(player))
        actions = {
            player: int(generator.choice(np.flatnonzero(infos[player]["action_mask"])))
            for player in together.agents
        }
        observations, rewards, terminations, truncations, infos = together.step(actions)
        turns.step(actions[mover])
        assert rewards == turns.rewards
        assert terminations == turns.terminations
        assert truncations == turns.truncations
        assert {player: info.keys() for player, info in infos.items()} == keys
        assert np.array_equal(together.state(), turns.state())
    assert all(terminations.values())


def test_who_is_to_move_is_heard():
    env = twenty_questions_v0.parallel_env(level="small")
    observations, infos = env.reset(seed=0, options={"example": 3})
    assert list(observations) == list(infos) == PLAYERS
    observations, rewards, _, _, infos = env.step({GUESSER: 0, ANSWERER: 1})
    assert rewards == dict.fromkeys(PLAYERS, -0.02)
    assert infos[GUESSER]["turn"] == 0
    env.step({GUESSER: 0, ANSWERER: 1})
    assert env.unwrapped.text == "Is it in Africa? Yes."
    with pytest.raises(InvalidArgumentError, match="may not take action 0 now"):
        env.step({GUESSER: 0, ANSWERER: 1})
    _, rewards, terminations, _, _ = env.step({GUESSER: 12 + 3, ANSWERER: 0})
    assert rewards == dict.fromkeys(PLAYERS, 1.0)
    assert terminations == dict.fromkeys(PLAYERS, True)
    assert env.agents == []
    with pytest.raises(ResetNeeded, match=r"call reset\(\)"):
        env.step({GUESSER: 0, ANSWERER: 0})


@pytest.mark.parametrize(
    ("module", "actions", "words"),
    [
        (
            translation_relay_v0,
            {"speker_0": 0, LISTENER: 1},
            "no player 'speker_0'; did you mean 'speaker_0'",
        ),
        (translation_relay_v0, {SPEAKER: 0}, "action of 'listener_0' is missing"),
        (translation_relay_v0, 3, "must be a dictionary by player, got 3"),
        (translation_relay_v0, {SPEAKER: 16, LISTENER: 1}, "may not take action 16"),
        (
            twenty_questions_v0,
            {GUESSER: 0, "answerer": 1},
            "no player 'answerer'; did you mean 'answerer_0'",
        ),
        (twenty_questions_v0, {}, "action of 'guesser_0' is missing"),
        (twenty_questions_v0, {GUESSER: 0, ANSWERER: 0, 3: 0}, "no player 3"),
        (twenty_questions_v0, {GUESSER: 999, ANSWERER: 0}, "got 999"),
        (twenty_questions_v0, [0, 1], "must be a dictionary"),
    ],
)
def test_bad_actions_are_refused_and_change_nothing(module, actions, words):
    env = module.parallel_env()
    env.reset(seed=0)
    before = env.state().tolist()
    with pytest.raises(InvalidArgumentError, match=words):
        env.step(actions)
    assert env.state().tolist() == before


@games
def test_it_steps_only_while_a_game_is_played(module):
    env = module.parallel_env(level="small")
    with pytest.raises(ResetNeeded, match=r"call reset\(\)"):
        env.step(dict.fromkeys(env.possible_agents, 0))
    env.reset(seed=0)
    while env.agents:
        env.step({player: env.unwrapped.oracle_action(player) for player in env.agents})
    with pytest.raises(ResetNeeded, match=r"call reset\(\)"):
        env.step({})
