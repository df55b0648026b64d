"""What the game of speaker and listener pays and shows."""

from __future__ import annotations

import copy

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.datasets.schema import Dataset, Example
from lexigym.envs.multiagent.translation_relay.arguments import dates
from lexigym.envs.scorers.protocol import Goal

from ..equality import assert_equal
from .relays import LISTENER, SPEAKER, at_random, game, levels, turns


def mostly_oracle(env, seed):
    generator = np.random.default_rng(seed)

    def choose(player, mask):
        if generator.random() < 0.6:
            return env.oracle_action(player)
        return int(generator.choice(np.flatnonzero(mask)))

    return choose


def send(env, message):
    """Send symbols until the listener's turn."""
    for action in message:
        env.step(action)
    assert env.agent_selection == LISTENER


def single(level="quick", **arguments):
    """The environment `Translation-v0` of a game."""
    if level == "quick":
        level = "small"
        arguments["dataset"] = dates(arguments.get("target", "fr"))
    return gymnasium.make("Translation-v0", level=level, **arguments).unwrapped


@levels
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_listener_plays_the_single_environment(arguments, seed):
    env, twin = game(**arguments), single(**arguments)
    env.reset(seed=seed)
    page, info = twin.reset(seed=seed)
    start, source = env.message_length, page[: twin.task.prompt_tokens].tolist()
    assert env.observe(SPEAKER)[:-start].tolist()[-len(source) :] == source
    assert_told_alike(env, info)
    for player, action, rewards in turns(env, mostly_oracle(env, seed)):
        if player == SPEAKER:
            assert rewards == {SPEAKER: 0, LISTENER: 0}
            continue
        page, reward, terminated, _, info = twin.step(action)
        assert rewards == {SPEAKER: reward, LISTENER: reward}
        assert env.terminations == {SPEAKER: terminated, LISTENER: terminated}
        text = page[twin.task.prompt_tokens :].tolist()
        assert env.observe(LISTENER)[start : start + len(text)].tolist() == text
        assert_told_alike(env, info)
        assert env.oracle_action(LISTENER) == twin.oracle_action()
        assert env.oracle_return() == twin.oracle_return()
    assert env.text == twin.text


def assert_told_alike(env, info):
    """The infos of a game hold what the single environment's does."""
    told = {**env.infos[SPEAKER], **env.infos[LISTENER]}
    assert told.keys() == (info.keys() - {"invalid"}) | {"turn"}
    for name in told.keys() - {"turn"}:
        assert_equal(told[name], info[name])


@levels
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_each_player_is_paid_the_score(arguments, seed):
    env = game(**arguments)
    env.reset(seed=seed)
    choose = at_random(seed)
    returns = dict.fromkeys(env.possible_agents, 0.0)
    low, high = env.reward_bounds
    while env.agents:
        player = env.agent_selection
        _, reward, terminated, truncated, info = env.last()
        returns[player] += reward
        assert not truncated
        env.step(None if terminated else choose(player, info["action_mask"]))
        assert all(low <= each <= high for each in env.rewards.values())
    score = pytest.approx(info["score"], abs=1e-9)
    assert returns == {SPEAKER: score, LISTENER: score}
    if env.text:
        assert env.task.scorer.score(env.text, Goal(env.references)) == score


def test_the_listener_never_sees_the_source():
    env = game()
    seen = []
    for example in (0, 1, 2):
        env.reset(options={"example": example})
        shown = [env.observe(LISTENER)]
        for symbol in (3, 0, 7):
            env.step(symbol)
            shown.append(env.observe(LISTENER))
        for token in (3, 5, 22):
            env.step(token)
            shown.append(env.observe(LISTENER))
        assert "example" not in env.infos[LISTENER]
        seen.append((env.prompt, np.array(shown).tolist()))
    prompts, seen = zip(*seen, strict=True)
    assert len(set(prompts)) == 3
    assert seen[0] == seen[1] == seen[2]


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_candidates_know_nothing_of_the_source(data):
    message = [data.draw(st.integers(0, 15)) for _ in range(3)]
    masks = []
    env = game(candidates=5)
    for example in (0, 7):
        env.reset(options={"example": example})
        send(env, message)
        masks.append(env.infos[LISTENER]["action_mask"].tolist())
    assert masks[0] == masks[1]


def test_a_game_by_hand():
    pairs = [Example("a dog", ("un chien",)), Example("a cat", ("un chat",))]
    source = Dataset("pets", "fr", "en", "MIT", "the tests", {"train": pairs})
    env = game(dataset=source, message_length=2, alphabet_size=3)
    assert env.task.tokenizer.tokens == ("<pad>", "<eos>", "a", "cat", "chat", "chien", "dog", "un")
    # Two tokens of source, three of text with its end, two symbols.
    assert env.observation_space(SPEAKER) == gymnasium.spaces.Box(0, 10, (5,), np.int64)
    assert env.state_space == gymnasium.spaces.Box(0, 10, (7,), np.int64)
    env.reset(options={"example": 0})
    assert env.agent_selection == SPEAKER
    assert env.observe(SPEAKER).tolist() == [0, 2, 6, 0, 0]
    assert env.observe(LISTENER).tolist() == [1, 0, 0, 0, 0]
    assert env.infos[SPEAKER]["action_mask"].tolist() == [1, 1, 1, 0]
    assert env.infos[LISTENER]["action_mask"].tolist() == [0, 1, 0, 0, 1, 1, 0, 1]
    assert (env.infos[SPEAKER]["turn"], env.infos[LISTENER]["turn"]) == (1, 0)
    env.step(2)
    assert env.agent_selection == SPEAKER
    assert env.observe(SPEAKER).tolist() == [0, 2, 6, 10, 0]
    assert env.observe(LISTENER).tolist() == [10, 1, 0, 0, 0]
    assert env.infos[SPEAKER]["action_mask"].tolist() == [1, 1, 1, 1]
    env.step(3)
    assert env.agent_selection == LISTENER
    assert env.message == [2, 3]
    assert env.observe(SPEAKER).tolist() == [0, 2, 6, 10, 1]
    assert env.observe(LISTENER).tolist() == [10, 1, 0, 0, 0]
    assert (env.infos[SPEAKER]["turn"], env.infos[LISTENER]["turn"]) == (0, 1)
    assert env.infos[SPEAKER]["action_mask"].tolist() == [1, 1, 1, 1]
    for token, shown in ((7, [10, 1, 7, 0, 0]), (5, [10, 1, 7, 5, 0])):
        env.step(token)
        assert env.observe(LISTENER).tolist() == shown
        assert env.rewards == {SPEAKER: pytest.approx(1 / 3), LISTENER: pytest.approx(1 / 3)}
    assert env.text == "un chien"
    env.step(1)
    assert env.terminations == {SPEAKER: True, LISTENER: True}
    assert env.state().tolist() == [2, 6, 10, 1, 7, 5, 1]
    assert env.last()[1] == pytest.approx(1)
    env.step(None)
    assert env.last()[1] == pytest.approx(1 / 3)
    env.step(None)
    assert env.agents == []


def test_a_longest_message_ends_by_itself():
    env = game(message_length=1, alphabet_size=2)
    env.reset(seed=0)
    env.step(1)
    assert env.agent_selection == LISTENER
    assert env.message == [1]


def test_one_hot_observations_are_the_tokens():
    plain, vectors = game(), game(observation="one_hot")
    size = plain.task.tokenizer.size + 16
    for env in (plain, vectors):
        env.reset(seed=5)
    for _, action, _ in turns(plain, at_random(0)):
        vectors.step(action)
        for player in plain.possible_agents:
            tokens, shown = plain.observe(player), vectors.observe(player)
            assert vectors.observation_space(player).contains(shown)
            assert np.array_equal(np.eye(size, dtype=np.float32)[tokens].ravel(), shown)
        assert np.array_equal(np.eye(size)[plain.state()].ravel(), vectors.state())
        assert vectors.state_space.contains(vectors.state())


@levels
def test_infos_keep_their_keys_and_masks_are_never_empty(arguments):
    env = game(**arguments)
    env.reset(seed=0)
    first = {player: describe(info) for player, info in env.infos.items()}
    for episode in range(5):
        env.reset()
        for _ in turns(env, at_random(episode)):
            for player, info in env.infos.items():
                assert describe(info) == first[player]
                assert info["action_mask"].shape == (env.action_space(player).n,)
                assert info["action_mask"].any()
                assert env.observation_space(player).contains(env.observe(player))
            ended = any(env.terminations.values())
            assert sum(info["turn"] for info in env.infos.values()) == (not ended)


def describe(info):
    return {name: (type(value), value.dtype) for name, value in info.items()}


def test_spaces_sample_what_is_legal():
    env = game()
    env.reset(seed=0)
    while env.agents:
        player = env.agent_selection
        if env.terminations[player]:
            env.step(None)
            continue
        mask = env.infos[player]["action_mask"]
        for space in (env.action_space(player), copy.deepcopy(env.action_space(player))):
            assert all(mask[space.sample()] for _ in range(30))
        env.step(env.action_space(player).sample())
