"""What the game of speaker and listener pays and shows."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.datasets.schema import Dataset, Example, stable_hash
from lexigym.envs.multiagent import translation_relay_v0
from lexigym.envs.multiagent.translation_relay.arguments import dates
from lexigym.envs.scorers.protocol import Goal

from ..equality import assert_equal

SPEAKER, LISTENER = "speaker_0", "listener_0"
LEVELS = [
    {},
    {"target": "zh"},
    {"level": "small"},
    {"level": "standard"},
    {"candidates": 6},
    {"reward": "terminal"},
    {"mask": "all"},
    {"scorer": "0.5*bleu+0.5*chrf"},
]
levels = pytest.mark.parametrize("arguments", LEVELS, ids=str)


def game(**arguments):
    return translation_relay_v0.raw_env(**arguments)


def turns(env, choose):
    """Play to the end; yield player, action, and the rewards of all after it."""
    while env.agents:
        player = env.agent_selection
        if env.terminations[player]:
            env.step(None)
        else:
            action = choose(player, env.infos[player]["action_mask"])
            env.step(action)
            yield player, action, dict(env.rewards)


def at_random(seed):
    generator = np.random.default_rng(seed)
    return lambda player, mask: int(generator.choice(np.flatnonzero(mask)))


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


def test_the_fingerprint_is_that_of_the_sentences():
    assert game().dataset_fingerprint == game(split="test", alphabet_size=3).dataset_fingerprint
    assert game().dataset_fingerprint != game(target="de").dataset_fingerprint
    standard = gymnasium.make("Translation-v0").unwrapped
    assert game(level="standard").dataset_fingerprint == standard.dataset_fingerprint
