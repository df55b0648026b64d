"""Texts as sequences: the same transitions from whole episodes, and one pass for all of them."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

import lexigym
from lexigym.agents.dqn.config import DQNConfig
from lexigym.agents.dqn.n_step import NStepWindow
from lexigym.agents.dqn.prefixes import Prefixes
from lexigym.agents.dqn.priorities import Priorities
from lexigym.agents.dqn.replay import TransitionMemory
from lexigym.agents.dqn.sequences import SequenceMemory
from lexigym.agents.dqn.transformer import build_transformer
from lexigym.agents.protocol import evaluate
from lexigym.registry.errors import EnvironmentFaultError, InvalidArgumentError

CPU = torch.device("cpu")


class Tape(gymnasium.Env[Any, int]):
    """Appends the action to a prompt of random length; pays, masks and ends at random.

    Args:
        truncates: Whether an episode may be cut.
        masked: Whether there are action masks.
    """

    V, P, T = 5, 3, 4

    def __init__(self, truncates: bool = False, masked: bool = True) -> None:
        self.observation_space = spaces.Box(0, self.V - 1, (self.P + self.T,), np.int64)
        self.action_space = spaces.Discrete(self.V)
        self.truncates, self.masked = truncates, masked

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.tokens = np.zeros(self.P + self.T, np.int64)
        length = int(self.np_random.integers(1, self.P + 1))
        self.tokens[self.P - length : self.P] = self.np_random.integers(1, self.V, length)
        self.length = 0
        return self.tokens.copy(), self.info()

    def info(self) -> dict[str, Any]:
        mask = self.np_random.random(self.V) < 0.7
        mask[1] = True
        return {"action_mask": mask.astype(np.int8)} if self.masked else {}

    def step(self, action: int) -> Any:
        self.tokens[self.P + self.length] = action
        self.length += 1
        over = self.length == self.T or self.np_random.random() < 0.2
        truncated = over and self.truncates and bool(self.np_random.random() < 0.5)
        reward = float(self.np_random.normal())
        return self.tokens.copy(), reward, over and not truncated, truncated, self.info()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3), st.booleans(), st.booleans())
def test_sequences_hold_the_transitions(
    seed: int, n_steps: int, n_envs: int, truncates: bool, masked: bool
) -> None:
    """Against the window and the memory of transitions, fed with the same steps."""
    generator = np.random.default_rng(seed)
    envs = [Tape(truncates, masked) for _ in range(n_envs)]
    slots, n_actions = Tape.P + Tape.T, Tape.V if masked else 0
    sequences = SequenceMemory(10**3, slots, n_actions, n_steps, 0.9, n_envs, generator, CPU)
    window = NStepWindow(n_steps, 0.9, n_envs)
    transitions = TransitionMemory(10**4, (slots,), np.int64, n_actions, generator, CPU)
    first = [env.reset(seed=seed + index) for index, env in enumerate(envs)]
    observations = np.stack([observation for observation, _ in first])
    masks = np.stack([info.get("action_mask", np.zeros(1)) for _, info in first]).astype(bool)
    resting = np.zeros(n_envs, bool)
    for _ in range(40):
        actions = generator.integers(1, Tape.V, n_envs)
        steps: list[Any] = []
        for env, action, rests in zip(envs, actions, resting, strict=True):
            begun = (*env.reset(), 0.0, False, False)
            if rests:
                observation, info = begun[:2]
                steps.append((observation, 0.0, False, False, info))
            else:
                env.tokens, env.length = (
                    observations[len(steps)].copy(),
                    count(observations, len(steps)),
                )
                steps.append(env.step(int(action)))
        following = np.stack([step[0] for step in steps])
        rewards = np.array([step[1] for step in steps])
        terminated, truncated = (np.array([step[i] for step in steps]) for i in (2, 3))
        next_masks = np.stack([s[4].get("action_mask", np.zeros(1)) for s in steps]).astype(bool)
        begins = {"observation": observations, "action": actions}
        ends = {"next_observation": following}
        if masked:
            begins["action_mask"], ends["next_action_mask"] = masks, next_masks
        outcome = (begins, rewards, ends, terminated, truncated, ~resting)
        sequences.record(*outcome)
        for each in window.push(*outcome):
            transitions.add(**each)
        resting = terminated | truncated
        observations, masks = following, next_masks
    held = {}
    for row in range(sequences.size):
        sequences.generator = Fixed(row)
        batch = sequences.sample(1)
        for index in range(len(batch.action)):
            observation = until(batch.observation, index)
            held[observation.tobytes() + bytes([row])] = (
                observation,
                until(batch.next_observation, index),
                int(batch.action[index]),
                float(batch.return_[index]),
                float(batch.discount[index]),
                None if batch.action_mask is None else batch.action_mask[index].tolist(),
                None if batch.next_action_mask is None else batch.next_action_mask[index].tolist(),
            )
    assert len(held) == len(sequences) <= len(transitions)
    expected = described(transitions.rows[: len(transitions)], masked)
    for observation, after, action, return_, discount, mask, next_mask in held.values():
        live = discount > 0
        discrete = (
            *(observation.tolist(), action, after.tolist() if live else []),
            *(mask or [], (next_mask or []) if live else []),
        )
        assert any(
            discrete == other and (return_, discount) == pytest.approx(numbers, abs=1e-5)
            for other, numbers in expected
        )


class Fixed:
    """Draws one and the same index."""

    def __init__(self, index: int) -> None:
        self.index = index

    def integers(self, high: int, size: int) -> np.ndarray:
        return np.full(size, self.index)


def count(observations: np.ndarray, index: int) -> int:
    return int(np.count_nonzero(observations[index, Tape.P :]))


def until(states: Any, index: int) -> np.ndarray:
    """The observation that a prefix stands for."""
    tokens = states.tokens[states.rows[index]].numpy().copy()
    tokens[int(states.slots[index]) + 1 :] = 0
    return tokens


def described(rows: np.ndarray, masked: bool) -> list[Any]:
    """What must agree exactly, and the return and the discount, of each transition."""
    result = []
    for row in rows:
        live = row["discount"] > 0
        discrete = (
            row["observation"].tolist(),
            int(row["action"]),
            row["next_observation"].tolist() if live else [],
            row["action_mask"].tolist() if masked else [],
            row["next_action_mask"].tolist() if masked and live else [],
        )
        result.append((discrete, (float(row["return_"]), float(row["discount"]))))
    return result


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.booleans())
def test_one_pass_values_every_beginning(seed: int, dueling: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    config = DQNConfig(transformer_width=16, transformer_depth=2, dueling=dueling)
    network = build_transformer(Tape.V, 7, config, generator)
    torch.nn.init.normal_(network.advantage.weight)
    tokens = torch.randint(1, Tape.V, (4, 7), generator=generator)
    rows = torch.arange(4).repeat_interleave(7)
    slots = torch.arange(7).repeat(4)
    together = network(Prefixes(tokens, rows, slots))
    beginnings = tokens[rows].clone()
    beginnings[torch.arange(7) > slots[:, None]] = 0
    torch.testing.assert_close(together, network(beginnings), rtol=1e-4, atol=1e-5)


def test_another_environment_is_refused() -> None:
    class Overwrites(Tape):
        def step(self, action: int) -> Any:
            return (self.tokens[::-1].copy(), *super().step(action)[1:])

    agent = lexigym.make_agent("dqn", Overwrites(), seed=0)
    with pytest.raises(EnvironmentFaultError, match="memory='transitions'"):
        agent.learn(20)
    lexigym.make_agent("dqn", Overwrites(), seed=0, memory="transitions").learn(20)


def test_a_small_memory_does_not_keep_learning_from_starting() -> None:
    agent = lexigym.make_agent(
        "dqn", Tape(), seed=0, buffer_size=60, learning_starts=60, transformer_width=8, batch_size=4
    ).learn(200)
    assert agent.memory.capacity * Tape.T < 60 < len(agent.memory)
    assert agent.learner.updates > 0


def test_only_tokens_get_a_transformer() -> None:
    assert type(lexigym.make_agent("dqn", Tape()).q_network).__name__ == "TransformerQNetwork"
    env = gymnasium.make("CartPole-v1")
    with pytest.raises(InvalidArgumentError, match="token observations"):
        lexigym.make_agent("dqn", env, memory="sequences")


def prioritized_memory(episodes: int, alpha: float = 0.5) -> SequenceMemory:
    """Return a memory of episodes of 1, 2, 3, 1, 2, 3, ... tokens, in the order of their play."""
    generator = np.random.default_rng(0)
    priorities = Priorities(25, alpha, generator)
    memory = SequenceMemory(25, 4, 0, 1, 0.9, 1, generator, CPU, priorities)
    for episode in range(episodes):
        length = 1 + episode % 3
        tokens = np.array([[1, 0, 0, 0]])
        for step in range(length):
            following = tokens.copy()
            following[0, 1 + step] = 2
            memory.record(
                {"observation": tokens, "action": np.array([2])},
                np.zeros(1),
                {"next_observation": following},
                np.array([step == length - 1]),
                np.zeros(1, bool),
                np.ones(1, bool),
            )
            tokens = following
    return memory


def test_episodes_are_drawn_in_proportion_to_their_surprise() -> None:
    """Nine parts of the largest error and one of the mean, of the transitions of an episode."""
    alpha, beta = 0.5, 0.4
    memory = prioritized_memory(3, alpha)
    errors = torch.tensor([0.1, -0.2, 0.4, 0.0, -3.0, 0.6])
    memory.update_priorities(np.array([0, 1, 1, 2, 2, 2]), errors)
    surprise = np.array([0.1, 0.9 * 0.4 + 0.1 * 0.3, 0.9 * 3 + 0.1 * 1.2]) + 1e-6
    probabilities = surprise**alpha / (surprise**alpha).sum()
    assert memory.priorities is not None
    memory.priorities.beta = beta
    batch = memory.sample(20_000)
    drawn = np.bincount(batch.indices, minlength=3) / np.array([1, 2, 3]) / 20_000
    # Stratified: each count is within one of its expectation.
    np.testing.assert_allclose(drawn, probabilities, atol=2 / 20_000)
    expected = (3 * probabilities[batch.indices]) ** -beta
    np.testing.assert_allclose(batch.weights, expected / expected.max(), rtol=1e-5)


def test_a_new_episode_has_the_highest_priority() -> None:
    memory = prioritized_memory(2, alpha=1.0)
    assert memory.priorities is not None
    tree = memory.priorities.tree
    assert tree[np.arange(3)].tolist() == [1, 1, 0]
    memory.update_priorities(np.array([0]), torch.tensor([-7.0]))
    memory._keep(0, np.array([1, 2, 0, 0]), True)
    assert tree[np.array([2])] == pytest.approx(7, abs=1e-5)


@pytest.mark.parametrize("episodes", [0, 3, 40])
def test_restored_prioritized_sequences_draw_the_same(episodes: int) -> None:
    memory, copy = prioritized_memory(episodes), prioritized_memory(0)
    if episodes:
        memory.update_priorities(np.array([0, 1, 1]), torch.tensor([0.1, 2.0, 5.0]))
    copy.restore({k: torch.from_numpy(np.array(v)) for k, v in memory.state().items()})
    assert len(copy) == len(memory)
    if episodes:
        assert copy.priorities is not None
        assert memory.priorities is not None
        copy.priorities.generator = np.random.default_rng(3)
        memory.priorities.generator = np.random.default_rng(3)
        assert copy.sample(8).indices.tolist() == memory.sample(8).indices.tolist()


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"memory": "episodes"}, "memory='episodes' is unknown"),
        ({"transformer_width": 30}, "multiple of transformer_heads=4, got 30"),
    ],
    ids=str,
)
def test_wrong_switches_are_named(switches: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        lexigym.make_agent("dqn", Tape(), **switches)


@pytest.mark.slow
@pytest.mark.parametrize(
    "switches", [{}, {"memory": "transitions"}, {"dueling": True}, {"n_steps": 4}], ids=str
)
def test_it_learns_to_copy(switches: dict[str, Any]) -> None:
    """The answer is the prompt: two of four letters."""
    agent = lexigym.make_agent(
        "dqn",
        copying(),
        seed=0,
        learning_rate=3e-3,
        learning_starts=200,
        target_update_interval=50,
        transformer_width=32,
        batch_size=32,
        n_steps=switches.pop("n_steps", 1),
        **switches,
    ).learn(6_000)
    assert evaluate(agent, copying(), 50).mean() > 0.9


def copying() -> Any:
    from lexigym.envs.datasets.schema import Dataset, Example

    letters = "abcd"
    pairs = [Example(f"{a} {b}", (f"{a} {b}",)) for a in letters for b in letters]
    data = Dataset("copying", "en", "en", "MIT", "the tests", {"train": pairs})
    return gymnasium.make("QA-v0", dataset=data)
