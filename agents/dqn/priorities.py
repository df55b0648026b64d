"""Priorities of what a replay memory holds: large errors are drawn more often."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .restoring import require_shape
from .sum_tree import SumTree
from .targets import importance_weights


class Priorities:
    """Draws in proportion to (|error| + epsilon)^alpha, stratified over the batch.

    As Schaul et al. (2016, section 3.3). What is new gets the highest priority so far, so that it
    is seen at least once.

    Args:
        capacity: How much the memory holds.
        alpha: The exponent of the priorities, in [0, 1]; 0 is uniform.
        generator: The source of the draws.
        epsilon: Added to every error, so that nothing is never drawn again.

    Attributes:
        beta: The exponent of the importance weights, in [0, 1].
    """

    def __init__(
        self, capacity: int, alpha: float, generator: np.random.Generator, epsilon: float = 1e-6
    ) -> None:
        self.alpha, self.epsilon, self.generator = alpha, epsilon, generator
        self.beta = 1.0
        self.tree = SumTree(capacity)
        self.highest = 1.0

    def add(self, indices: npt.NDArray[np.int64]) -> None:
        """Be told where something new stands."""
        self.tree[indices] = self.highest

    def draw(self, count: int, size: int) -> tuple[npt.NDArray[np.int64], Tensor]:
        """Draw one index from each of `count` equal parts of the priorities' sum.

        Args:
            count: B.
            size: How much the memory holds now.

        Returns:
            The indices, `(B,) int64`, and their importance weights, `(B,) float32`.
        """
        strata = np.arange(count) + self.generator.random(count)
        indices = self.tree.find(strata * (self.tree.total / count))
        probabilities = torch.from_numpy(self.tree[indices] / self.tree.total)
        return indices, importance_weights(probabilities, size, self.beta).float()

    def update(self, indices: npt.NDArray[np.int64], errors: npt.NDArray[np.float64]) -> None:
        """Set the priorities of what was drawn, from the sizes of its errors."""
        priorities = (errors + self.epsilon) ** self.alpha
        self.tree[indices] = priorities
        self.highest = max(self.highest, float(priorities.max()))

    def state(self, size: int) -> dict[str, Any]:
        """Return what `restore` takes, of a memory that holds `size`."""
        return {"priorities": self.tree[np.arange(size)], "highest": np.array([self.highest])}

    def restore(self, state: dict[str, Tensor], size: int) -> None:
        """Take back what `state` returned, of a memory that holds `size`."""
        require_shape(state, "priorities", (size,))
        self.tree[np.arange(size)] = state["priorities"].numpy()
        self.highest = float(state["highest"])
