"""What is drawn, and from which sentences: seeds, splits, copies."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import gymnasium
import pytest

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.multiagent import translation_relay_v0

from ..equality import assert_equal
from .relays import LISTENER, SPEAKER, at_random, game, turns


def test_splits_are_those_of_the_single_environment():
    prompts = {}
    for split in ("train", "validation", "test"):
        env = game(split=split)
        prompts[split] = [
            env.task.source.example(split, index).prompt for index in range(env.num_examples)
        ]
    assert {split: len(each) for split, each in prompts.items()} == {
        "train": 60,
        "validation": 7,
        "test": 17,
    }
    # Seven days of the week, three months and four days of each.
    assert len({prompt for each in prompts.values() for prompt in each}) == 7 * 3 * 4
    for split in ("validation", "test"):
        there = gymnasium.make("Translation-v0", level="small", split=split).unwrapped.task
        said = {there.source.example(split, i).prompt for i in range(there.num_examples)}
        assert set(prompts[split]) <= said


def test_seeds_fix_everything_in_any_process():
    program = (
        "import hashlib\n"
        "from lexigym.envs.multiagent import translation_relay_v0\n"
        "env = translation_relay_v0.raw_env()\n"
        "env.reset(seed=3)\n"
        "seen = []\n"
        "for _ in range(20):\n"
        "    seen.append(env.state().tolist())\n"
        "    env.reset()\n"
        "print(hashlib.sha256(repr(seen).encode()).hexdigest())"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
        for _ in range(2)
    )
    assert first == second


def test_a_seed_repeats_and_none_goes_on():
    env = game()
    drawn = []
    for seed in (0, None, None, 0, None, None, 1):
        env.reset(seed=seed)
        drawn.append(int(env.infos[SPEAKER]["example"]))
    assert drawn[:3] == drawn[3:6]
    assert len(set(drawn)) > 2
    before = env.np_random.bit_generator.state
    env.reset(seed=1)
    assert env.np_random.bit_generator.state == before
    other = game()
    other.reset(seed=0)
    other.reset(options={"example": 5})
    assert other.infos[SPEAKER]["example"] == 5
    other.reset()
    assert other.infos[SPEAKER]["example"] == drawn[2]


@pytest.mark.parametrize("form", ["env", "raw_env", "parallel_env"])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_go_on_by_themselves(form, duplicate):
    env = getattr(translation_relay_v0, form)()
    env.reset(seed=2)
    twin = duplicate(env)
    bare = [env.unwrapped, twin.unwrapped]
    before = bare[1].state().tolist()
    bare[0].step(4)
    assert bare[1].state().tolist() == before
    bare[1].step(4)
    for each in bare:
        for _ in turns(each, at_random(1)):
            pass
    for player in (SPEAKER, LISTENER):
        assert_equal(bare[0].observe(player), bare[1].observe(player))
    for each in bare:
        each.reset()
    assert_equal(bare[0].infos, bare[1].infos)


def test_instances_share_nothing():
    one, other = game(), game()
    one.reset(seed=0)
    other.reset(seed=0)
    one.step(3)
    one.infos[SPEAKER]["action_mask"][:] = 0
    one.observe(LISTENER)[:] = 9
    assert one.observe(LISTENER).tolist()[:2] == [31, 1]
    assert other.infos[SPEAKER]["action_mask"].any()
    assert other.message == []
    one.step(3)
    for player in one.possible_agents:
        assert one.observation_space(player) is one.observation_space(player)
        assert one.action_space(player) is one.action_space(player)
        assert one.action_space(player) is not other.action_space(player)
    assert one.observation_space(SPEAKER) is not one.observation_space(LISTENER)


def test_the_fingerprint_is_that_of_the_sentences():
    assert game().dataset_fingerprint == game(split="test", alphabet_size=3).dataset_fingerprint
    assert game().dataset_fingerprint != game(target="de").dataset_fingerprint
    standard = gymnasium.make("Translation-v0").unwrapped
    assert game(level="standard").dataset_fingerprint == standard.dataset_fingerprint
