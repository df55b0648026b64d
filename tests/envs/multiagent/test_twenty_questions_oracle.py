"""The oracles: against a search through all ways to play, and against the returns they earn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent.twenty_questions.own import own_table
from lexigym.envs.multiagent.twenty_questions.strategy import Strategy, bounds
from lexigym.envs.multiagent.twenty_questions.table import make_table
from lexigym.envs.multiagent.twenty_questions_v0 import raw_env

from .questions import ANSWERER, GUESSER


def brute_force(rows, candidates, unasked, left, cost):
    """The best expected return, by trying everything: no bounds, no sets seen before, no sizes."""
    best = 1 / len(candidates)
    if left:
        for question in unasked:
            expected = -cost
            for answer in (False, True):
                part = [each for each in candidates if rows[each][question] == answer]
                if part:
                    rest = unasked - {question}
                    expected += (
                        len(part) / len(candidates) * brute_force(rows, part, rest, left - 1, cost)
                    )
            best = max(best, expected)
    return best


@st.composite
def tables(draw, entities=6, questions=4):
    """Tables of a mapping's form, in which some entities may be alike."""
    columns = draw(st.integers(1, questions))
    row = st.lists(st.booleans(), min_size=columns, max_size=columns)
    rows = draw(st.lists(row, min_size=2, max_size=entities))
    rows[0][0], rows[1][0] = False, True
    return {
        f"entity {place}": {f"Is it so {i}?": truth for i, truth in enumerate(row)}
        for place, row in enumerate(rows)
    }


def play(env, example):
    """The return of both oracles."""
    env.reset(options={"example": example})
    total = 0.0
    while not env.terminations[GUESSER]:
        env.step(env.oracle_action(env.agent_selection))
        total += env.rewards[GUESSER]
        assert env.rewards[ANSWERER] == env.rewards[GUESSER]
    return total


@settings(max_examples=150, deadline=None)
@given(tables(), st.integers(1, 5), st.sampled_from([0.0, 0.02, 0.1, 0.3, 1.0]))
def test_it_is_the_best_there_is_and_earns_what_it_promises(entities, max_questions, cost):
    env = raw_env(entities=entities, max_questions=max_questions, question_cost=cost)
    env.reset(seed=0)
    questions = frozenset(range(len(env.table.questions)))
    everything = range(env.num_examples)
    best = brute_force(env.table.truths.tolist(), everything, questions, max_questions, cost)
    assert env.oracle_return() == pytest.approx(best)
    returns = [play(env, example) for example in everything]
    assert np.mean(returns) == pytest.approx(best)
    assert env.oracle_return() == 0


@settings(max_examples=150, deadline=None)
@given(tables(), st.integers(1, 5), st.data())
def test_it_is_the_best_after_any_moves_and_any_lies(entities, max_questions, data):
    cost = 0.05
    env = raw_env(entities=entities, max_questions=max_questions, question_cost=cost)
    env.reset(seed=0)
    rows, size = env.table.truths.tolist(), len(env.table.questions)
    contradictions = np.zeros(env.num_examples, int)
    unasked, left = frozenset(range(size)), max_questions

    def value(candidates):
        return brute_force(rows, candidates, unasked, left, cost)

    def fitting():
        return [i for i, n in enumerate(contradictions) if n == contradictions.min()]

    for _ in range(data.draw(st.integers(0, min(size, max_questions)))):
        question = data.draw(st.sampled_from(sorted(unasked)))
        unasked, left = unasked - {question}, left - 1
        env.step(question)
        expected, candidates = 0.0, fitting()
        for answer in (False, True):
            part = [each for each in candidates if rows[each][question] == answer]
            if part:
                expected += len(part) / len(candidates) * value(part)
        assert env.oracle_return() == pytest.approx(expected)
        assert env.infos[GUESSER]["action_mask"][env.oracle_action(GUESSER)]
        answer = data.draw(st.integers(0, 1))
        env.step(answer)
        contradictions += [row[question] != bool(answer) for row in rows]
        assert env.oracle_return() == pytest.approx(value(fitting()))
    # The action earns what the return promises: of one question, then of what comes after it.
    promised, action = env.oracle_return(), env.oracle_action(GUESSER)
    assert env.infos[GUESSER]["action_mask"][action]
    if action < size:
        env.step(action)
        assert env.oracle_return() - cost == pytest.approx(promised)
    else:
        assert action - size == fitting()[0]
        assert promised == pytest.approx(1 / len(fitting()))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, 0.8462564),
        ({"level": "small"}, 0.92),
        ({"category": "elements"}, 0.8616949),
        ({"category": "elements", "level": "small"}, 0.9155556),
        ({"level": "small", "question_cost": 0.5}, 0.0625),
        ({"max_questions": 3, "question_cost": 0.005}, 8 / 195 - 0.015),
    ],
    ids=str,
)
def test_all_entities_of_the_tables_that_ship(arguments, expected):
    env = raw_env(**arguments)
    env.reset(seed=0)
    promised = env.oracle_return()
    returns = [play(env, example) for example in range(env.num_examples)]
    assert np.mean(returns) == pytest.approx(promised)
    assert promised == pytest.approx(expected, abs=1e-6)
    if env.question_cost < 0.1 and env.max_questions == 20:
        # Every entity is found.
        assert min(returns) > 0.6
    # No way to play is better than if every split were possible.
    most = bounds(env.num_examples, env.question_cost, env.max_questions)[-1][-1]
    assert promised == pytest.approx(most / env.num_examples)


def test_the_bound_is_that_of_huffmans_code():
    # With free choice 5 entities need 2, 2, 2, 3 and 3 questions.
    assert bounds(5, 0.01, 20)[-1][-1] == pytest.approx(5 - 0.01 * 12)
    # With one question left two entities can be told apart from the others, not more.
    assert bounds(5, 0.01, 1)[-1][-1] == pytest.approx(2 - 0.05)
    assert bounds(5, 1.0, 20)[-1][-1] == 1


def test_it_names_early_if_questions_cost_too_much():
    entities = {name: {"letter": name} for name in "abc"}
    env = raw_env(entities=entities, question_cost=0.41)
    env.reset(seed=0, options={"example": 1})
    assert env.oracle_action(GUESSER) == len(env.table.questions)
    assert env.oracle_return() == pytest.approx(1 / 3)


def test_many_entities_are_searched_well_if_not_wholly():
    rng = np.random.default_rng(0)
    names = [f"entity {i}" for i in range(300)]
    entities = {
        name: {f"Is it {i}?": bool(rng.random() < 0.3) for i in range(40)} for name in names
    }
    env = raw_env(entities=entities)
    env.reset(seed=0)
    promised = env.oracle_return()
    assert np.mean([play(env, i) for i in range(300)]) == pytest.approx(promised)
    most = bounds(300, 0.02, 20)[-1][-1] / 300
    assert most - 0.02 < promised <= most + 1e-9


def test_the_true_answer_is_the_answerers():
    env = raw_env(level="small")
    env.reset(seed=3)
    entity = env.table.entities.index(env.entity)
    assert env.oracle_action(ANSWERER) == 0
    for question in range(12):
        env.step(question)
        assert env.oracle_action(ANSWERER) == env.table.truths[entity, question]
        env.step(1 - env.oracle_action(ANSWERER))


def test_after_nothing_but_lies_it_still_names_something():
    env = raw_env(level="small", question_cost=0.01)
    for example in range(env.num_examples):
        env.reset(options={"example": example})
        while not env.terminations[GUESSER]:
            player = env.agent_selection
            action = env.oracle_action(player)
            assert 0 <= env.oracle_return() <= 1
            env.step(action if player == GUESSER else 1 - action)
        assert env.infos[GUESSER]["questions"] <= 20


def test_plans_do_not_depend_on_what_was_planned_before():
    table = own_table({str(i): {f"bit {j}": bool(i >> j & 1) for j in range(5)} for i in range(20)})
    everything = (1 << 20) - 1
    one, other = Strategy(table, 0.02, 20), Strategy(table, 0.02, 20)
    for part in (0b1011, 0b111100001111, everything >> 7):
        one.plan(part, 5, 0)
    assert one.plan(everything, 20, 0) == other.plan(everything, 20, 0)
    assert pickle.loads(pickle.dumps(one)).plan(everything, 20, 0) == one.plan(everything, 20, 0)


def test_a_table_without_questions_is_guessed():
    strategy = Strategy(make_table(["a", "b"], []), 0.02, 20)
    assert strategy.plan(0b11, 20, 0) == (1.0, -1)
