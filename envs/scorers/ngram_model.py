"""An n-gram language model with Kneser-Ney smoothing."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ...registry.errors import InvalidArgumentError

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
RESERVED = frozenset((BEGIN, END, UNKNOWN))


class NGramModel:
    """Interpolated Kneser-Ney with one discount for each order, over words.

    P(w | u) = max(c(uw) - D, 0) / c(u) + D N(u) / c(u) P(w | u'), where N(u) is the number of words
    seen after u, and u' is u without its first word. c counts occurrences for the largest order and
    where u begins a sentence, else the words seen in front of uw. D = n1 / (n1 + 2 n2) for each
    order, n1 and n2 being the n-grams counted once and twice. The single words are interpolated
    with the uniform distribution, which is what gives unknown words their probability.

    Source: Kneser and Ney 1995; the interpolated form of Chen and Goodman 1999.

    Args:
        sentences: Each a sequence of words.
        order: Largest order of the n-grams, at least 1.

    Attributes:
        order: As given.
        vocabulary: The words in order, then END, then UNKNOWN, which stands for all other words.

    Raises:
        InvalidArgumentError: If there are no sentences, a sentence isn't split into words or holds
            a reserved one, or the order is below 1.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], order: int = 3) -> None:
        if order < 1:
            raise InvalidArgumentError(f"order must be an integer of at least 1, got {order!r}.")
        self.order = order
        levels = _count(sentences, order)
        known = {word for (word,) in levels[0]} - {END}
        self.vocabulary = (*sorted(known), END, UNKNOWN)
        self._index = {word: index for index, word in enumerate(self.vocabulary)}
        self._discounts = [_discount(level) for level in levels]
        self._seen: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
        for level in levels:
            for gram, count in level.items():
                self._seen[gram[:-1]][gram[-1]] = count
        self._seen.default_factory = None
        self._totals = {context: sum(seen.values()) for context, seen in self._seen.items()}
        self._words = np.full(len(self.vocabulary), 1 / len(self.vocabulary))
        self._interpolate(self._words, ())

    def probability(self, word: str, context: Sequence[str]) -> float:
        """Return the probability of a word, or of END, after the words of its sentence so far."""
        index = self._index.get(word, self._index[UNKNOWN])
        probability = float(self._words[index])
        for history in self._histories(context):
            total, discount, seen = self._statistics(history)
            probability *= discount * len(seen) / total
            count = seen.get(word)
            if count:
                probability += (count - discount) / total
        return probability

    def log_probability(self, word: str, context: Sequence[str]) -> float:
        """Return the natural logarithm of `probability`."""
        return math.log(self.probability(word, context))

    def sentence_log_probability(self, sentence: Sequence[str]) -> float:
        """Return the logarithm of the probability of a sentence, its end included."""
        return sum(
            self.log_probability(word, sentence[max(0, i - self.order) : i])
            for i, word in enumerate((*sentence, END))
        )

    def next_distribution(self, context: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the probability of each entry of `vocabulary` after a context, `(V,)`."""
        probabilities = self._words.copy()
        for history in self._histories(context):
            self._interpolate(probabilities, history)
        return probabilities

    def top(self, context: Sequence[str], k: int) -> list[tuple[str, float]]:
        """Return the k likeliest words after a context, or END, with their probabilities.

        The likeliest comes first, of equal ones the first in the vocabulary; UNKNOWN is left out.
        """
        probabilities = self.next_distribution(context)
        best = np.argsort(-probabilities[:-1], kind="stable")[:k]
        return [(self.vocabulary[index], float(probabilities[index])) for index in best]

    def _histories(self, context: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The ends of a context that were seen, shortest first, but for the empty one."""
        padded = (BEGIN, *context)
        for start in range(len(padded) - 1, max(0, len(padded) - self.order + 1) - 1, -1):
            history = padded[start:]
            if history not in self._seen:
                return
            yield history

    def _interpolate(
        self, probabilities: npt.NDArray[np.float64], history: tuple[str, ...]
    ) -> None:
        """Turn the distribution of a shorter history into that of this one, in place."""
        total, discount, seen = self._statistics(history)
        probabilities *= discount * len(seen) / total
        for word, count in seen.items():
            probabilities[self._index[word]] += (count - discount) / total

    def _statistics(self, history: tuple[str, ...]) -> tuple[int, float, dict[str, int]]:
        return self._totals[history], self._discounts[len(history)], self._seen[history]


def _count(sentences: Iterable[Sequence[str]], order: int) -> list[Counter[tuple[str, ...]]]:
    """Return the counts of each order, from 1: of occurrences, else of words seen in front."""
    levels: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(order)]
    for sentence in sentences:
        if isinstance(sentence, str) or not RESERVED.isdisjoint(sentence):
            raise InvalidArgumentError(
                f"the sentence {sentence!r} must be a sequence of words other than "
                f"{', '.join(sorted(RESERVED))}: split it into words."
            )
        padded = (BEGIN, *sentence, END)
        for stop in range(2, len(padded) + 1):
            # Nothing stands in front of the beginning, so that only occurrences can be counted.
            n = min(order, stop)
            levels[n - 1][padded[stop - n : stop]] += 1
    for longer, shorter in zip(levels[:0:-1], levels[-2::-1], strict=True):
        for gram in longer:
            shorter[gram[1:]] += 1
    if not levels[0]:
        raise InvalidArgumentError("the n-gram model needs at least one sentence, got none.")
    return levels


def _discount(level: Counter[tuple[str, ...]]) -> float:
    frequencies = Counter(level.values())
    once, twice = frequencies[1], frequencies[2]
    # Where the formula tells nothing, or would take all from what was seen once.
    return once / (once + 2 * twice) if once and twice else 0.5
