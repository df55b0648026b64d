"""The penalty is the divergence that it claims to be, and nothing else of the reward changes."""

from __future__ import annotations

import itertools
import math
import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.wrappers import (
    KLPenalty,
    KLPenaltyVector,
    NGramReference,
    OneHotTokens,
    OneHotTokensVector,
)
from lexigym.registry.errors import InvalidArgumentError

from ..equality import assert_equal
from ..text.sources import environment

MODES = list(AutoresetMode)
EXAMPLES = {"a": ("the dog",), "b": ("the cat",)}


def single(**arguments):
    return gymnasium.make("QA-v0", level="small", **arguments)


def vector(n, mode, **arguments):
    return gymnasium.make_vec(
        "QA-v0",
        n,
        vectorization_mode="vector_entry_point",
        autoreset_mode=mode,
        level="small",
        **arguments,
    )


class Fixed:
    """The same distribution everywhere, for one observation or a batch."""

    def __init__(self, probabilities):
        with np.errstate(divide="ignore"):
            self.values = np.log(np.array(probabilities, np.float64))

    def log_probabilities(self, tokens):
        return np.broadcast_to(self.values, (*tokens.shape[:-1], len(self.values)))

    def __call__(self, observation):
        return self.values


def softmax(values):
    weights = np.exp(values - values.max())
    return weights / weights.sum()


def uniform(env):
    """Uniform over the legal actions."""
    mask = env.unwrapped.task.mask
    return Fixed(mask / mask.sum())


def returns_of(env, actions):
    env.reset(seed=0)
    rewards, infos = [], []
    for action in actions:
        _, reward, terminated, _, info = env.step(action)
        rewards.append(reward)
        infos.append(info)
        if terminated:
            break
    return rewards, infos


def test_without_a_policy_it_is_the_texts_log_probability():
    env = environment(EXAMPLES)
    reference = NGramReference.fit(env)
    penalised = KLPenalty(env, reference, 0.25)
    ids = env.task.tokenizer.ids
    actions = [ids["the"], ids["cat"], 1]
    expected = 0.0
    observation, _ = env.reset(seed=0)
    for action in actions:
        expected -= reference.log_probabilities(observation)[action]
        observation, *_ = env.step(action)
    plain, _ = returns_of(env, actions)
    rewards, infos = returns_of(penalised, actions)
    assert expected > 0
    assert sum(rewards) == pytest.approx(sum(plain) - 0.25 * expected)
    assert [info["task_reward"] for info in infos] == plain
    for reward, info in zip(rewards, infos, strict=True):
        assert reward == info["task_reward"] - info["kl_penalty"]


@pytest.mark.parametrize("told", [False, True])
def test_with_a_policy_it_is_the_divergence_in_expectation(told):
    env = environment(EXAMPLES, max_new_tokens=3, mask="all")
    size = env.action_space.n
    generator = np.random.default_rng(0)
    acts, refers = (np.append(0, softmax(generator.normal(size=size - 1))) for _ in range(2))
    policy = Fixed(acts)
    penalised = KLPenalty(env, Fixed(refers), 0.5, policy=None if told else policy)
    # The exact expectation, over all texts; the text ends at token 1 or after three.
    expected = 0.0
    for actions in itertools.product(range(1, size), repeat=3):
        end = actions.index(1) + 1 if 1 in actions else 3
        if any(action != 1 for action in actions[end:]):
            continue
        penalised.reset(seed=0)
        total = 0.0
        for action in actions[:end]:
            if told:
                penalised.set_log_probability(policy.values[action])
            *_, info = penalised.step(action)
            total += info["kl_penalty"]
        expected += math.exp(policy.values[list(actions[:end])].sum()) * total
    step = (acts[1:] * np.log(acts[1:] / refers[1:])).sum()
    lengths = sum((1 - acts[1]) ** steps for steps in range(3))
    assert expected == pytest.approx(0.5 * step * lengths)


def test_a_policy_equal_to_the_reference_pays_nothing():
    env = single()
    reference = NGramReference.fit(env, examples=100)
    penalised = KLPenalty(env, reference, 3.0, policy=reference)
    penalised.reset(seed=0)
    *_, info = penalised.step(penalised.unwrapped.oracle_action())
    assert info["kl_penalty"] == 0


def test_what_is_told_holds_for_one_step():
    env = environment(EXAMPLES)
    ids = env.task.tokenizer.ids
    penalised = KLPenalty(env, uniform(env), 1.0)
    full = math.log(env.task.mask.sum())
    penalised.reset(seed=0)
    penalised.set_log_probability(-0.5)
    assert penalised.step(ids["the"])[-1]["kl_penalty"] == pytest.approx(full - 0.5)
    assert penalised.step(ids["dog"])[-1]["kl_penalty"] == pytest.approx(full)
    penalised.set_log_probability(-0.5)
    penalised.reset(seed=0)
    assert penalised.step(ids["the"])[-1]["kl_penalty"] == pytest.approx(full)


def test_an_illegal_action_pays_the_floor():
    env = environment(EXAMPLES)
    penalised = KLPenalty(env, uniform(env), 0.1, floor=-30.0)
    penalised.reset(seed=0)
    _, reward, terminated, _, info = penalised.step(0)
    assert terminated
    assert info["invalid"] == 1
    assert reward == pytest.approx(-3)
    low, high = penalised.reward_bounds
    assert (low, high) == (-4, 4)


def test_the_coefficient_may_change():
    env = environment(EXAMPLES)
    penalised = KLPenalty(env, uniform(env), 0)
    paid = []
    for penalised.coefficient in (0.0, 1.0, 2.0):
        penalised.reset(seed=0)
        paid.append(penalised.step(1)[-1]["kl_penalty"])
    assert paid[0] == 0
    assert paid[2] == 2 * paid[1] > 0


def test_infos_have_the_same_keys_and_types_always():
    penalised = KLPenalty(single(), uniform(single()), 0.1)
    _, first = penalised.reset(seed=0)
    *_, info = penalised.step(1)
    assert {key: (type(value), value.dtype) for key, value in info.items()} == {
        key: (type(value), value.dtype) for key, value in first.items()
    }
    assert first["kl_penalty"] == first["task_reward"] == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("acts", ["unknown", "policy", "told"])
@pytest.mark.parametrize("observation", ["tokens", "dict"])
def test_the_vector_form_equals_single_environments(mode, acts, observation):
    reference = NGramReference.fit(single(), examples=100)
    policy = uniform(single()) if acts == "policy" else None

    def wrapped(env):
        make = KLPenaltyVector if isinstance(env, gymnasium.vector.VectorEnv) else KLPenalty
        return make(env, reference, 0.1, policy=policy)

    ours = wrapped(vector(3, mode, observation=observation))
    theirs = SyncVectorEnv(
        [lambda: wrapped(single(observation=observation))] * 3, autoreset_mode=mode
    )
    # A vector of plain environments, wrapped as one.
    alike = wrapped(
        SyncVectorEnv(
            [lambda: single(observation=observation)] * 3, autoreset_mode=mode, copy=False
        )
    )
    expected = theirs.reset(seed=5)
    assert_equal(ours.reset(seed=5), expected)
    assert_equal(alike.reset(seed=5), expected)
    generator = np.random.default_rng(0)
    legal = np.flatnonzero(ours.unwrapped.action_masks()[0])
    ended = 0
    for step in range(25):
        actions = generator.choice(legal, 3)
        if step % 7 == 6:
            actions[1] = 0
        if acts == "told":
            told = -generator.random(3)
            for env, value in zip(theirs.envs, told, strict=True):
                env.set_log_probability(value)
            ours.set_log_probability(told)
            alike.set_log_probability(told)
        expected = theirs.step(actions)
        assert_equal(ours.step(actions), expected)
        assert_equal(alike.step(actions), expected)
        over = expected[2] | expected[3]
        ended += over.sum()
        if mode is AutoresetMode.DISABLED and over.any():
            expected = theirs.reset(options={"reset_mask": over})
            assert_equal(ours.reset(options={"reset_mask": over}), expected)
            assert_equal(alike.reset(options={"reset_mask": over}), expected)
    assert ended


def test_a_function_of_the_observation_serves_where_there_are_no_tokens():
    env = KLPenalty(gymnasium.make("CartPole-v1"), Fixed([0.25, 0.75]).__call__, 1.0)
    env.reset(seed=0)
    _, reward, *_, info = env.step(0)
    assert info["task_reward"] == 1
    assert reward == pytest.approx(1 - math.log(4))
    with pytest.raises(InvalidArgumentError, match="reference with log_probabilities"):
        KLPenalty(gymnasium.make("CartPole-v1"), Fixed([0.25, 0.75]), 1.0)


def test_it_stands_inside_of_one_hot_tokens():
    env = OneHotTokens(KLPenalty(single(), uniform(single()), 0.1))
    env.reset(seed=0)
    assert env.step(1)[-1]["kl_penalty"] > 0
    with pytest.raises(InvalidArgumentError, match="inside those that encode tokens"):
        KLPenalty(OneHotTokens(single()), uniform(single()), 0.1)
    inner = KLPenaltyVector(vector(2, AutoresetMode.SAME_STEP), uniform(single()), 0.1)
    envs = OneHotTokensVector(inner)
    envs.reset(seed=0)
    assert (envs.step(np.array([1, 1]))[-1]["final_info"]["kl_penalty"] > 0).all()


def test_it_can_be_pickled_and_made_again():
    env = KLPenalty(single(), uniform(single()), 0.1)
    env.reset(seed=0)
    twin = pickle.loads(pickle.dumps(env))
    again = gymnasium.make(env.spec)
    again.reset(seed=0)
    assert env.step(1)[1] == twin.step(1)[1] == again.step(1)[1]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros(3), r"shape \(\d+,\), got \(3,\)"),
        ("logits", "apply log_softmax to logits"),
        ("nan", "sum to nan"),
    ],
    ids=str,
)
def test_what_is_no_distribution_is_named(answer, message):
    size = single().action_space.n
    values = {"logits": np.ones(size), "nan": np.full(size, np.nan)}.get(str(answer), answer)
    for role in ("reference", "policy"):
        functions = {"reference": lambda _: np.full(size, -9.0), role: lambda _: values}
        env = KLPenalty(single(), functions["reference"], 0.1, policy=functions.get("policy"))
        env.reset(seed=0)
        with pytest.raises(InvalidArgumentError, match=f"{role} must return.*{message}"):
            env.step(1)


def test_wrong_arguments_are_named():
    reference = uniform(single())
    for coefficient in (-1.0, math.nan, "much"):
        with pytest.raises(InvalidArgumentError, match="coefficient must be"):
            KLPenalty(single(), reference, coefficient)
    with pytest.raises(InvalidArgumentError, match="floor must be"):
        KLPenalty(single(), reference, 1.0, floor=0.0)
    with pytest.raises(InvalidArgumentError, match="reference must have log_probabilities"):
        KLPenalty(single(), "gpt2", 1.0)
    with pytest.raises(InvalidArgumentError, match="policy must have log_probabilities"):
        KLPenalty(single(), reference, 1.0, policy=0.5)
    with pytest.raises(InvalidArgumentError, match="Discrete actions"):
        KLPenalty(gymnasium.make("Pendulum-v1"), reference, 1.0)
    env = KLPenalty(single(), reference, 1.0)
    for wrong in (0.5, math.nan, [-1.0, -1.0]):
        with pytest.raises(InvalidArgumentError, match="set_log_probability takes one"):
            env.set_log_probability(wrong)
    envs = KLPenaltyVector(vector(2, AutoresetMode.SAME_STEP), reference, 1.0)
    with pytest.raises(InvalidArgumentError, match=r"set_log_probability takes \(2,\)"):
        envs.set_log_probability(-1.0)
    for each in (env, envs):
        with pytest.raises(ResetNeeded, match="reset"):
            each.step(1)
