"""The oracles of speaker and listener: what they earn, and the code they agree on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.datasets.schema import stable_hash

from .relays import SPEAKER, at_random, game, levels, turns


@levels
def test_the_oracle_earns_what_it_says(arguments):
    env = game(**{**arguments, "split": "test"})
    for example in range(min(env.num_examples, 25)):
        env.reset(options={"example": example})
        best, total = env.oracle_return(), 0.0
        for _, _, rewards in turns(env, lambda player, _: env.oracle_action(player)):
            total += rewards[SPEAKER]
            if "candidates" in arguments:
                # A lower bound, which later ones may exceed.
                assert env.oracle_return() >= best - total - 1e-9
            else:
                assert env.oracle_return() == pytest.approx(best - total, abs=1e-9)
        assert total >= best - 1e-9
        assert best > 0.99 or "candidates" in arguments


@levels
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_oracle_goes_on_from_any_state(arguments, seed):
    env = game(**arguments)
    env.reset(seed=seed)
    choose, turn = at_random(seed), 0
    total = promised = 0.0
    while env.agents and not env.terminations[env.agent_selection]:
        player = env.agent_selection
        if turn < seed % 6:
            action = choose(player, env.infos[player]["action_mask"])
            env.step(action)
            total, promised = 0.0, env.oracle_return()
        else:
            promised = promised or env.oracle_return()
            for each in env.agents:
                assert env.infos[each]["action_mask"][env.oracle_action(each)]
            env.step(env.oracle_action(player))
            total += env.rewards[player]
        turn += 1
    if turn > seed % 6 and "candidates" not in arguments:
        assert total == pytest.approx(promised, abs=1e-9)
    assert env.oracle_return() == 0


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_code_tells_the_sentences_apart(split):
    env = game(split=split)
    sentences = {}
    for example in range(env.num_examples):
        env.reset(options={"example": example})
        while env.agent_selection == SPEAKER:
            env.step(env.oracle_action(SPEAKER))
        sentences.setdefault(tuple(env.message), []).append(env.prompt)
    assert len(sentences) == env.num_examples
    assert all(len(each) == 1 for each in sentences.values())


def test_the_code_of_an_endless_split_is_that_of_the_sentence():
    env = game(level="small", dataset="cldr", dataset_arguments={"level": "small"})
    assert env.num_examples is None
    for seed in range(60):
        env.reset(seed=seed)
        number = stable_hash(env.prompt)
        while env.agent_selection == SPEAKER:
            env.step(env.oracle_action(SPEAKER))
        digits = [number // 16**2 % 16, number // 16 % 16, number % 16]
        assert env.message == digits
