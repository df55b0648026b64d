"""The behaviour policy: random actions, the best ones, or draws in between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..batches import sample_legal

_NEVER = np.zeros(1, dtype=bool)


class Behaviour:
    """Chooses among A actions by their values, illegal ones left out.

    Args:
        generator: The source of the draws.
        n_actions: A.
        first_action: What the environment calls the first of them.
    """

    def __init__(self, generator: np.random.Generator, n_actions: int, first_action: int) -> None:
        self.generator = generator
        self.n_actions, self.first_action = n_actions, first_action

    def choose(
        self,
        size: int,
        values: Callable[[], npt.NDArray[np.float32]],
        legal: npt.NDArray[np.bool_] | None,
        *,
        epsilon: float,
        temperature: float = 0.0,
    ) -> npt.NDArray[np.int64]:
        """Return actions as the environment numbers them, `(n,) int64`.

        Args:
            size: n.
            values: Gives Q(s, a), `(n, A)`, if any action needs it.
            legal: `(n, A) bool`; None where all actions are.
            epsilon: The probability of an action drawn uniformly.
            temperature: The others are drawn from softmax(Q / temperature); the best for 0.
        """
        explores = self.generator.random(size) < epsilon if epsilon > 0 else _NEVER
        exploring = np.count_nonzero(explores)
        actions: npt.NDArray[np.int64]
        if exploring == size:
            actions = self._random(legal, size)
        else:
            actions = self._by_value(values(), legal, temperature)
            if exploring:
                actions = np.where(explores, self._random(legal, size), actions)
        return actions + self.first_action if self.first_action else actions

    def _by_value(
        self,
        values: npt.NDArray[np.float32],
        legal: npt.NDArray[np.bool_] | None,
        temperature: float,
    ) -> npt.NDArray[np.int64]:
        if temperature:
            # The best after Gumbel noise is a draw from the softmax (Gumbel 1954).
            noise = self.generator.gumbel(size=values.shape).astype(np.float32)
            values = values + np.float32(temperature) * noise
        if legal is not None:
            values = np.where(legal, values, -np.inf)
        best: npt.NDArray[np.int64] = values.argmax(axis=1)
        return best

    def _random(self, legal: npt.NDArray[np.bool_] | None, size: int) -> npt.NDArray[np.int64]:
        if legal is None:
            return self.generator.integers(self.n_actions, size=size)
        return sample_legal(legal, self.generator)
