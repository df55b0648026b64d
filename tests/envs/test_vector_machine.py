"""Whatever is done to a vector, and in whatever order, it gives what single environments give.

Those are Gymnasium's own vector of them, which is only ever reset and stepped, as the twin of
`test_environment_machine` is.
"""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.catalog import ENVIRONMENTS
from lexigym.registry.errors import LexigymError

from .equality import assert_equal
from .test_environment_machine import CASES, outcome

BOUNDED = settings(max_examples=20, stateful_step_count=20, deadline=None, derandomize=True)
NUM_ENVS = 3
MASKS = [np.array(mask) for mask in ([True, False, False], [False, True, True], [True] * NUM_ENVS)]
NONSENSE = (
    np.zeros(NUM_ENVS + 1, np.int64),
    np.array([0, 0, -1]),
    np.array([10**6, 0, 0]),
    np.zeros(NUM_ENVS),
    [0, 0, "up"],
    0,
)
seeds = st.none() | st.integers(0, 3) | st.just([7, 0, 7]) | st.just([None, 5, None])


class VectorMachine(RuleBasedStateMachine):
    """A vector, and n single environments."""

    id: str
    arguments: dict[str, Any]
    mode: AutoresetMode

    def make(self) -> VectorEnv[Any, Any, Any]:
        vectorized = {"vectorization_mode": "vector_entry_point", "autoreset_mode": self.mode}
        return gymnasium.make_vec(self.id, NUM_ENVS, **vectorized, **self.arguments)

    def make_twin(self) -> VectorEnv[Any, Any, Any]:
        single = [lambda: gymnasium.make(self.id, **self.arguments)] * NUM_ENVS
        return SyncVectorEnv(single, autoreset_mode=self.mode)

    def __init__(self) -> None:
        super().__init__()
        self.env, self.twin = self.make(), self.make_twin()
        self.count = int(self.env.single_action_space.n)  # type: ignore[attr-defined]
        self.kept: list[tuple[Any, Any]] = []
        self.calls: list[tuple[str, Any]] = []
        self.snapshots: list[tuple[str, list[tuple[str, Any]], Any]] = []
        self.over = np.zeros(NUM_ENVS, bool)
        self.pickled = 0

    def do(self, name: str, **keywords: Any) -> Any:
        """Do the same to both, and return what both gave."""
        self.calls.append((name, copy.deepcopy(keywords)))
        mine = getattr(self.env, name)(**copy.deepcopy(keywords))
        # Gymnasium's takes the mask out of the options.
        assert_equal(mine, getattr(self.twin, name)(**keywords))
        self.kept.append((mine, copy.deepcopy(mine)))
        return mine

    @initialize(seed=st.integers(0, 2**32))
    def seed(self, seed: int) -> None:
        assert outcome(lambda: self.env.step(np.zeros(NUM_ENVS, np.int64)))[0] is ResetNeeded
        self.reset(seed)

    @rule(seed=seeds)
    def reset(self, seed: Any) -> None:
        observation, _ = self.do("reset", seed=seed)
        assert self.env.observation_space.contains(observation)
        self.over[:] = False

    @rule(seed=seeds, mask=st.sampled_from(MASKS))
    def reset_some(self, seed: Any, mask: Any) -> None:
        self.do("reset", seed=seed, options={"reset_mask": mask | self.over})
        self.over[:] = False

    @precondition(lambda self: not self.over.any())
    @rule(data=st.data(), legal=st.booleans())
    def step(self, data: st.DataObject, legal: bool) -> None:
        masks = np.ones((NUM_ENVS, self.count), bool)
        if legal and hasattr(self.env, "action_masks"):
            masks = self.env.action_masks()
        assert masks.any(axis=1).all()
        chosen = [data.draw(st.sampled_from(np.flatnonzero(mask).tolist())) for mask in masks]
        observation, _, terminated, truncated, _ = self.do("step", actions=np.array(chosen))
        assert self.env.observation_space.contains(observation)
        if self.mode is AutoresetMode.DISABLED:
            self.over = terminated | truncated

    @precondition(lambda self: self.over.any())
    @rule()
    def step_after_an_end(self) -> None:
        """Nothing happens at all, as the twin, which isn't stepped, will tell."""
        assert outcome(lambda: self.env.step(np.zeros(NUM_ENVS, np.int64)))[0] is ResetNeeded

    @precondition(lambda self: not self.over.any())
    @rule(actions=st.sampled_from(NONSENSE))
    def step_by_nonsense(self, actions: Any) -> None:
        refused = outcome(lambda: self.env.step(actions))
        assert issubclass(refused[0], LexigymError)

    @rule()
    def ask_the_oracle(self) -> None:
        assert len(self.env.oracle_action()) == NUM_ENVS  # type: ignore[attr-defined]
        assert len(self.env.oracle_return()) == NUM_ENVS  # type: ignore[attr-defined]

    # It takes ten times as long as all else.
    @precondition(lambda self: self.pickled < 1)
    @rule()
    def pickle(self) -> None:
        self.pickled += 1
        self.env = pickle.loads(pickle.dumps(self.env))

    @rule()
    def take_a_snapshot(self) -> None:
        state = json.dumps(self.env.state())  # type: ignore[attr-defined]
        self.snapshots.append((state, self.calls.copy(), self.over.copy()))

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), fresh=st.booleans())
    def go_back(self, data: st.DataObject, fresh: bool) -> None:
        state, calls, over = data.draw(st.sampled_from(self.snapshots))
        if fresh:
            self.env = self.make()
        self.env.restore(json.loads(state))  # type: ignore[attr-defined]
        assert json.dumps(self.env.state()) == state  # type: ignore[attr-defined]
        self.twin, self.calls, self.over = self.make_twin(), calls.copy(), over.copy()
        self.catch_up(self.twin)

    @rule()
    def close(self) -> None:
        """Closed twice, it is another that goes on."""
        self.env.close()
        self.env.close()
        self.env = self.make()
        self.catch_up(self.env)

    def catch_up(self, env: VectorEnv[Any, Any, Any]) -> None:
        for name, keywords in self.calls:
            getattr(env, name)(**copy.deepcopy(keywords))

    def teardown(self) -> None:
        """Nothing that was returned has changed."""
        for given, copied in self.kept:
            assert_equal(given, copied)
        self.env.close()
        self.twin.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", AutoresetMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (each["id"], case)
        for each in ENVIRONMENTS
        if "vector_entry_point" in each
        for case in CASES.get(each["id"], [{}])[:1]
    ],
    ids=str,
)
def test_no_order_of_calls_breaks_a_vector(
    name: str, arguments: dict[str, Any], mode: AutoresetMode
) -> None:
    attributes = {"id": name, "arguments": arguments, "mode": mode}
    run_state_machine_as_test(type("Machine", (VectorMachine,), attributes), settings=BOUNDED)
