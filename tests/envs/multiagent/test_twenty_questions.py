"""The rules of the game: turns, rewards, masks, observations, errors, seeds, pictures."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import data_equivalence
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.multiagent import twenty_questions_v0
from lexigym.envs.multiagent.twenty_questions_v0 import env as checked_env
from lexigym.envs.multiagent.twenty_questions_v0 import parallel_env, raw_env
from lexigym.registry.errors import InvalidArgumentError

GUESSER, ANSWERER = PLAYERS = ["guesser_0", "answerer_0"]


def begun(**arguments):
    env = raw_env(**{"level": "small", **arguments})
    env.reset(seed=0)
    return env


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


def test_the_names_of_the_module():
    assert twenty_questions_v0.__all__ == ["env", "joint_env", "parallel_env", "raw_env"]
    env = checked_env(level="small")
    assert env.metadata["name"] == str(env) == "twenty_questions_v0"
    assert isinstance(env.unwrapped, raw_env)
    assert env.possible_agents == PLAYERS
    assert raw_env(question_cost=0.1).reward_bounds == (-0.1, 1)


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


def test_a_question_may_not_be_repeated():
    env = begun()
    env.step(3)
    env.step(1)
    before = copy.deepcopy(env.infos), env.state(), env.agent_selection
    with pytest.raises(InvalidArgumentError, match=r"'Is it in South America\?'.*it was asked"):
        env.step(3)
    assert data_equivalence(before, (env.infos, env.state(), env.agent_selection))


def test_after_all_questions_only_names_are_left():
    env = begun(max_questions=1)
    env.step(0)
    env.step(0)
    with pytest.raises(InvalidArgumentError, match="all 1 questions were asked"):
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


@pytest.mark.parametrize("action", [-1, 28, 1.0, "0", None, [0], np.array([1, 2]), math.nan])
def test_an_action_that_does_not_exist_is_refused(action):
    env = begun()
    with pytest.raises(InvalidArgumentError, match=r"guesser_0 must be an integer from 0 to 27"):
        env.step(action)
    env.step(0)
    with pytest.raises(InvalidArgumentError, match=r"answerer_0 must be an integer from 0 to 1"):
        env.step(action)
    assert env.agent_selection == ANSWERER


def test_numpy_integers_are_actions():
    env = begun()
    env.step(np.int32(2))
    env.step(np.array(1))
    assert env.text == "Is it in Europe? Yes."


def test_a_finished_player_does_nothing_but_leave():
    env = begun()
    env.step(27)
    with pytest.raises(ValueError, match="the only valid action is None"):
        env.step(0)
    env.step(None)
    env.step(None)
    with pytest.raises(ResetNeeded, match=r"call reset\(\) before step"):
        env.step(None)


def test_before_the_first_reset_there_is_no_game():
    env = raw_env(level="small", render_mode="ansi")
    for call in (
        lambda: env.step(0),
        lambda: env.observe(GUESSER),
        env.state,
        env.render,
        env.oracle_return,
        lambda: env.oracle_action(GUESSER),
        lambda: env.text,
        lambda: env.entity,
        lambda: parallel_env(level="small").step(dict.fromkeys(PLAYERS, 0)),
    ):
        with pytest.raises(ResetNeeded, match=r"call reset\(\)"):
            call()
    with pytest.raises(AssertionError, match=r"reset\(\) needs to be called"):
        checked_env(level="small").step(0)


@pytest.mark.parametrize(
    "method", ["observe", "observation_space", "action_space", "oracle_action"]
)
@pytest.mark.parametrize("player", ["guesser", "robot_0", 0, None])
def test_an_unknown_player_is_refused(method, player):
    with pytest.raises(InvalidArgumentError, match=f"there is no player {player!r}"):
        getattr(begun(), method)(player)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", "cities"),
        ("category", None),
        ("level", "smal"),
        ("level", 1),
        ("max_questions", 0),
        ("max_questions", 101),
        ("max_questions", 2.0),
        ("max_questions", True),
        ("question_cost", -0.1),
        ("question_cost", 1.1),
        ("question_cost", math.nan),
        ("question_cost", "0.1"),
        ("render_mode", "rgb"),
        ("entities", {"cat": {}}),
    ],
)
@pytest.mark.parametrize("form", [raw_env, checked_env, parallel_env])
def test_a_bad_argument_is_refused_by_name_and_value(form, name, value):
    with pytest.raises(InvalidArgumentError) as caught:
        form(**{name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"exampel": 1}, {"example": -1}, {"example": 16}, {"example": "a"}]
)
def test_a_bad_option_of_reset_is_refused(options):
    with pytest.raises(InvalidArgumentError):
        raw_env(level="small").reset(options=options)


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


OTHER_PROCESS = """
import pickle, sys
env = pickle.load(sys.stdin.buffer)
env.reset(seed=0)
while not env.terminations["guesser_0"]:
    env.step(env.oracle_action(env.agent_selection))
sys.stdout.buffer.write(env.text.encode())
"""


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


def test_the_parallel_form_hears_whose_turn_it_is():
    env = parallel_env(level="small")
    observations, infos = env.reset(seed=0, options={"example": 3})
    assert list(observations) == list(infos) == PLAYERS
    observations, rewards, _, _, infos = env.step({GUESSER: 0, ANSWERER: 1})
    assert rewards == dict.fromkeys(PLAYERS, -0.02)
    assert infos[GUESSER]["turn"] == 0
    env.step({GUESSER: 0, ANSWERER: 1})
    assert env.unwrapped.text == "Is it in Africa? Yes."
    with pytest.raises(InvalidArgumentError, match="it was asked"):
        env.step({GUESSER: 0, ANSWERER: 1})
    _, rewards, terminations, _, _ = env.step({GUESSER: 12 + 3, ANSWERER: 0})
    assert rewards == dict.fromkeys(PLAYERS, 1.0)
    assert terminations == dict.fromkeys(PLAYERS, True)
    assert env.agents == []
    with pytest.raises(ResetNeeded, match=r"call reset\(\)"):
        env.step({GUESSER: 0, ANSWERER: 0})


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ({GUESSER: 0, "answerer": 1}, "no player 'answerer'; did you mean 'answerer_0'"),
        ({GUESSER: 0}, "action of 'answerer_0' is missing"),
        ({}, "action of 'guesser_0' is missing"),
        ({GUESSER: 0, ANSWERER: 0, 3: 0}, "no player 3"),
        ({GUESSER: 99, ANSWERER: 0}, "from 0 to 27, got 99"),
        ([0, 1], "must be a dictionary"),
    ],
)
def test_bad_actions_of_the_parallel_form_are_refused(actions, words):
    env = parallel_env(level="small")
    env.reset(seed=0)
    state = env.state()
    with pytest.raises(InvalidArgumentError, match=words):
        env.step(actions)
    assert data_equivalence(state, env.state())


def test_the_text_is_the_dialogue():
    env = begun(render_mode="ansi")
    env.reset(options={"example": 5})
    assert env.text == ""
    env.step(0)
    assert env.text == "Is it in Africa?"
    env.step(1)
    env.step(12 + 6)
    assert env.text == "Is it in Africa? Yes.\nIs it France? No."
    assert "Egypt" not in env.text
    assert env.sentences[12 + 6] == "Is it France?"
    assert len(env.sentences) == env.action_space(GUESSER).n


def test_the_terminal_shows_entity_answers_and_lies(capsys):
    env = begun(render_mode="ansi")
    env.reset(options={"example": 5})
    env.step(0)
    assert " 1 ...   Is it in Africa?" in env.render()
    env.step(1)
    env.step(3)
    env.step(1)
    env.step(12 + 5)
    drawn = env.render()
    for line in (
        "hidden   Egypt",
        " 1 yes   Is it in Africa?",
        " 2 yes!  Is it in South America?",
        "named    Egypt: right",
    ):
        assert line in drawn
    human = begun(render_mode="human")
    assert "hidden" in capsys.readouterr().out
    human.step(12)
    assert "named    Argentina" in capsys.readouterr().out
    assert human.render() is None


def test_pictures_have_one_size_and_show_the_dialogue():
    env = begun(level="standard", render_mode="rgb_array", max_questions=22)
    frames = [env.render()]
    for question in range(22):
        env.step(question)
        frames.append(env.render())
        env.step(question % 2)
        frames.append(env.render())
    env.step(100)
    frames.append(env.render())
    assert {frame.shape for frame in frames} == {frames[0].shape}
    assert frames[0].dtype == np.uint8
    assert all((a != b).any() for a, b in itertools.pairwise(frames))
    env.close()


def test_a_long_question_is_cut_in_pictures():
    question = f"Is it {'very ' * 30}big?"
    entities = {"cat": {question: True}, "dog": {question: False}}
    env = begun(entities=entities, render_mode="rgb_array")
    shape = env.render().shape
    env.step(0)
    assert env.render().shape == shape


def test_without_a_mode_render_warns():
    with pytest.warns(UserWarning, match="render_mode"):
        assert begun().render() is None


def test_what_experiments_ask_for():
    env = raw_env()
    assert env.num_examples == 195
    assert len(env.dataset_fingerprint) == 64
    assert env.dataset_fingerprint != raw_env(level="small").dataset_fingerprint
