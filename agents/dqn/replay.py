"""The replay memory: transitions in a ring, drawn uniformly or in proportion to their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .prefixes import Prefixes
from .priorities import Priorities
from .restoring import require_place, require_shape


@dataclass(frozen=True)
class Batch:
    """B transitions as tensors; they are overwritten by the next draw of the same size.

    Attributes:
        observation: `(B, *shape)`, the state; `Prefixes` of whole texts from a `SequenceMemory`.
        action: `(B,) int64`, taken there.
        return_: `(B,) float32`, the scaled, discounted rewards up to the bootstrap.
        discount: `(B,) float32`, gamma to the number of steps; 0 where the episode terminated.
        next_observation: `(B, *shape)`, the state to bootstrap from.
        action_mask: `(B, A) bool` at the state; None where the environment has no masks.
        next_action_mask: `(B, A) bool` at the next state; None likewise.
        indices: `(B,) int64`, where they stand in the memory.
        weights: `(B,) float32` importance weights; None for uniform replay.
    """

    observation: Tensor | Prefixes
    action: Tensor
    return_: Tensor
    discount: Tensor
    next_observation: Tensor | Prefixes
    action_mask: Tensor | None
    next_action_mask: Tensor | None
    indices: npt.NDArray[np.int64]
    weights: Tensor | None

    def split(self, count: int) -> list[Batch]:
        """Return `count` equal batches of it, in order, as views."""
        if count == 1:
            return [self]
        columns: list[Any] = []
        for column in vars(self).values():
            if column is None:
                columns.append([None] * count)
            elif isinstance(column, Tensor):
                columns.append(column.chunk(count))
            else:
                columns.append(np.split(column, count))
        return [Batch(*fields) for fields in zip(*columns, strict=True)]


class TransitionMemory:
    """A ring of transitions, drawn uniformly with replacement (Mnih et al. 2015), or by priority.

    Each transition is one row of a structured array, so that drawing it touches one place in
    memory, not one per field.

    Args:
        capacity: Transitions held; then the oldest is overwritten.
        observation_shape: The shape of one observation.
        observation_dtype: Its dtype.
        n_actions: The width of the action masks; 0 where the environment has none.
        generator: The source of the draws.
        device: Where batches go.
        priorities: What draws in proportion to errors; None draws uniformly.
    """

    def __init__(
        self,
        capacity: int,
        observation_shape: tuple[int, ...],
        observation_dtype: npt.DTypeLike,
        n_actions: int,
        generator: np.random.Generator,
        device: torch.device,
        priorities: Priorities | None = None,
    ) -> None:
        fields: list[Any] = [
            ("observation", observation_dtype, observation_shape),
            ("next_observation", observation_dtype, observation_shape),
            ("action", np.int64),
            ("return_", np.float32),
            ("discount", np.float32),
        ]
        if n_actions:
            fields += [("action_mask", bool, (n_actions,))]
            fields += [("next_action_mask", bool, (n_actions,))]
        self.rows = np.zeros(capacity, dtype=np.dtype(fields, align=True))
        self.capacity = capacity
        self.position = 0
        self.size = 0
        self.generator = generator
        self.device = device
        self.priorities = priorities
        # Uniform draws don't depend on the errors, so that several batches can be drawn in one go.
        self.batches_per_draw = 32 if priorities is None else 1
        self._columns = {name: self.rows[name] for name in self.rows.dtype.names or ()}
        self._drawn: dict[int, tuple[npt.NDArray[Any], dict[str, Tensor]]] = {}

    def __len__(self) -> int:
        """Return the number of transitions held."""
        return self.size

    def add(self, **transitions: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Append n transitions, `(n, ...)` arrays by field, and return where they stand."""
        count = len(transitions["action"])
        if count == 1:
            positions = np.array([self.position])
            for name, values in transitions.items():
                self._columns[name][self.position] = values[0]
        else:
            # Of more transitions than fit, the last ones stay.
            positions = (self.position + np.arange(count)) % self.capacity
            for name, values in transitions.items():
                self._columns[name][positions] = values
        self.position = (self.position + count) % self.capacity
        self.size = min(self.size + count, self.capacity)
        if self.priorities is not None:
            self.priorities.add(positions)
        return positions

    def sample(self, batch_size: int) -> Batch:
        """Draw a batch, with replacement."""
        if self.priorities is None:
            return self._gather(self.generator.integers(self.size, size=batch_size), None)
        indices, weights = self.priorities.draw(batch_size, self.size)
        return self._gather(indices, weights.to(self.device))

    def update_priorities(self, indices: npt.NDArray[np.int64], errors: Tensor) -> None:
        """Be told the errors of a drawn batch."""
        if self.priorities is not None:
            self.priorities.update(indices, np.abs(errors.cpu().numpy().astype(np.float64)))

    def state(self) -> dict[str, Any]:
        """Return the tensors that `restore` takes: the rows held, as bytes, and the counters."""
        held = {"rows": self._bytes_held(), "counters": np.array([self.position, self.size])}
        return held if self.priorities is None else held | self.priorities.state(self.size)

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.position, self.size = (int(counter) for counter in state["counters"])
        require_place(self.position, self.size, self.capacity)
        held = self._bytes_held()
        require_shape(state, "rows", held.shape)
        held[:] = state["rows"].numpy()
        if self.priorities is not None:
            self.priorities.restore(state, self.size)

    def _bytes_held(self) -> npt.NDArray[np.uint8]:
        return self.rows[: self.size].view(np.uint8).reshape(self.size, self.rows.itemsize)

    def _gather(self, indices: npt.NDArray[np.int64], weights: Tensor | None) -> Batch:
        if len(indices) not in self._drawn:
            rows = np.empty(len(indices), dtype=self.rows.dtype)
            columns = {name: torch.from_numpy(rows[name]) for name in self._columns}
            self._drawn[len(indices)] = rows, columns
        rows, columns = self._drawn[len(indices)]
        # The indices are within range; "raise" would make NumPy copy through a buffer.
        self.rows.take(indices, out=rows, mode="clip")
        if self.device.type != "cpu":
            columns = {name: column.to(self.device) for name, column in columns.items()}
        return Batch(
            observation=columns["observation"],
            action=columns["action"],
            return_=columns["return_"],
            discount=columns["discount"],
            next_observation=columns["next_observation"],
            action_mask=columns.get("action_mask"),
            next_action_mask=columns.get("next_action_mask"),
            indices=indices,
            weights=weights,
        )
