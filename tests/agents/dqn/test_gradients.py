"""The gradient written out by hand gives autograd's weights; any module learns by autograd."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import lexigym
from lexigym.agents.dqn import gradients
from lexigym.agents.dqn.config import DQNConfig
from lexigym.agents.dqn.gradients import AutogradGradient, ClosedFormGradient
from lexigym.agents.dqn.learner import Learner
from lexigym.agents.dqn.networks import build_q_network
from lexigym.agents.dqn.observations import ObservationEncoder
from lexigym.agents.dqn.parameters import Adam, CompiledAdam, FlatParameters
from lexigym.agents.dqn.priorities import Priorities
from lexigym.agents.dqn.replay import Batch, TransitionMemory

from ..environments import N_ACTIONS, Match

BOX = spaces.Box(-1, 1, (4,), np.float32)
SWITCHES: list[dict[str, Any]] = [
    {},
    {"double": False, "munchausen": False},
    {"double": True, "munchausen": False},
    {"prioritized": True, "munchausen": False},
    {"huber_threshold": 0.01},
    {"huber_threshold": float("inf")},
    {"munchausen": True},
    {"munchausen": True, "prioritized": True, "tau": 0.1},
    {"net_arch": ()},
    {"net_arch": (7,)},
    {"net_arch": (16, 8, 5), "max_grad_norm": 0.1},
    {"max_grad_norm": float("inf")},
]


def network(space: Any = BOX, seed: int = 0, **arguments: Any) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    arguments = {"net_arch": (16, 16), "dueling": False, **arguments}
    return build_q_network(space, N_ACTIONS, generator=generator, **arguments)


def filled_memory(space: Any, *, prioritized: bool, seed: int = 6) -> TransitionMemory:
    generator = np.random.default_rng(0)
    encoder = ObservationEncoder(space)
    priorities = Priorities(200, 0.6, generator) if prioritized else None
    drawn_by = generator, torch.device("cpu"), priorities
    memory = TransitionMemory(200, encoder.shape, encoder.dtype, N_ACTIONS, *drawn_by)
    space.seed(seed)
    first, second = ([space.sample() for _ in range(200)] for _ in range(2))
    actions = generator.integers(N_ACTIONS, size=200)
    masks = generator.random((2, 200, N_ACTIONS)) < 0.5
    masks[0][np.arange(200), actions] = masks[1, :, 0] = True
    memory.add(
        observation=encoder.encode(np.array(first)),
        next_observation=encoder.encode(np.array(second)),
        action=actions,
        return_=generator.normal(size=200) * 2,
        discount=generator.choice([0.0, 0.99], size=200),
        action_mask=masks[0],
        next_action_mask=masks[1],
    )
    return memory


def learned(space: Any, *, closed_form: bool, seed: int = 6, **switches: Any) -> torch.Tensor:
    config = DQNConfig(closed_form=closed_form, **{"net_arch": (16, 16), **switches})
    learner = Learner(network(space, net_arch=config.net_arch), config)
    expected = ClosedFormGradient if closed_form else AutogradGradient
    assert type(learner.gradient) is expected
    memory = filled_memory(space, prioritized=config.prioritized, seed=seed)
    for _ in range(20):
        learner.update(memory, 10)
        learner.update_target()
    assert learner.updates == 200
    return learner.parameters.values


def require_the_same_weights(space: Any, **switches: Any) -> None:
    """Require it for one seed of some: a gradient that is wrong is so for each of them.

    Where a hidden unit comes within rounding of 0, the two versions may take different sides of the
    rectifier, most often with binary inputs; with which seeds depends on the processor.
    """
    for seed in range(6, 16):
        by_hand, by_autograd = (
            learned(space, closed_form=closed_form, seed=seed, **switches)
            for closed_form in (True, False)
        )
        if torch.allclose(by_hand, by_autograd, rtol=0, atol=1e-6):
            return
    torch.testing.assert_close(by_hand, by_autograd, rtol=0, atol=1e-6)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_closed_form_gives_autograds_weights(switches: dict[str, Any]) -> None:
    require_the_same_weights(BOX, **switches)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(5, start=2),
        spaces.MultiDiscrete([3, 4]),
        spaces.MultiBinary(6),
        spaces.Box(0, 255, (2, 3), np.uint8),
        spaces.Box(-1, 1, (), np.float64),
    ],
    ids=str,
)
def test_closed_form_takes_every_flat_space(space: Any) -> None:
    require_the_same_weights(space)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 9), max_size=3), st.booleans())
def test_one_gradient_is_autograds(seed: int, net_arch: list[int], weighted: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    size = int(torch.randint(1, 12, (), generator=generator))
    observation = torch.randn(size, 4, generator=generator)
    action = torch.randint(N_ACTIONS, (size,), generator=generator)
    target = 3 * torch.randn(size, generator=generator)
    weights = torch.rand(size, generator=generator) if weighted else None
    zeros = torch.zeros(size)
    batch = Batch(
        observation=observation,
        action=action,
        return_=zeros,
        discount=zeros,
        next_observation=observation,
        action_mask=None,
        next_action_mask=None,
        indices=np.arange(size),
        weights=weights,
    )
    found_gradients, errors = [], []
    for closed_form in (True, False):
        config = DQNConfig(closed_form=closed_form, net_arch=tuple(net_arch))
        learner = Learner(network(seed=seed, net_arch=net_arch), config)
        errors.append(learner.gradient.accumulate(batch, target).clone())
        found_gradients.append(learner.parameters.gradients.clone())
    torch.testing.assert_close(errors[0], errors[1])
    torch.testing.assert_close(found_gradients[0], found_gradients[1])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_all_ways_to_the_values_agree(seed: int, count: int) -> None:
    learner = Learner(network(seed=seed), DQNConfig(net_arch=(16, 16)))
    observation = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    tensor = torch.from_numpy(observation)
    with torch.no_grad():
        expected = learner.network(tensor)
    torch.testing.assert_close(learner.gradient.values(tensor), expected)
    torch.testing.assert_close(torch.from_numpy(learner.gradient.act(observation)), expected)


def test_the_update_is_the_plain_one() -> None:
    """Against torch's own Adam, clipping and Huber loss, in a few lines."""
    config = DQNConfig(net_arch=(16, 16), munchausen=False, max_grad_norm=0.5)
    learner = Learner(network(), config)
    plain, target = network(), network()
    optimizer = torch.optim.Adam(plain.parameters(), lr=config.learning_rate)
    memory, twin = (filled_memory(BOX, prioritized=False) for _ in range(2))
    for _ in range(200):
        learner.update(memory)
        batch = twin.sample(config.batch_size)
        assert batch.next_action_mask is not None
        with torch.no_grad():
            following = target(batch.next_observation)
            following[~batch.next_action_mask] = -torch.inf
            goal = batch.return_ + batch.discount * following.max(dim=1).values
        values = plain(batch.observation)[torch.arange(config.batch_size), batch.action]
        optimizer.zero_grad()
        nn.functional.smooth_l1_loss(values, goal).backward()
        nn.utils.clip_grad_norm_(plain.parameters(), config.max_grad_norm)
        optimizer.step()
    expected = nn.utils.parameters_to_vector(plain.parameters()).detach()
    torch.testing.assert_close(learner.parameters.values, expected, rtol=0, atol=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 10.0, float("inf")]), st.integers(1, 40))
def test_compiled_adam_is_torchs(seed: int, max_grad_norm: float, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randn(30, size, generator=generator)
    steps[:, torch.rand(size, generator=generator) < 0.2] = 0
    moved = []
    for kind in (CompiledAdam, Adam):
        parameters = FlatParameters(nn.ParameterList([torch.ones(size)]))
        optimizer = kind(parameters, 1e-2, max_grad_norm)
        for gradient in steps:
            parameters.gradients.copy_(gradient)
            optimizer.step()
        moved.append((parameters.values, optimizer.first_moment, optimizer.second_moment))
        assert float(optimizer.steps) == 30
    torch.testing.assert_close(*moved, rtol=1e-5, atol=1e-6)


def test_autograd_takes_over_where_nothing_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = learned(BOX, closed_form=True)
    monkeypatch.setattr(gradients, "can_compile", lambda: False)
    learner = Learner(network(), DQNConfig(net_arch=(16, 16)))
    assert type(learner.gradient) is AutogradGradient
    assert type(learner.optimizer) is Adam
    torch.testing.assert_close(compiled, learned(BOX, closed_form=False), rtol=0, atol=1e-6)


def test_a_disabled_compiler_is_seen() -> None:
    code = "from lexigym.registry.compiler import can_compile; assert not can_compile()"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


class Squares(nn.Module):
    """A Q-network of one's own, with a buffer, an unused parameter and a frozen one."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2 * N_ACTIONS, N_ACTIONS)
        self.unused = nn.Parameter(torch.ones(2))
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        both = torch.cat([observations, observations * observations], dim=1)
        result: torch.Tensor = self.layer(both) * self.frozen
        return result


@pytest.mark.parametrize("way", ["module", "builder", "double precision"])
def test_any_module_learns(way: str) -> None:
    torch.manual_seed(0)
    module: Any = Squares()
    if way == "builder":
        module = lambda space, n_actions: Squares()  # noqa: E731
    elif way == "double precision":
        module = nn.Sequential(Cast(), nn.Linear(N_ACTIONS, N_ACTIONS).double())
    agent = lexigym.make_agent(
        "dqn", Match(), q_network=module, seed=0, learning_starts=100, learning_rate=1e-2, gamma=0.0
    )
    agent.learn(1000)
    assert agent.q_values(np.eye(N_ACTIONS, dtype=np.float32)).argmax(1).tolist() == [0, 1, 2, 3]


class Cast(nn.Module):
    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return observations.double()


def test_dueling_is_learned_by_autograd() -> None:
    learner = Learner(network(dueling=True), DQNConfig(dueling=True, net_arch=(16, 16)))
    assert type(learner.gradient) is AutogradGradient
    memory = filled_memory(BOX, prioritized=True)
    before = learner.parameters.values.clone()
    learner.update(memory, 20)
    assert not torch.equal(before, learner.parameters.values)
    # V is the mean of Q, since the advantages' mean is taken off.
    observation = memory.sample(8).observation
    hidden = learner.network.trunk(observation)
    torch.testing.assert_close(
        learner.network(observation).mean(1, keepdim=True), learner.network.value(hidden)
    )
