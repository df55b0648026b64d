"""What scores a text while it is written: BLEU on tokens, compiled, or any scorer on the text."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..scorers.protocol import Goal
from . import kernels
from .examples import Example

# A goal to ask a scorer for the names of its components and for whether it has a potential.
PROBE = Goal(references=("a",), keywords=("a",))

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Judge(Protocol):
    """Scores the texts of n episodes, token by token.

    Attributes:
        components: The names of the parts of a composed score; empty for a simple one.
        shapes: Whether the scorer has a potential.
    """

    components: tuple[str, ...]
    shapes: bool

    def begin(self, episode: int, example: Example) -> None:
        """Begin an empty text for an example."""
        ...

    def write(self, episode: int, token: int) -> tuple[float, float]:
        """Append a token to one text, and return its potential and its score."""
        ...

    def write_all(self, episodes: Integers, tokens: Integers) -> tuple[Floats, Floats]:
        """Append a token to each of several texts, and return their potentials and scores."""
        ...

    def parts(self, episode: int) -> dict[str, float]:
        """Return the components of a text's score."""
        ...


class TokenBleu:
    """BLEU on token ids: for tokenizers whose tokens make up those that BLEU counts.

    Args:
        n: Episodes.
        joins: Which tokens BLEU counts as one; see `kernels`.
    """

    components: tuple[str, ...] = ()
    shapes = True

    def __init__(self, n: int, joins: kernels.Joins) -> None:
        self._joins = joins
        self._tokens, self._references = 16, 2
        self._arrays = self._allocate(n)

    def _allocate(self, n: int) -> tuple[Integers, Integers, Integers, Integers]:
        nodes = kernels.ORDERS * self._tokens + 1
        # Half empty, so that a search ends soon.
        slots = 1 << (2 * (nodes + self._tokens) - 1).bit_length()
        return (
            np.zeros((n, slots, 2), np.int64),
            np.zeros((n, nodes), np.int64),
            np.zeros((n, nodes), np.int64),
            np.zeros((n, kernels.REFERENCE_LENGTHS + self._references), np.int64),
        )

    def begin(self, episode: int, example: Example) -> None:
        """Begin an empty text for an example."""
        tokens, references = len(example.tokens), len(example.bounds) - 1
        if tokens > self._tokens or references > self._references:
            self._tokens = max(2 * self._tokens, tokens)
            self._references = max(2 * self._references, references)
            small, self._arrays = self._arrays, self._allocate(len(self._arrays[0]))
            kernels.move(*small, *self._arrays)
        kernels.begin(episode, example.tokens, example.bounds, self._joins, *self._arrays)

    def write(self, episode: int, token: int) -> tuple[float, float]:
        """Append a token to one text, and return its potential and its score."""
        scored: tuple[float, float] = kernels.write_and_score(
            episode, token, self._joins, *self._arrays
        )
        return scored

    def write_all(self, episodes: Integers, tokens: Integers) -> tuple[Floats, Floats]:
        """Append a token to each of several texts, and return their potentials and scores."""
        scored: tuple[Floats, Floats] = kernels.write_and_score_all(
            episodes, tokens, self._joins, *self._arrays
        )
        return scored

    def parts(self, episode: int) -> dict[str, float]:  # noqa: ARG002, it has none
        """Return no components."""
        return {}


class TextJudge:
    """Any scorer, on the text that the tokens stand for.

    Args:
        n: Episodes.
        scorer: Any scorer.
        tokenizer: What turns tokens into text.
        language: The language that is written.
    """

    def __init__(self, n: int, scorer: Any, tokenizer: Any, language: str) -> None:
        self.scorer, self.tokenizer, self.language = scorer, tokenizer, language
        self._tokens: list[list[int]] = [[] for _ in range(n)]
        self._progress: list[Any] = [None] * n
        self._goals: list[Any] = [None] * n
        probe = scorer.begin(PROBE)
        self.shapes = probe.potential is not None
        names = tuple(probe.components)
        self.components = names if names != (scorer.name,) else ()

    def begin(self, episode: int, example: Example) -> None:
        """Begin an empty text for an example."""
        self._tokens[episode] = []
        self._goals[episode] = example.goal
        self._progress[episode] = self.scorer.begin(example.goal)

    def write(self, episode: int, token: int) -> tuple[float, float]:
        """Append a token to one text, and return its potential and its score."""
        tokens = self._tokens[episode]
        tokens.append(token)
        text = self.tokenizer.decode(tokens, self.language)
        progress = self._progress[episode]
        if not text.startswith(progress.text):
            # A token may change the text before it, as the second byte of a character does.
            progress = self._progress[episode] = self.scorer.begin(self._goals[episode])
        progress.append(text[len(progress.text) :])
        score, potential = progress.score, progress.potential
        # Without a potential the whole score is paid at the end.
        return potential or 0.0, score

    def write_all(self, episodes: Integers, tokens: Integers) -> tuple[Floats, Floats]:
        """Append a token to each of several texts, and return their potentials and scores."""
        pairs = zip(episodes.tolist(), tokens.tolist(), strict=True)
        scored = np.array([self.write(*pair) for pair in pairs]).reshape(-1, 2)
        return scored[:, 0], scored[:, 1]

    def parts(self, episode: int) -> dict[str, float]:
        """Return the components of a text's score."""
        if not self.components:
            return {}
        parts: dict[str, float] = self._progress[episode].components
        return parts
