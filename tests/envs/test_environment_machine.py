"""Whatever is done to an environment, and in whatever order, a twin tells what must come of it.

The twin is made with the same arguments and only ever reset and stepped; the environment itself is
also rendered, pickled, put back to snapshots, given nonsense, closed and thrown away. When it goes
back, another twin is made that does what had been done by then.
"""

from __future__ import annotations

import copy
import functools
import json
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
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

BOUNDED = settings(max_examples=20, stateful_step_count=25, deadline=None, derandomize=True)
SMALL = {"level": "small"}
# Of an id that isn't here, the defaults.
CASES: dict[str, list[dict[str, Any]]] = {
    "GridRobot-v0": [{"slip": 0.3, "size": 4}, {"layout": "random", "size": 4}],
    "QA-v0": [SMALL, SMALL | {"candidates": 3, "observation": "dict"}],
    "TextGen-v0": [SMALL],
    "Translation-v0": [SMALL, SMALL | {"reward": "terminal"}],
    "twenty_questions_v0": [SMALL],
}
NONSENSE = (-1, 10**6, 0.5, None, "up", {}, np.array([0, 1]))
OPTIONS = (
    *({"example": index} for index in (0, 1, -1, 10**9, "0", None)),
    *({"start": start} for start in ((0, 0), (1, 2), (3, 3), (9, 9), "here", None)),
    {"nothing": 1},
    {},
)


def outcome(call: Any) -> Any:
    """Return what a call gives, or how it is refused."""
    try:
        return call()
    except (LexigymError, ResetNeeded) as error:
        refused = type(error), str(error)
    assert len(refused[1].splitlines()) == 1
    return refused


def legal_actions(space: Any, mask: Any) -> Any:
    """Return a strategy of the actions that a mask allows, any of a space where there is none."""
    if isinstance(space, gymnasium.spaces.Dict):
        masks = mask or dict.fromkeys(space)
        return st.fixed_dictionaries(
            {k: legal_actions(each, masks[k]) for k, each in space.items()}
        )
    # Who isn't to move has an empty mask, and may do anything.
    legal = np.flatnonzero(mask) if mask is not None and np.any(mask) else np.arange(space.n)
    return st.sampled_from([int(space.start) + action for action in legal.tolist()])


class EnvironmentMachine(RuleBasedStateMachine):
    """An environment and its twin."""

    id: str
    arguments: dict[str, Any]

    def make(self, **arguments: Any) -> gymnasium.Env[Any, Any]:
        return gymnasium.make(self.id, **self.arguments, **arguments)

    def __init__(self) -> None:
        super().__init__()
        self.env = self.make(render_mode="ansi")
        self.twin = self.make()
        self.space = self.env.action_space
        # What was returned, and what it was then.
        self.kept: list[tuple[Any, Any]] = []
        self.calls: list[tuple[str, Any, Any]] = []
        self.snapshots: list[tuple[str, list[tuple[str, Any, Any]], Any]] = []
        self.latest: Any = None
        self.running = False
        self.keys: Any = None
        self.pickled = 0

    def do(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Do the same to both, and return what both gave."""
        mine = outcome(lambda: getattr(self.env, name)(*arguments, **keywords))
        twins = outcome(lambda: getattr(self.twin, name)(*arguments, **keywords))
        assert_equal(mine, twins)
        self.calls.append((name, arguments, keywords))
        self.kept.append((mine, copy.deepcopy(mine)))
        return mine

    @initialize(seed=st.integers(0, 2**32))
    def seed(self, seed: int) -> None:
        # Before a reset nothing can be done, and an environment says so.
        assert outcome(lambda: self.env.step(self.space.sample()))[0] is ResetNeeded
        self.begin(self.do("reset", seed=seed))

    @rule(seed=st.none() | st.integers(0, 3))
    def reset(self, seed: int | None) -> None:
        self.begin(self.do("reset", seed=seed))

    @rule(options=st.sampled_from(OPTIONS))
    def reset_with_options(self, options: dict[str, Any]) -> None:
        self.begin(self.do("reset", options=options))

    def begin(self, given: Any) -> None:
        if isinstance(given[0], type):
            # What was refused may have ended the episode, or not, as it did the twin's.
            self.begin(self.do("reset"))
            return
        self.running, self.latest, self.total = True, given, 0.0
        self.look(*given)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def step_legally(self, data: st.DataObject) -> None:
        self.step(data.draw(legal_actions(self.space, self.latest[1].get("action_mask"))))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def step_anyhow(self, data: st.DataObject) -> None:
        """Masked or not: it is told by the mask what that comes to."""
        action = data.draw(legal_actions(self.space, None))
        mask = self.latest[1].get("action_mask")
        self.step(action)
        if isinstance(mask, np.ndarray) and not mask[action]:
            _, _, terminated, _, info = self.latest
            assert terminated
            assert (info["score"], info["invalid"]) == (0, 1)

    @precondition(lambda self: self.running and hasattr(self.env.unwrapped, "oracle_action"))
    @rule()
    def step_best(self) -> None:
        action = self.env.unwrapped.oracle_action()  # type: ignore[attr-defined]
        mask = self.latest[1].get("action_mask")
        if isinstance(mask, np.ndarray):
            assert mask[action]
        self.step(action)

    def step(self, action: Any) -> None:
        given = self.do("step", action)
        if isinstance(given[0], type):
            # A game may refuse what its masks rule out; then nothing happens at all.
            return
        observation, reward, terminated, truncated, info = given
        self.latest = (observation, info) if not (terminated or truncated) else given
        self.running = not (terminated or truncated)
        self.total += reward
        if terminated and "score" in info:
            assert self.total == pytest.approx(info["score"], abs=1e-9)
        self.look(observation, info)

    def look(self, observation: Any, info: dict[str, Any]) -> None:
        assert self.env.observation_space.contains(observation)
        self.keys = self.keys or info.keys()
        assert info.keys() == self.keys
        masks = info.get("action_mask", {})
        if isinstance(masks, np.ndarray):
            assert masks.any()
            assert (self.env.get_wrapper_attr("action_masks")() == masks).all()
        elif self.running and masks:
            assert any(mask.any() for mask in masks.values())

    @precondition(lambda self: not self.running)
    @rule(data=st.data())
    def step_after_the_end(self, data: st.DataObject) -> None:
        action = data.draw(legal_actions(self.space, None))
        assert outcome(lambda: self.env.step(action))[0] is ResetNeeded

    @precondition(lambda self: self.running)
    @rule(action=st.sampled_from(NONSENSE))
    def step_by_nonsense(self, action: Any) -> None:
        """It is refused, and changes nothing, as the twin, which isn't given it, will tell."""
        refused = outcome(lambda: self.env.step(action))
        assert issubclass(refused[0], LexigymError)

    @rule()
    def render(self) -> None:
        assert isinstance(self.env.render(), str)

    @rule()
    def ask_the_oracle(self) -> None:
        for each in (self.env, self.twin):
            each.unwrapped.oracle_return()  # type: ignore[attr-defined]

    # It takes ten times as long as all else.
    @precondition(lambda self: self.pickled < 1)
    @rule()
    def pickle(self) -> None:
        self.pickled += 1
        self.env = pickle.loads(pickle.dumps(self.env))

    @precondition(lambda self: hasattr(self.env.unwrapped, "restore"))
    @rule()
    def take_a_snapshot(self) -> None:
        state = self.state_of(self.env)
        assert state == self.state_of(self.twin)
        now = (self.running, self.latest, self.total)
        self.snapshots.append((state, self.calls.copy(), now))

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), fresh=st.booleans())
    def go_back(self, data: st.DataObject, fresh: bool) -> None:
        state, calls, now = data.draw(st.sampled_from(self.snapshots))
        if fresh:
            self.env = self.make(render_mode="ansi")
        self.env.unwrapped.restore(json.loads(state))  # type: ignore[attr-defined]
        assert self.state_of(self.env) == state
        self.twin, self.calls = self.make(), calls.copy()
        self.catch_up(self.twin)
        self.running, self.latest, self.total = now

    def state_of(self, env: gymnasium.Env[Any, Any]) -> str:
        return json.dumps(env.unwrapped.state())  # type: ignore[attr-defined]

    def catch_up(self, env: gymnasium.Env[Any, Any]) -> None:
        for name, arguments, keywords in self.calls:
            outcome(functools.partial(getattr(env, name), *arguments, **keywords))

    @rule(seed=st.integers(0, 3))
    def close(self, seed: int) -> None:
        """Closed twice, it may still be reset; another that takes its place goes on from there."""
        self.env.close()
        self.env.close()
        assert_equal(self.env.reset(seed=seed), self.make().reset(seed=seed))
        self.env = self.make(render_mode="ansi")
        self.catch_up(self.env)

    def teardown(self) -> None:
        """Nothing that was returned has changed, and nothing is hidden that the twin hasn't."""
        for given, copied in self.kept:
            assert_equal(given, copied)
        if self.calls and hasattr(self.env.unwrapped, "restore"):
            assert self.state_of(self.env) == self.state_of(self.twin)
        self.env.close()
        self.twin.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments"),
    [(each["id"], case) for each in ENVIRONMENTS for case in CASES.get(each["id"], [{}])],
    ids=str,
)
def test_no_order_of_calls_breaks_it(name: str, arguments: dict[str, Any]) -> None:
    if name.endswith("_v0"):
        pytest.importorskip("pettingzoo")
    attributes = {"id": name, "arguments": arguments}
    run_state_machine_as_test(type("Machine", (EnvironmentMachine,), attributes), settings=BOUNDED)
