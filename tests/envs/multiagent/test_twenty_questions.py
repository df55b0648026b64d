"""The rules of the game: turns, rewards, masks, observations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent.twenty_questions_v0 import raw_env
from lexigym.registry.errors import InvalidArgumentError

from .questions import ANSWERER, GUESSER, PLAYERS, begun


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_turns_rewards_masks_and_observations_follow_the_rules(data):
    max_questions = data.draw(st.sampled_from([1, 2, 3, 20]))
    cost = data.draw(st.sampled_from([0.0, 0.02, 0.3]))
    env = raw_env(level="small", max_questions=max_questions, question_cost=cost)
    example = data.draw(st.integers(0, 15))
    env.reset(seed=1, options={"example": example})
    size, truths = len(env.table.questions), env.table.truths[example]
    answers, turns, total = {}, 0, dict.fromkeys(PLAYERS, 0.0)
    while not env.terminations[GUESSER]:
        left = max_questions - turns
        assert env.agent_selection == GUESSER
        mask = env.infos[GUESSER]["action_mask"]
        legal = [left > 0 and question not in answers for question in range(size)] + [True] * 16
        assert mask.dtype == np.int8
        assert mask.tolist() == legal
        yes = [answers.get(question) == 1 for question in range(size)]
        no = [answers.get(question) == 0 for question in range(size)]
        part = np.float32((left + 1) / (max_questions + 1))
        seen = env.observe(GUESSER)
        assert seen.tolist() == [*yes, *no, part]
        assert env.observe(ANSWERER).tolist() == [*[0] * size, *truths, part]
        assert env.state().tolist() == [*seen, *[0] * size, *np.eye(16)[example]]
        action = data.draw(st.sampled_from(np.flatnonzero(mask).tolist()))
        env.step(action)
        if action >= size:
            paid = float(action - size == example)
            assert env.rewards == dict.fromkeys(PLAYERS, paid)
            assert env.terminations == dict.fromkeys(PLAYERS, True)
            break
        turns += 1
        assert env.rewards == dict.fromkeys(PLAYERS, -cost)
        assert env.agent_selection == ANSWERER
        one_hot = np.eye(size)[action].tolist()
        assert env.observe(ANSWERER)[:-1].tolist() == [*one_hot, *truths]
        assert env.state()[2 * size + 1 : 3 * size + 1].tolist() == one_hot
        assert env.observe(GUESSER)[:-1].tolist() == seen[:-1].tolist()
        assert not env.infos[GUESSER]["action_mask"][action]
        assert env.infos[ANSWERER]["action_mask"].tolist() == [1, 1]
        answers[action] = data.draw(st.integers(0, 1))
        env.step(answers[action])
        assert env.rewards == dict.fromkeys(PLAYERS, 0.0)
    for player in PLAYERS:
        assert env.infos[player]["questions"] == turns
        assert env.infos[player]["score"] == paid
        assert env.truncations[player] is False
    assert env.agent_selection == ANSWERER
    for player in (ANSWERER, GUESSER):
        _, total[player], terminated, _, _ = env.last()
        assert env.agent_selection == player
        assert terminated
        env.step(None)
    # What was paid since a player's own last turn: the guesser named, or asked before it.
    assert total[GUESSER] == paid
    assert total[ANSWERER] == paid
    assert env.agents == []


def test_both_players_are_paid_the_same_return():
    env = raw_env(level="small")
    for seed in range(30):
        env.reset(seed=seed)
        returns = dict.fromkeys(PLAYERS, 0.0)
        for player in env.agent_iter():
            _, reward, terminated, _, _ = env.last()
            returns[player] += reward
            env.step(None if terminated else env.action_space(player).sample())
        assert returns[GUESSER] == pytest.approx(returns[ANSWERER])


def test_after_all_questions_only_names_are_left():
    env = begun(max_questions=1)
    env.step(0)
    env.step(0)
    with pytest.raises(InvalidArgumentError, match="guesser_0 may not take action 4 now"):
        env.step(4)
    assert env.action_space(GUESSER).sample() >= len(env.table.questions)


def test_when_all_questions_of_the_table_were_asked_only_names_are_left():
    entities = {"cat": {"purrs?": True}, "dog": {"purrs?": False}}
    env = begun(entities=entities)
    assert env.sentences == ("purrs?", "Is it cat?", "Is it dog?")
    env.step(0)
    env.step(env.oracle_action(ANSWERER))
    assert env.infos[GUESSER]["action_mask"].tolist() == [0, 1, 1]
    env.step(env.oracle_action(GUESSER))
    assert env.infos[GUESSER]["score"] == 1


def test_numpy_integers_are_actions():
    env = begun()
    env.step(np.int32(2))
    env.step(np.array(1))
    assert env.text == "Is it in Europe? Yes."


def test_the_action_space_samples_what_is_legal():
    env = begun(max_questions=3)
    space = env.action_space(GUESSER)
    assert space is env.action_space(GUESSER)
    env.step(0)
    env.step(1)
    drawn = {int(space.sample()) for _ in range(2000)}
    assert drawn == set(range(1, 28))
    only = np.zeros(28, np.int8)
    only[0] = 1
    assert space.sample(only) == 0
    assert space.sample(probability=only.astype(float)) == 0
    assert space.contains(0)
    assert isinstance(space.sample(), np.int64)


def test_what_experiments_ask_for():
    env = raw_env()
    assert env.num_examples == 195
    assert env.reward_bounds == (-0.02, 1)
    assert raw_env(question_cost=0.1).reward_bounds == (-0.1, 1)
    assert len(env.dataset_fingerprint) == 64
    assert env.dataset_fingerprint != raw_env(level="small").dataset_fingerprint
