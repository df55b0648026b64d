"""The replay memory of texts: whole episodes, each one sequence of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...registry.errors import EnvironmentFaultError
from .prefixes import Prefixes
from .priorities import Priorities
from .replay import Batch
from .restoring import require_place, require_shape
from .transformer import PAD

Integers = npt.NDArray[np.int64]

# The share of an episode's largest error in its priority.
LARGEST = 0.9


class SequenceMemory:
    """A ring of episodes in which every action appends its token to the observation.

    The last observation of an episode then holds all earlier ones as its beginnings, so that one
    row keeps an episode, and one pass of a causal network values all its states.

    Args:
        capacity: Episodes held; then the oldest is overwritten.
        slots: L, the length of an observation.
        n_actions: The width of the action masks; 0 where the environment has none.
        n_steps: Rewards summed before the bootstrap.
        gamma: The discount factor.
        n_envs: Environments that step together.
        generator: The source of the draws.
        device: Where batches go.
        priorities: What draws in proportion to errors; None draws uniformly.
    """

    # A batch is already many transitions.
    batches_per_draw = 1

    # What a checkpoint holds of the episodes kept, and of those that are being played.
    held: tuple[str, ...] = ("tokens", "starts", "lengths", "rewards", "terminated", "mask_rows")
    playing: tuple[str, ...] = (
        "playing_starts",
        "playing_lengths",
        "playing_rewards",
        "playing_mask_rows",
    )

    def __init__(
        self,
        capacity: int,
        slots: int,
        n_actions: int,
        n_steps: int,
        gamma: float,
        n_envs: int,
        generator: np.random.Generator,
        device: torch.device,
        priorities: Priorities | None = None,
    ) -> None:
        self.n_steps, self.gamma = n_steps, gamma
        self.generator, self.device, self.priorities = generator, device, priorities
        self.capacity = capacity
        self.position = self.size = self.transitions = 0
        self.tokens = np.zeros((self.capacity, slots), np.int64)
        self.starts = np.zeros(self.capacity, np.int64)
        self.lengths = np.zeros(self.capacity, np.int64)
        self.rewards = np.zeros((self.capacity, slots), np.float32)
        self.terminated = np.zeros(self.capacity, bool)
        self.masks = MaskTable(n_actions) if n_actions else None
        self.mask_rows = np.zeros((self.capacity, slots + 1), np.int32)
        # The episodes that are still being played.
        self.playing_starts = np.full(n_envs, -1, np.int64)
        self.playing_lengths = np.zeros(n_envs, np.int64)
        self.playing_rewards = np.zeros((n_envs, slots), np.float32)
        self.playing_mask_rows = np.zeros((n_envs, slots + 1), np.int32)

    def __len__(self) -> int:
        """Return the number of transitions taken in, also of episodes that were replaced.

        How many are held depends on how long episodes are; learning that waits for more than fit
        would never start.
        """
        return self.transitions

    def record(
        self,
        begins: dict[str, npt.NDArray[Any]],
        rewards: npt.NDArray[np.float64],
        ends: dict[str, npt.NDArray[Any]],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
        valid: npt.NDArray[np.bool_],
    ) -> None:
        """Take one step of every environment; see `NStepWindow.push`.

        Raises:
            EnvironmentFaultError: If an action didn't append its token to the observation.
        """
        (envs,) = np.nonzero(valid)
        observations, after = begins["observation"][envs], ends["next_observation"][envs]
        fresh = envs[self.playing_lengths[envs] == 0]
        if len(fresh):
            self.playing_starts[fresh] = self.starts_of(begins["observation"][fresh])
        steps = self.playing_lengths[envs]
        slots = self.playing_starts[envs] + steps
        expected = observations.copy()
        fits = slots < expected.shape[1]
        rows = np.flatnonzero(fits)
        expected[rows, slots[fits]] = begins["action"][envs][fits]
        if not fits.all() or not np.array_equal(expected, after):
            raise EnvironmentFaultError(
                "an action did not append its token to the observation, as the sequence memory "
                "needs: choose memory='transitions' for this environment."
            )
        self.playing_rewards[envs, steps] = rewards[envs]
        if self.masks is not None:
            self.playing_mask_rows[envs, steps] = self.masks.add(begins["action_mask"][envs])
            following = self.masks.add(ends["next_action_mask"][envs])
            self.playing_mask_rows[envs, steps + 1] = following
        self.playing_lengths[envs] += 1
        for env in envs[terminated[envs] | truncated[envs]].tolist():
            self._keep(env, ends["next_observation"][env], bool(terminated[env]))

    def starts_of(self, observations: npt.NDArray[Any]) -> Integers:
        """Return the slot that the first token of each of n texts is written to, `(n,)`."""
        return first_free_slot(observations)

    def _keep(self, env: int, tokens: npt.NDArray[Any], terminated: bool) -> None:
        row = self.position
        if self.priorities is not None:
            self.priorities.add(np.array([row]))
        self.transitions += int(self.playing_lengths[env])
        self.tokens[row] = tokens
        self.starts[row] = self.playing_starts[env]
        self.lengths[row] = self.playing_lengths[env]
        self.rewards[row] = self.playing_rewards[env]
        self.terminated[row] = terminated
        self.mask_rows[row] = self.playing_mask_rows[env]
        self.position = (row + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)
        self._restart(env)

    def _restart(self, env: int) -> None:
        """Forget the episode that an environment has played."""
        self.playing_lengths[env] = 0
        self.playing_rewards[env] = 0

    def sample(self, batch_size: int) -> Batch:
        """Draw episodes, with replacement, and return all their transitions."""
        if self.priorities is None:
            return self._gather(self.generator.integers(self.size, size=batch_size), None)
        return self._gather(*self.priorities.draw(batch_size, self.size))

    def _gather(self, drawn: Integers, weights: Tensor | None) -> Batch:
        """Return all transitions of the drawn episodes."""
        lengths = self.lengths[drawn]
        rows = np.repeat(np.arange(len(drawn)), lengths)
        steps = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        # Steps until the bootstrap, or the end if that comes first.
        ahead = np.minimum(self.n_steps, lengths[rows] - steps)
        ends = (steps + ahead == lengths[rows]) & self.terminated[drawn][rows]
        slots = self.starts[drawn][rows] + steps
        tokens = self._to(self.tokens[drawn])
        return Batch(
            observation=self._states(tokens, drawn, rows, steps),
            action=self._to(self.tokens[drawn[rows], slots]),
            return_=self._to(self._returns(drawn)[rows, steps]),
            discount=self._to((self.gamma**ahead * ~ends).astype(np.float32)),
            next_observation=self._states(tokens, drawn, rows, steps + ahead),
            action_mask=self._masks_of(drawn[rows], steps),
            next_action_mask=self._masks_of(drawn[rows], steps + ahead),
            indices=drawn[rows],
            weights=None if weights is None else self._to(weights.numpy()[rows]),
        )

    def _states(self, tokens: Tensor, drawn: Integers, rows: Integers, steps: Integers) -> Prefixes:
        """Return the states after so many steps of the drawn episodes that `rows` tells."""
        slots = self.starts[drawn][rows] + steps - 1
        return Prefixes(tokens, self._to(rows), self._to(slots))

    def _returns(self, episodes: Integers) -> npt.NDArray[np.float32]:
        """Return the discounted sums of the next rewards, `(B, L)`; none follow the end."""
        rewards = self.rewards[episodes]
        returns = rewards.copy()
        for step in range(1, min(self.n_steps, rewards.shape[1])):
            returns[:, :-step] += np.float32(self.gamma**step) * rewards[:, step:]
        return returns

    def _masks_of(self, episodes: Integers, steps: Integers) -> Tensor | None:
        if self.masks is None:
            return None
        return self._to(self.masks.rows[self.mask_rows[episodes, steps]])

    def _to(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def update_priorities(self, indices: Integers, errors: Tensor) -> None:
        """Be told the errors of a drawn batch.

        That of an episode is 0.9 times the largest of its transitions and 0.1 times their mean
        (Kapturowski et al. 2019, section 2.3): the mean alone hides one surprise in a long text.
        """
        if self.priorities is None:
            return
        absolute = np.abs(errors.cpu().numpy().astype(np.float64))
        episodes, places = np.unique(indices, return_inverse=True)
        largest = np.zeros(len(episodes))
        np.maximum.at(largest, places, absolute)
        mean = np.bincount(places, absolute) / np.bincount(places)
        self.priorities.update(episodes, LARGEST * largest + (1 - LARGEST) * mean)

    def state(self) -> dict[str, Any]:
        """Return the arrays that `restore` takes."""
        held = slice(0, self.size)
        state = {
            "counters": np.array([self.position, self.size, self.transitions]),
            **{name: getattr(self, name)[held] for name in self.held},
            **{name: getattr(self, name) for name in self.playing},
        }
        if self.masks is not None:
            state["masks"] = self.masks.rows
        return state if self.priorities is None else state | self.priorities.state(self.size)

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.position, self.size, self.transitions = (int(each) for each in state["counters"])
        require_place(self.position, self.size, self.capacity)
        places = {name: getattr(self, name)[: self.size] for name in self.held}
        places |= {name: getattr(self, name) for name in self.playing}
        for name, place in places.items():
            require_shape(state, name, place.shape)
            place[:] = state[name].numpy()
        if self.masks is not None:
            self.masks.add(state["masks"].numpy())
        if self.priorities is not None:
            self.priorities.restore(state, self.size)


class MaskTable:
    """Distinct action masks, each kept once: most environments have few.

    Args:
        n_actions: A.

    Attributes:
        rows: `(M, A) bool`, in the order of their first appearance.
    """

    def __init__(self, n_actions: int) -> None:
        self.rows = np.zeros((0, n_actions), bool)
        self._numbers: dict[bytes, int] = {}

    def add(self, masks: npt.NDArray[np.bool_]) -> Integers:
        """Return the row of each of `(n, A)` masks."""
        numbers = np.empty(len(masks), np.int64)
        new = []
        for index, mask in enumerate(masks):
            key = mask.tobytes()
            if key not in self._numbers:
                self._numbers[key] = len(self._numbers)
                new.append(mask)
            numbers[index] = self._numbers[key]
        if new:
            self.rows = np.concatenate([self.rows, np.stack(new)])
        return numbers


def first_free_slot(observations: npt.NDArray[Any]) -> Integers:
    """Return the slot after the last token that is not padding, `(n,) int64`."""
    filled = observations != PAD
    free: Integers = observations.shape[1] - np.argmax(filled[:, ::-1], axis=1)
    return free
