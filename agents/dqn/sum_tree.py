"""A binary tree of partial sums: draws indices in proportion to their priorities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class SumTree:
    """Priorities at the leaves, sums above (Schaul et al. 2016, appendix B.2.1).

    All operations act on whole arrays, level by level, so that a batch costs the tree's depth in
    array operations.

    Args:
        capacity: The number of leaves, at least 1.
    """

    def __init__(self, capacity: int) -> None:
        self.depth = max(1, int(np.ceil(np.log2(capacity))))
        self.first_leaf = 1 << self.depth
        self.sums = np.zeros(2 * self.first_leaf)

    @property
    def total(self) -> float:
        """The sum of all priorities."""
        return float(self.sums[1])

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the priorities of `indices`."""
        priorities: npt.NDArray[np.float64] = self.sums[self.first_leaf + indices]
        return priorities

    def __setitem__(self, indices: npt.NDArray[np.int64], priorities: npt.ArrayLike) -> None:
        """Set the priorities of `indices`; of an index that stands twice the last one holds."""
        nodes = self.first_leaf + indices
        self.sums[nodes] = priorities
        for _ in range(self.depth):
            nodes = nodes >> 1
            self.sums[nodes] = self.sums[2 * nodes] + self.sums[2 * nodes + 1]

    def find(self, prefix_sums: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return, for each prefix sum in [0, total), the leaf whose interval holds it."""
        remaining = prefix_sums.copy()
        nodes = np.ones(len(remaining), dtype=np.int64)
        for _ in range(self.depth):
            nodes *= 2
            left = self.sums[nodes]
            # A right sibling of sum 0 is never entered, whatever rounding left in `remaining`.
            right = (remaining >= left) & (self.sums[nodes + 1] > 0)
            remaining -= np.where(right, left, 0)
            nodes += right
        return nodes - self.first_leaf
