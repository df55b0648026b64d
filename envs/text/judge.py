"""What scores a text while it is written: BLEU on tokens, compiled, or any scorer on the text."""

from __future__ import annotations

from typing import Any, Protocol

import numba
import numpy as np

from ..scorers.protocol import Goal
from . import kernels
from .alignment import align, alignment_size, begin_alignment
from .examples import Example
from .kernels import Booleans, Episodes, Floats, Integers, Rules

# A goal to ask a scorer for the names of its components.
PROBE = Goal(references=("a",), keywords=("a",))


class Judge(Protocol):
    """Scores the texts of n episodes, token by token.

    Attributes:
        components: The names of the parts of a composed score; empty for a simple one.
    """

    components: tuple[str, ...]

    def begin(self, episode: int, example: Example) -> None:
        """Begin an empty text for an example."""
        ...

    def write(self, episode: int, token: int) -> tuple[float, float]:
        """Append a token to one text, and return its potential and its score."""
        ...

    def write_all(
        self, actions: Integers, rules: Rules, episodes: Episodes
    ) -> tuple[Floats, Booleans]:
        """Write a token to every running text.

        Args:
            actions: `(n,)`, each in 0 to V - 1.
            rules: Of `kernels`.
            episodes: Of `kernels`, changed.

        Returns:
            The rewards and which texts ended, `(n,)` both.
        """
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

    def __init__(self, n: int, joins: kernels.Joins) -> None:
        self.joins = kernels.automaton(joins)
        self._tokens, self._references = 16, 2
        self.texts = kernels.make_texts(n, self._tokens, self._references)
        self._specialise()

    def _specialise(self) -> None:
        """Take the kernels that are called from Python."""
        ids = np.zeros(1, np.int64)
        self._begin = specialised(kernels.begin, 0, ids, ids, self.joins, self.texts)
        self._write = specialised(kernels.write, 0, 0, self.joins, self.texts)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        # Machine code can't be pickled.
        del state["_begin"], state["_write"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._specialise()

    def make_room(self, tokens: int, references: int) -> None:
        """Take a larger array where an example with so many tokens and references needs it."""
        if tokens > self._tokens or references > self._references:
            self._tokens = max(2 * self._tokens, tokens)
            self._references = max(2 * self._references, references)
            texts, (rows, width) = self.texts, self.texts.shape
            self.texts = kernels.make_texts(rows, self._tokens, self._references)
            self.texts[:, :width] = texts

    def begin(self, episode: int, example: Example) -> None:
        """Begin an empty text for an example."""
        bounds = example.bounds
        self.make_room(len(example.tokens), len(bounds) - 1)
        self._begin(episode, example.tokens, bounds, self.joins, self.texts)

    def write(self, episode: int, token: int) -> tuple[float, float]:
        """Append a token to one text, and return its potential and its score."""
        scored: tuple[float, float] = self._write(episode, token, self.joins, self.texts)
        return scored

    def write_all(
        self, actions: Integers, rules: Rules, episodes: Episodes
    ) -> tuple[Floats, Booleans]:
        """Write a token to every running text; see `Judge`."""
        return kernels.write_all(actions, rules, episodes, self.joins, self.texts)

    def parts(self, episode: int) -> dict[str, float]:  # noqa: ARG002, it has none
        """Return no components."""
        return {}


def specialised(kernel: Any, *arguments: Any) -> Any:
    """Return a kernel for arguments of just these types, which it doesn't look at any more.

    The look takes a fourth of the time of a call from Python.
    """
    if not hasattr(kernel, "get_overload"):
        # Kernels run interpreted.
        return kernel
    types = tuple(map(numba.typeof, arguments))
    kernel.compile(types)
    return kernel.get_overload(types)


class TextJudge:
    """Any scorer, on the text that the tokens stand for.

    Where a scorer that compares has no potential of its own, the text's alignment with the
    references is it.

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
        progress = scorer.begin(PROBE)
        names = tuple(progress.components)
        self.components = names if names != (scorer.name,) else ()
        self._aligned = progress.potential is None and scorer.compares
        self._alignments: list[Any] = [None] * n

    def begin(self, episode: int, example: Example) -> None:
        """Begin an empty text for an example."""
        self._tokens[episode] = []
        self._goals[episode] = example.goal
        self._progress[episode] = self.scorer.begin(example.goal)
        if self._aligned:
            size = alignment_size(len(example.tokens), len(example.bounds) - 1)
            alignment = self._alignments[episode] = np.empty(size, np.int64)
            begin_alignment(alignment, example.tokens, example.bounds)

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
        if self._aligned:
            return align(self._alignments[episode], token), progress.score
        # Without any potential the whole score is paid at the end.
        return progress.potential or 0.0, progress.score

    def write_all(
        self, actions: Integers, rules: Rules, episodes: Episodes
    ) -> tuple[Floats, Booleans]:
        """Write a token to every running text; see `Judge`."""
        legal, eos, _ = rules
        _, _, running, _, potentials, scores = episodes
        worth = potentials.copy(), scores.copy()
        for env in np.flatnonzero(running & legal[actions] & (actions != eos)).tolist():
            worth[0][env], worth[1][env] = self.write(env, int(actions[env]))
        return kernels.settle_all(actions, worth, rules, episodes)

    def parts(self, episode: int) -> dict[str, float]:
        """Return the components of a text's score."""
        if not self.components:
            return {}
        parts: dict[str, float] = self._progress[episode].components
        return parts
