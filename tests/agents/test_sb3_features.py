"""Agents of Stable-Baselines3 read token observations as tokens, and learn from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.torch_layers import CombinedExtractor, FlattenExtractor

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.agents.sb3 import family
from lexigym.agents.sb3_features import TokenDictFeatures, TokenFeatures
from lexigym.agents.spaces import Spaces
from lexigym.envs.datasets.schema import Dataset, Example
from lexigym.envs.wrappers import KLPenalty, NGramReference
from lexigym.envs.wrappers.kl_penalty import FLOOR
from lexigym.registry.errors import InvalidArgumentError

V, SLOTS = 9, 5
TOKENS = spaces.Box(0, V - 1, (SLOTS,), np.int64)
WRITES = spaces.Discrete(V)
ENCODERS = pytest.mark.parametrize("encoder", ["attention", "recurrent"])
SMALL = {"features_extractor_kwargs": {"width": 8, "layers": 1, "heads": 2, "features_dim": 8}}


def copying() -> Dataset:
    """The second of two words is the answer; the pairs of the test split are others."""
    colours = ["blue", "gold", "green", "grey", "pink", "red", "teal"]
    pairs = [Example(f"{first} {second}", (second,)) for first in colours for second in colours]
    order = np.random.default_rng(0).permutation(len(pairs))
    shuffled = [pairs[place] for place in order]
    splits = {"train": shuffled[:35], "test": shuffled[35:]}
    return Dataset("copying", "en", "en", "MIT", "this test", splits)


def token_env(split: str = "train", **arguments: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(
        "QA-v0", dataset=copying(), scorer="exact_match", split=split, **arguments
    )


def token_vector(mode: AutoresetMode, **arguments: Any) -> Any:
    return gymnasium.make_vec(
        "QA-v0",
        2,
        vectorization_mode="vector_entry_point",
        autoreset_mode=mode,
        dataset=copying(),
        scorer="exact_match",
        **arguments,
    )


def features(encoder: str = "attention", **arguments: Any) -> TokenFeatures:
    torch.manual_seed(0)
    return TokenFeatures(TOKENS, 6, encoder=encoder, width=8, heads=2, **arguments).eval()


def extractor(agent: Any) -> Any:
    policy = agent.model.policy
    network = getattr(policy, "q_net", None) or getattr(policy, "quantile_net", None) or policy
    return network.features_extractor


@pytest.mark.slow
@ENCODERS
def test_dqn_learns_to_copy(encoder: str) -> None:
    agent = family("dqn")(
        token_env(),
        seed=0,
        learning_rate=1e-3,
        learning_starts=100,
        buffer_size=10_000,
        target_update_interval=250,
        exploration_fraction=0.6,
        gamma=1.0,
        policy_kwargs={"features_extractor_kwargs": {"encoder": encoder}},
    )
    agent.learn(2000)
    # Legal tokens drawn uniformly earn about 1/64.
    assert evaluate(agent, token_env("test"), 50).mean() >= 0.8


@ENCODERS
def test_what_follows_the_last_token_is_not_seen(encoder: str) -> None:
    network = features(encoder)
    seen: list[torch.Tensor] = []
    network.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    prompt = torch.tensor([[0.0, 3, 4, 0, 0]])
    longer = torch.tensor([[0.0, 3, 4, 7, 0]])
    states = []
    encoder_module = network.attention if encoder == "attention" else network.recurrent
    assert encoder_module is not None
    encoder_module.register_forward_hook(
        lambda _, __, output: states.append(output if encoder == "attention" else output[0])
    )
    with torch.no_grad():
        network(prompt)
        network(longer)
    torch.testing.assert_close(seen[0], states[0][:, 2])
    torch.testing.assert_close(seen[1], states[1][:, 3])
    # Up to the prompt's end both texts are the same.
    torch.testing.assert_close(states[0][:, :3], states[1][:, :3])


@ENCODERS
def test_order_and_tokens_matter(encoder: str) -> None:
    network = features(encoder)
    with torch.no_grad():
        output = network(torch.tensor([[0.0, 3, 4, 0, 0], [0, 4, 3, 0, 0], [0, 2, 4, 0, 0]]))
    assert output.shape == (3, 6)
    assert output.dtype == torch.float32
    assert not torch.allclose(output[0], output[1])
    assert not torch.allclose(output[0], output[2])


@ENCODERS
def test_a_batch_is_its_parts_and_floats_are_ids(encoder: str) -> None:
    network = features(encoder)
    tokens = torch.randint(0, V, (16, SLOTS))
    with torch.no_grad():
        batch = network(tokens.float())
        each = torch.cat([network(row[None].float()) for row in tokens])
        nearly = network(tokens.float() + 0.01)
    torch.testing.assert_close(batch, each, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(batch, nearly, rtol=0, atol=0)


def test_learning_and_playing_see_the_same_network() -> None:
    network = features()
    tokens = torch.randint(0, V, (4, SLOTS)).float()
    with torch.no_grad():
        playing = network(tokens)
    network.train()
    torch.testing.assert_close(network(tokens), playing, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["dqn", "qrdqn", "ppo", "a2c", "maskable-ppo", "recurrent-ppo"])
def test_tokens_are_read_as_tokens_by_default(name: str) -> None:
    in_dict = spaces.Dict(tokens=TOKENS, action_mask=spaces.Box(0, 1, (V,), np.int8))
    for space, expected in ((TOKENS, TokenFeatures), (in_dict, TokenDictFeatures)):
        agent = family(name)(Spaces(space, WRITES), policy_kwargs=SMALL)
        assert type(extractor(agent)) is expected
        assert extractor(agent).features_dim == 8
        assert type(agent.predict(space.sample())[0]) is int


@pytest.mark.parametrize(
    ("space", "actions"),
    [
        (spaces.Box(0, V - 1, (SLOTS,), np.int32), WRITES),
        (spaces.Box(0, V - 1, (SLOTS, 1), np.int64), WRITES),
        (spaces.Box(-1, V - 1, (SLOTS,), np.int64), WRITES),
        (spaces.Box(np.array([0, 0]), np.array([8, 7]), dtype=np.int64), WRITES),
        (spaces.Box(0, V, (SLOTS,), np.int64), WRITES),
        (spaces.Box(0, 0, (SLOTS,), np.int64), spaces.Discrete(1)),
        (TOKENS, spaces.MultiDiscrete([V])),
    ],
    ids=str,
)
def test_other_integers_are_no_tokens(space: spaces.Space[Any], actions: spaces.Space[Any]) -> None:
    assert type(extractor(family("ppo")(Spaces(space, actions)))) is FlattenExtractor
    inside = spaces.Dict(tokens=space)
    assert type(extractor(family("ppo")(Spaces(inside, actions)))) is CombinedExtractor


def test_policy_kwargs_choose_other_features() -> None:
    available = Spaces(TOKENS, WRITES)
    other = {"features_extractor_class": FlattenExtractor}
    agent = family("dqn")(available, policy_kwargs=other)
    assert type(extractor(agent)) is FlattenExtractor
    assert other == {"features_extractor_class": FlattenExtractor}
    agent = family("ppo")(available, policy="MlpPolicy", policy_kwargs={"net_arch": [4]})
    assert type(extractor(agent)) is TokenFeatures
    # It has a network without features.
    assert type(family("ars")(available).predict(TOKENS.sample())[0]) is int


def test_a_dicts_other_entries_are_kept() -> None:
    space = spaces.Dict(
        tokens=TOKENS,
        action_mask=spaces.Box(0, 1, (V,), np.int8),
        prompt=spaces.Box(0, V - 1, (2,), np.int64),
        step=spaces.Discrete(4),
        temperature=spaces.Box(0, 1, (2,), np.float32),
    )
    agent = family("dqn")(Spaces(space, WRITES), policy_kwargs=SMALL)
    assert extractor(agent).features_dim == 8 + 2
    observation = space.sample()
    before = agent.q_values(observation)
    for key, changed in (("action_mask", 0), ("prompt", 0), ("step", 0)):
        other = {**observation, key: observation[key] * 0 + changed}
        np.testing.assert_array_equal(agent.q_values(other), before)
    warmer = {**observation, "temperature": observation["temperature"] + 0.5}
    assert not np.array_equal(agent.q_values(warmer), before)


@pytest.mark.parametrize("name", ["dqn", "ppo", "maskable-ppo"])
@pytest.mark.parametrize("observation", ["tokens", "dict"])
def test_a_token_environment_is_learnt_on_saved_and_loaded(
    name: str, observation: str, tmp_path: Path
) -> None:
    small = {"learning_starts": 16, "buffer_size": 200} if name == "dqn" else {"n_steps": 64}
    env = token_env(observation=observation)
    agent = family(name)(env, seed=0, policy_kwargs=SMALL, **small).learn(64)
    agent.save(tmp_path / "agent")
    for loaded in (
        lexigym.load_agent(tmp_path / "agent"),
        lexigym.load_agent(tmp_path / "agent", env=env),
    ):
        for seed in range(8):
            seen, info = env.reset(seed=seed)
            for masks in (None, info["action_mask"]):
                expected, _ = agent.predict(seen, deterministic=True, action_masks=masks)
                assert loaded.predict(seen, deterministic=True, action_masks=masks)[0] == expected
            if name == "dqn":
                np.testing.assert_array_equal(loaded.q_values(seen), agent.q_values(seen))
    assert loaded.learn(64).num_timesteps >= agent.num_timesteps + 64


@pytest.mark.parametrize("name", ["dqn", "maskable-ppo"])
@pytest.mark.parametrize("observation", ["tokens", "dict"])
def test_token_vectors_are_learnt_on(name: str, observation: str) -> None:
    small = {"learning_starts": 16, "buffer_size": 200} if name == "dqn" else {"n_steps": 32}
    env = token_vector(AutoresetMode.SAME_STEP, observation=observation)
    agent = family(name)(env, seed=0, policy_kwargs=SMALL, **small).learn(64)
    batch, infos = env.reset(seed=0)
    actions, _ = agent.predict(batch, action_masks=infos["action_mask"])
    assert env.action_space.contains(actions)


def test_maskable_ppo_writes_legal_tokens_only() -> None:
    env = token_env()
    invalid: list[int] = []

    def note(agent: Any) -> bool:
        invalid.extend(int(info["invalid"]) for info in agent.model.env.venv.buf_infos)
        return True

    family("maskable-ppo")(env, seed=0, n_steps=64, policy_kwargs=SMALL).learn(64, callback=note)
    assert len(invalid) == 64
    assert not any(invalid)


def test_ppo_pays_for_its_own_divergence() -> None:
    plain = token_env()
    reference = NGramReference.fit(plain)

    def policy(observation: Any) -> Any:
        tensor, _ = agent.model.policy.obs_to_tensor(observation)
        with torch.no_grad():
            return agent.model.policy.get_distribution(tensor).distribution.logits[0]

    env = KLPenalty(plain, reference, 0.5, policy=policy)
    penalties: list[float] = []

    def note(agent: Any) -> bool:
        penalties.extend(info["kl_penalty"] for info in agent.model.env.venv.buf_infos)
        return True

    agent = family("ppo")(env, seed=0, n_steps=64, policy_kwargs=SMALL)
    agent.learn(64, callback=note)
    rollout = agent.model.rollout_buffer
    tokens = rollout.observations.reshape(64, -1).astype(np.int64)
    actions = rollout.actions.reshape(64, 1).astype(np.int64)
    references = np.take_along_axis(reference.log_probabilities(tokens), actions, axis=1)
    expected = rollout.log_probs.reshape(64) - np.maximum(references[:, 0], FLOOR)
    np.testing.assert_allclose(penalties, 0.5 * expected, rtol=1e-4)


def test_scaled_rewards_are_learnt_from_and_unscaled_ones_reported() -> None:
    env = token_env(observation="tokens")
    agent = family("dqn")(
        env, seed=0, reward_scale=10.0, learning_starts=1000, buffer_size=600, policy_kwargs=SMALL
    )
    agent.learn(600)
    learnt = {round(float(reward), 6) for reward in agent.model.replay_buffer.rewards.ravel()}
    assert learnt == {-10.0, 0.0, 10.0}
    reported = {episode["r"] for episode in agent.model.ep_info_buffer}
    assert reported <= {0.0, 1.0}
    # The bounds that the environment declares are (-1, 1).
    assert family("dqn")(env, policy_kwargs=SMALL).model.env.scale == 1.0


def test_wrong_arguments_are_named() -> None:
    for arguments, message in (
        ({"encoder": "atention"}, "did you mean 'attention'"),
        ({"width": 10, "heads": 4}, "width must be a multiple of heads=4, got 10"),
        ({"layers": 0}, "layers must be an integer of at least 1, got 0"),
        ({"features_dim": 0}, "features_dim must be"),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            TokenFeatures(TOKENS, **arguments)
        kwargs = {"features_extractor_kwargs": arguments}
        with pytest.raises(InvalidArgumentError, match=message):
            family("ppo")(Spaces(TOKENS, WRITES), policy_kwargs=kwargs)
    with pytest.raises(InvalidArgumentError, match="TokenFeatures need"):
        TokenFeatures(spaces.Box(0, 1, (3,), np.float32))
    with pytest.raises(InvalidArgumentError, match="'tokens' among"):
        TokenDictFeatures(spaces.Dict(a=TOKENS))
