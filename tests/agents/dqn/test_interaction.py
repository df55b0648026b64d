"""The transitions of a vector environment are those of its environments played one by one."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from lexigym.agents.dqn.interaction import interaction_with
from lexigym.agents.dqn.observations import ObservationEncoder
from lexigym.registry.errors import EnvironmentFaultError, InvalidArgumentError

from .environments import N_ACTIONS, Diary

SEEDS = [10, 20, 30]
N_STEPS = 60
KINDS = [
    ("box", "info"),
    ("box", "missing"),
    ("box", "none"),
    ("dict", "info"),
    ("dict", "observation"),
    ("tuple", "info"),
]


class Numbered(Diary):
    """A Diary whose first episode is never played, as it isn't by a single interaction."""

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None:
            super().reset(seed=seed)
        return super().reset()

    def _observe(self) -> Any:
        # SyncVectorEnv keeps the last observation of an episode over the reset, uncopied.
        return copy.deepcopy(super()._observe())


class Transition(NamedTuple):
    observation: list[float]
    mask: list[bool] | None
    action: int
    reward: float
    next_observation: list[float]
    next_mask: list[bool] | None
    terminated: bool
    truncated: bool


def collected(env: Any, seed: Any) -> dict[int, list[Transition]]:
    """Play by a fixed rule, and return the valid transitions by the environment's number."""
    interaction = interaction_with(env)
    is_vector = isinstance(env, SyncVectorEnv)
    space = env.single_observation_space if is_vector else env.observation_space
    encoder = ObservationEncoder(space)
    observations, masks = interaction.reset(seed)
    result: dict[int, list[Transition]] = {number: [] for number in SEEDS}
    for _ in range(N_STEPS):
        encoded = encoder.encode(observations)
        actions = encoded[:, :3].astype(int).sum(axis=1) % N_ACTIONS
        step = interaction.step(actions)
        next_encoded = encoder.encode(step.next_observation)
        for i in np.flatnonzero(step.valid):
            transition = Transition(
                encoded[i].tolist(),
                None if masks is None else masks[i].tolist(),
                int(actions[i]),
                float(step.reward[i]),
                next_encoded[i].tolist(),
                None if step.next_action_mask is None else step.next_action_mask[i].tolist(),
                bool(step.terminated[i]),
                bool(step.truncated[i]),
            )
            result[int(encoded[i, 0])].append(transition)
        observations, masks = step.observation, step.action_mask
    return result


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize(("kind", "masks"), KINDS)
def test_vector_transitions_are_the_single_ones(kind: str, masks: str, mode: AutoresetMode) -> None:
    # Without copies the vector overwrites its arrays, which is allowed.
    for copies in (True, False):
        vector = SyncVectorEnv(
            [lambda: Numbered(kind, masks)] * len(SEEDS), autoreset_mode=mode, copy=copies
        )
        transitions = collected(vector, SEEDS)
        for number in SEEDS:
            expected = collected(Diary(kind, masks), number)[number]
            mine = transitions[number]
            # The step of an autoreset takes time, so that the vector may get less far.
            assert len(mine) >= N_STEPS // 2
            assert mine == expected[: len(mine)]


@pytest.mark.parametrize("masks", ["info", "method", "missing", "observation", "none"])
def test_a_transition_is_whole(masks: str) -> None:
    kind = "dict" if masks == "observation" else "box"
    transitions = collected(Diary(kind, masks), SEEDS[0])[SEEDS[0]]
    ends = 0
    for transition in transitions:
        (_, episode, step), following = transition.observation[:3], transition.next_observation[:3]
        # Also where the episode ends it leads on in the same one, never to the next one's start.
        assert following == [SEEDS[0], episode, step + 1]
        done = transition.terminated or transition.truncated
        ends += done
        if masks == "none":
            assert transition.mask is transition.next_mask is None
            continue
        legal = [action != int(step) % N_ACTIONS for action in range(N_ACTIONS)]
        legal_next = [action != int(step + 1) % N_ACTIONS for action in range(N_ACTIONS)]
        is_missing = done and masks == "missing"
        assert transition.mask == legal
        assert transition.next_mask == ([True] * N_ACTIONS if is_missing else legal_next)
    assert ends > 10
    assert (
        {t.terminated for t in transitions} == {t.truncated for t in transitions} == {True, False}
    )


@pytest.mark.parametrize("seed", range(3))
def test_restored_goes_on_where_it_stood(seed: int) -> None:
    original, other = (interaction_with(Diary()) for _ in range(2))
    original.reset(seed)
    for _ in range(7 + seed):
        original.step(np.array([1]))
    state = original.state()
    assert state is not None
    other.restore(state)
    for _ in range(20):
        a, b = original.step(np.array([2])), other.step(np.array([2]))
        assert (a.reward, a.terminated, a.truncated) == (b.reward, b.terminated, b.truncated)


class LateMasks(Diary):
    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return super().reset(seed=seed)[0], {}


def test_masks_that_come_late_are_refused() -> None:
    interaction = interaction_with(LateMasks())
    interaction.reset(0)
    with pytest.raises(EnvironmentFaultError, match="in reset"):
        interaction.step(np.array([0]))


def test_no_environment_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"gymnasium\.make"):
        interaction_with("CartPole-v1")
