"""Matches between the n-grams of a growing sequence and those of a fixed one, kept as counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Generic, TypeVar

# A sequence, and any part of it: characters in a string, words in a tuple.
Gram = TypeVar("Gram", str, tuple[str, ...])


def count_ngrams(sequence: Gram, order: int) -> Counter[Gram]:
    """Count the n-grams of orders 1 to `order`."""
    return Counter(
        sequence[start : start + n]
        for n in range(1, order + 1)
        for start in range(len(sequence) - n + 1)
    )


def ngram_total(length: int, n: int) -> int:
    """Return how many n-grams of order n a sequence of this length has."""
    return max(0, length - n + 1)


class NGramMatches(Generic[Gram]):
    """The clipped n-gram matches of a sequence that grows.

    Args:
        limits: How often each n-gram counts at most; with an n-gram, it must hold its parts.
        order: Largest order of the n-grams.
        start: The sequence to begin with.

    Attributes:
        length: Length of the sequence.
        matched: Matches of orders 1 to `order`.
    """

    def __init__(self, limits: Mapping[Gram, int], order: int, start: Gram) -> None:
        self.length = 0
        self.matched = [0] * order
        self._limits: Mapping[Gram, int] = limits
        self._order = order
        self._counts: dict[Gram, int] = {}
        self._tail: Gram = start[:0]
        self.add(start)

    def add(self, items: Gram) -> None:
        """Append to the sequence."""
        sequence = self._tail + items
        for stop in range(len(self._tail) + 1, len(sequence) + 1):
            for n in range(1, min(self._order, stop) + 1):
                gram = sequence[stop - n : stop]
                limit = self._limits.get(gram)
                if limit is None:
                    # No longer one that ends here can match either.
                    break
                count = self._counts.get(gram, 0)
                self.matched[n - 1] += count < limit
                self._counts[gram] = count + 1
        self.length += len(items)
        self._tail = sequence[max(0, len(sequence) - self._order + 1) :]

    def copy(self) -> NGramMatches[Gram]:
        """Return the matches of the same sequence, to grow on its own."""
        twin = NGramMatches(self._limits, self._order, self._tail[:0])
        twin.length, twin.matched, twin._tail = self.length, self.matched[:], self._tail
        twin._counts = self._counts.copy()
        return twin
