"""What the game refuses, and how it says so."""

from __future__ import annotations

import pytest
from gymnasium.error import ResetNeeded

from lexigym.envs.multiagent import translation_relay_v0
from lexigym.registry.errors import InvalidArgumentError, LexigymError

from .relays import LISTENER, SPEAKER, game


def finished():
    env = game()
    env.reset(seed=0)
    while not env.terminations[env.agent_selection]:
        env.step(env.oracle_action(env.agent_selection))
    return env


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "tiny"}, "level='tiny' is unknown"),
        ({"target": "xx"}, "xx"),
        ({"message_length": 0}, "message_length must be an integer of at least 1, got 0"),
        ({"message_length": 2.0}, r"message_length must be an integer of at least 1, got 2\.0"),
        ({"alphabet_size": 1}, "alphabet_size must be an integer of at least 2, got 1"),
        ({"alphabet_size": True}, "alphabet_size must be an integer of at least 2, got True"),
        ({"observation": "dict"}, "observation='dict' is unknown; known: one_hot, tokens"),
        ({"reward": "sparse"}, "reward='sparse' is unknown"),
        ({"split": "dev"}, "split='dev' is unknown"),
        ({"mask": "none"}, "mask='none' is unknown"),
        ({"scorer": "blue"}, "'blue'.*did you mean 'bleu'"),
        ({"dataset": "cldt"}, "'cldt'"),
        ({"dataset_arguments": {"target": "de"}}, "takes no arguments"),
        ({"candidates": 1}, "candidates must be an integer in"),
        ({"max_new_tokens": 2}, "raise max_new_tokens"),
        ({"max_prompt_tokens": 2}, "raise max_prompt_tokens"),
        ({"tokenizer": 3}, "tokenizer must be"),
        ({"render_mode": "pixels"}, "render_mode='pixels' is unknown"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(arguments, message):
    for make in (game, translation_relay_v0.env, translation_relay_v0.parallel_env):
        with pytest.raises(LexigymError, match=message):
            make(**arguments)


@pytest.mark.parametrize("action", [-1, 17, 10**9, 1.5, "the", None])
def test_a_symbol_out_of_range_is_named(action):
    env = game()
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match=r"of speaker_0 must be .* from 0 to 16, got"):
        env.step(action)
    env.step(0)
    assert env.message == [0]


@pytest.mark.parametrize("action", [-1, 28, 1.5, "the", None])
def test_a_token_out_of_range_is_named(action):
    env = game()
    env.reset(seed=0)
    for _ in range(3):
        env.step(0)
    with pytest.raises(InvalidArgumentError, match=r"of listener_0 must be .* from 0 to 27, got"):
        env.step(action)


def test_forbidden_actions_leave_the_game_as_it_is():
    env = game()
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match="speaker_0 may not take action 16 now"):
        env.step(16)
    env.step(2)
    env.step(16)
    before = env.state().tolist()
    for token in (0, env.task.tokenizer.ids["Apr"]):
        with pytest.raises(InvalidArgumentError, match=f"listener_0 may not take action {token}"):
            env.step(token)
    assert env.state().tolist() == before
    assert env.agents == [SPEAKER, LISTENER]
    env.step(env.oracle_action(LISTENER))
    assert env.rewards[LISTENER] > 0


def test_candidates_forbid_all_others():
    env = game(candidates=3)
    env.reset(seed=0)
    env.step(0)
    env.step(16)
    mask = env.infos[LISTENER]["action_mask"]
    assert mask.sum() == 3
    with pytest.raises(InvalidArgumentError, match="action_mask"):
        env.step(int(mask.argmin()))


@pytest.mark.parametrize("name", ["speaker", "listener_1", None, 0])
def test_unknown_players_are_named(name):
    env = game()
    env.reset(seed=0)
    for ask in (env.observe, env.observation_space, env.action_space, env.oracle_action):
        with pytest.raises(InvalidArgumentError, match=f"there is no player {name!r}"):
            ask(name)


def test_a_finished_player_can_only_pass():
    env = finished()
    for _ in range(2):
        with pytest.raises(InvalidArgumentError, match="finished, so its only action is None"):
            env.step(3)
        env.step(None)
    with pytest.raises(ResetNeeded, match="reset"):
        env.step(None)


def test_before_the_first_reset_there_is_nothing():
    env = game()
    calls = [
        lambda: env.step(0),
        lambda: env.observe(SPEAKER),
        lambda: env.state(),
        lambda: env.oracle_action(SPEAKER),
        lambda: env.oracle_action(LISTENER),
        lambda: env.oracle_return(),
        lambda: env.prompt,
    ]
    for call in calls:
        with pytest.raises(ResetNeeded):
            call()
    together = translation_relay_v0.parallel_env()
    with pytest.raises(ResetNeeded):
        together.step({SPEAKER: 0, LISTENER: 1})


@pytest.mark.parametrize("example", [-1, 60, "first", 0.5])
def test_an_example_that_does_not_exist_is_named(example):
    env = game()
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match="from 0 to 59"):
        env.reset(options={"example": example})
    with pytest.raises(ResetNeeded):
        env.step(0)
    env.reset()
    with pytest.raises(InvalidArgumentError, match="no option 'exmple'"):
        env.reset(options={"exmple": 1})
