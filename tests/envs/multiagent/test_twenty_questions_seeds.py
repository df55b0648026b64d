"""What is drawn follows from the seed: entities, copies, other processes."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

from lexigym.envs.multiagent.twenty_questions_v0 import env as checked_env
from lexigym.envs.multiagent.twenty_questions_v0 import parallel_env, raw_env

from .questions import ANSWERER, GUESSER, begun

GOLDEN = """\
Does its name begin with a letter before J? No.
Does its name begin with a letter before Q? No.
Does its name have the letter T? No.
Does its name end with A? No.
Does its name have more than 7 letters? No.
Is it in Europe? No.
Is it in Africa? Yes.
Does it have a currency called franc? No.
Is it Sudan? Yes."""

OTHER_PROCESS = """
import pickle, sys
env = pickle.load(sys.stdin.buffer)
env.reset(seed=0)
while not env.terminations["guesser_0"]:
    env.step(env.oracle_action(env.agent_selection))
sys.stdout.buffer.write(env.text.encode())
"""


def rollout(env, rng, steps):
    """What both players get in random play, over several episodes."""
    trace = []
    for _ in range(steps):
        if not env.agents:
            env.reset()
        observation, reward, terminated, truncated, info = env.last()
        trace.append((env.agent_selection, observation, reward, terminated, truncated, info))
        mask = info["action_mask"]
        env.step(None if terminated else int(rng.choice(np.flatnonzero(mask))))
    return trace


def test_every_entity_can_be_asked_for_and_changes_nothing_that_follows():
    env, other = raw_env(level="small"), raw_env(level="small")
    env.reset(seed=5, options={"example": 0})
    other.reset(seed=5)
    for example in range(env.num_examples):
        env.reset(options={"example": example})
        assert env.entity == env.table.entities[example]
        other.reset()
    env.reset()
    other.reset()
    assert env.entity == other.entity


def test_the_same_seed_plays_the_same_games_and_seed_zero_is_one():
    one, other = begun(), begun()
    traces = [rollout(env, np.random.default_rng(1), 300) for env in (one, other)]
    assert data_equivalence(*traces)
    hidden = set()
    for seed in range(40):
        one.reset(seed=seed)
        hidden.add(one.entity)
    assert len(hidden) > 10


def test_entities_are_drawn_evenly():
    env = begun()
    counts = dict.fromkeys(env.table.entities, 0)
    for _ in range(4000):
        env.reset()
        counts[env.entity] += 1
    assert all(180 < count < 330 for count in counts.values())


def test_the_game_of_seed_0_stays_what_it_is():
    env = raw_env()
    env.reset(seed=0)
    while not env.terminations[GUESSER]:
        env.step(env.oracle_action(env.agent_selection))
    assert env.text == GOLDEN


@pytest.mark.parametrize("form", [raw_env, checked_env, parallel_env])
def test_copies_go_on_alike_and_share_nothing(form):
    env = form(level="small")
    env.reset(seed=2)
    actions = {GUESSER: 4, ANSWERER: 1}
    env.step(actions if form is parallel_env else 4)
    for twin in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        assert data_equivalence(twin.state(), env.state())
        game = twin.unwrapped
        game.step(1)
        assert game.infos[GUESSER]["questions"] == 1
        assert len(env.unwrapped.text.splitlines()) == 1
        assert "Yes" not in env.unwrapped.text
        # The space goes on with the mask of its own game.
        game.step(7)
        assert not game.action_space(GUESSER).legal[7]
        assert env.unwrapped.action_space(GUESSER).legal[7]
        first, again = twin, env
        first.reset()
        state = first.state()
        again = pickle.loads(pickle.dumps(env))
        again.reset()
        assert data_equivalence(state, again.state())


def test_another_process_plays_the_same():
    env = raw_env(level="small")
    run = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS],
        input=pickle.dumps(env),
        capture_output=True,
        check=True,
    )
    env.reset(seed=0)
    while not env.terminations[GUESSER]:
        env.step(env.oracle_action(env.agent_selection))
    assert run.stdout.decode() == env.text
