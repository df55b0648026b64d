"""Playing texts: one token ahead or by beams, without reading any token twice."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .beams import BeamSearch
from .cached_reader import CachedReaders
from .policy import Integers, TextPolicy


class TextPlayer:
    """Chooses the next tokens of texts as they grow.

    Args:
        policy: What scores tokens.
    """

    def __init__(self, policy: TextPolicy) -> None:
        self.policy = policy
        self._readers = CachedReaders(policy.network)
        self._search = BeamSearch(policy)

    def forget(self) -> None:
        """Forget what was read and planned: the model has changed."""
        self._readers.forget()
        self._search.forget()

    def act(
        self, tokens: Tensor, legal: Any, *, deterministic: bool, epsilon: float, beams: int
    ) -> Integers:
        """Return the next token of each text, `(n,) int64`.

        Args:
            tokens: `(n, P + T) int64`, observations.
            legal: `(n, V) bool`, the tokens that may be written; None for all.
            deterministic: Whether to take the best, and not to draw.
            epsilon: The probability of a draw from the language model alone.
            beams: Texts kept while the best one is looked for; 1 looks one token ahead.
        """
        if deterministic and beams > 1:
            return self._search.next_tokens(tokens, legal, beams)
        outlook = self.policy.outlook(tokens, legal, self._readers)
        if deterministic:
            return self.policy.best(outlook)
        return self.policy.draw(outlook, epsilon)
