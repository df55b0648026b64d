"""However often an agent is saved and loaded while it learns, it becomes what it becomes without.

The twin only ever learns, plays, and is asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import lexigym
from lexigym.agents.checkpoint import read_config

BOUNDED = settings(max_examples=15, stateful_step_count=12, deadline=None, derandomize=True)
HYPERPARAMETERS: dict[str, Any] = {
    "net_arch": (4,),
    "buffer_size": 50,
    "learning_starts": 10,
    "batch_size": 4,
    "target_update_interval": 7,
    "n_steps": 2,
    "prioritized": True,
    "seed": 3,
    "device": "cpu",
}


def make_env() -> Any:
    return gymnasium.make("GridRobot-v0", size=4, slip=0.3)


class CheckpointMachine(RuleBasedStateMachine):
    """An agent, and its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "agent.zip"
        self.agent, self.twin = (
            lexigym.make_agent("dqn", make_env(), **HYPERPARAMETERS) for _ in range(2)
        )
        # What was done, and the files that were written in between.
        self.done: list[Callable[[Any], Any]] = []
        self.saved: list[tuple[int, bytes]] = []

    def do(self, call: Callable[[Any], Any]) -> None:
        self.done.append(call)
        assert call(self.agent) == call(self.twin)

    # Of an agent that has learned nothing there is no training to be saved.
    @initialize(steps=st.integers(1, 20))
    def begin(self, steps: int) -> None:
        self.learn(steps)

    @rule(steps=st.integers(1, 20))
    def learn(self, steps: int) -> None:
        self.do(lambda agent: agent.learn(steps).num_timesteps)

    @rule(seed=st.integers(0, 3), greedily=st.booleans())
    def play(self, seed: int, greedily: bool) -> None:
        """Who plays at random draws from the generator that learning goes on with."""
        observation, _ = make_env().reset(seed=seed)
        self.do(lambda agent: int(agent.predict(observation, deterministic=greedily)[0]))

    @rule()
    def save(self) -> None:
        self.agent.save(self.path, training_state=True)
        self.twin.save(self.path.with_name("twin.zip"), training_state=True)
        assert self.path.read_bytes() == self.path.with_name("twin.zip").read_bytes()
        self.saved.append((len(self.done), self.path.read_bytes()))

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def go_on_from_a_file(self, data: st.DataObject) -> None:
        """Also from an earlier one, as after a crash: what was done since is done again."""
        count, content = self.saved[data.draw(st.integers(0, len(self.saved) - 1))]
        self.path.write_bytes(content)
        self.agent = lexigym.load_agent(self.path, make_env())
        for call in self.done[count:]:
            call(self.agent)

    @rule()
    def save_to_play(self) -> None:
        """A copy without its training plays the same, and is no matter to the agent itself."""
        self.agent.save(self.path)
        assert "training" not in read_config(self.path)
        observation, _ = make_env().reset(seed=0)
        copy = lexigym.load_agent(self.path)
        assert (copy.q_values(observation) == self.twin.q_values(observation)).all()

    @invariant()
    def both_are_the_same(self) -> None:
        observation, _ = make_env().reset(seed=1)
        assert self.agent.num_timesteps == self.twin.num_timesteps
        assert (self.agent.q_values(observation) == self.twin.q_values(observation)).all()

    def teardown(self) -> None:
        self.folder.cleanup()


@pytest.mark.slow
def test_no_order_of_calls_breaks_a_checkpoint() -> None:
    run_state_machine_as_test(CheckpointMachine, settings=BOUNDED)
