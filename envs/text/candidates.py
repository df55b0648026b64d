"""Candidates: the few tokens that a text may go on with, as a proposer sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ...registry.errors import InvalidArgumentError
from ..arguments import choice, integer
from ..datasets.schema import Source
from ..scorers.ngram_model import END, NGramModel
from .tokenizer import Tokenizer

ACTIONS = ("tokens", "candidates")
NGRAM = "ngram"

# How many examples of a training split without end the n-gram model is fitted on.
FITTED = 2_000

# How many proposals of the n-gram model are kept.
CACHED = 2**16

Integers = npt.NDArray[np.int64]


class Proposer(Protocol):
    """What knows the tokens that a text is likely to go on with."""

    def propose(self, tokens: Integers, k: int) -> Integers:
        """Return the k best next tokens, the best first.

        They are different tokens that may be written, and the same whenever the text is the same.

        Args:
            tokens: `(P + T,) int64`, prompt and text as the token observation shows them.
            k: How many.
        """
        ...


class NGramProposer:
    """The n-gram model of the training references, over token ids.

    What it never saw comes last, in the order of the ids.

    Args:
        source: The dataset.
        tokenizer: Its tokenizer.
        start: P, where the text begins.
        mask: `(V,) bool`, the tokens that may be written.

    Raises:
        InvalidArgumentError: If the dataset has no training split.
    """

    def __init__(
        self, source: Source, tokenizer: Tokenizer, start: int, mask: npt.NDArray[np.bool_]
    ) -> None:
        self.model = _fitted(source, tokenizer)
        self.start, self.pad, self.mask = start, tokenizer.pad, mask
        *words, _ = self.model.vocabulary
        self._ids = [tokenizer.eos if word == END else int(word) for word in words]
        self._kept: dict[tuple[tuple[str, ...], int], Integers] = {}

    def propose(self, tokens: Integers, k: int) -> Integers:
        """Return the k likeliest next tokens, of equals the first by id."""
        text = tokens[self.start :].tolist()
        if self.pad in text:
            text = text[: text.index(self.pad)]
        context = tuple(map(str, text[max(0, len(text) - self.model.order + 1) :]))
        proposed = self._kept.get((context, k))
        if proposed is None:
            if len(self._kept) >= CACHED:
                self._kept.clear()
            proposed = self._kept[context, k] = self._likeliest(context, k)
        return proposed.copy()

    def _likeliest(self, context: tuple[str, ...], k: int) -> Integers:
        probabilities = np.where(self.mask, 0.0, -1.0)
        probabilities[self._ids] = self.model.next_distribution(context)[:-1]
        return np.argsort(-probabilities, kind="stable")[:k]


@dataclass(frozen=True, eq=False)
class Candidates:
    """The rule of which tokens may be written next: the k best of a proposer, the end among them.

    Attributes:
        k: How many.
        propose: Of the proposer.
        mask: `(V,) bool`, the tokens that may ever be written.
        eos: The id that ends a text.
        pad: The id that fills empty places.
        are_actions: Whether an action is a place among the candidates, and not a token.
    """

    k: int
    propose: Callable[[Integers, int], Any]
    mask: npt.NDArray[np.bool_]
    eos: int
    pad: int
    are_actions: bool

    @property
    def none(self) -> Integers:
        """What stands for candidates where no text is written, `(k,) int64`."""
        return np.full(self.k, self.pad, np.int64)

    def of(self, tokens: Integers) -> Integers:
        """Return the candidates of a text, `(k,) int64`, the best first.

        Args:
            tokens: `(P + T,) int64`, prompt and text.

        Raises:
            InvalidArgumentError: If the proposer breaks its contract.
        """
        # A copy either way: neither the proposer nor the environment may write to what the other
        # keeps.
        proposed = np.array(self.propose(tokens.copy(), self.k))
        if proposed.shape != (self.k,) or proposed.dtype.kind not in "iu":
            raise InvalidArgumentError(
                f"the proposer gave {proposed!r}, but must propose {self.k} integers, shape "
                f"({self.k},): return as many tokens as it is asked for, or lower candidates."
            )
        for token in proposed.tolist():
            if not (0 <= token < len(self.mask) and self.mask[token]):
                raise InvalidArgumentError(
                    f"the proposer gave the token {token}, which may not be written: propose "
                    "tokens from 0 to V - 1 where the environment's task.mask is 1, or make the "
                    'environment with mask="all".'
                )
        if len(set(proposed.tolist())) < self.k:
            raise InvalidArgumentError(
                f"the proposer gave {proposed.tolist()}, the same token twice: propose {self.k} "
                "different ones."
            )
        ids = proposed.astype(np.int64)
        if self.eos not in ids:
            ids[-1] = self.eos
        return ids

    def legal(self, ids: Integers) -> npt.NDArray[np.int8]:
        """Return the mask of the tokens that may be written, `(V,) int8`.

        After the end there are none; since no mask may be empty, it allows the end.
        """
        legal = np.zeros(len(self.mask), np.int8)
        legal[ids] = 1
        legal[self.pad] = 0
        legal[self.eos] = 1
        return legal

    def action(self, token: int, ids: Integers) -> int:
        """Return the action that writes a token; after the end any will do."""
        return int(np.argmax(ids == token)) if self.are_actions else token


def make_candidates(
    candidates: int | None,
    proposer: Any,
    actions: str,
    *,
    source: Source,
    tokenizer: Tokenizer,
    start: int,
    mask: npt.NDArray[np.bool_],
) -> Candidates | None:
    """Return the rule of which tokens may be written next, None if it is the mask alone.

    Raises:
        InvalidArgumentError: If k is out of range, the proposer can't propose, or one of the
            other arguments is given without k.
    """
    choice("actions", actions, ACTIONS)
    plain = isinstance(proposer, str) and proposer == NGRAM
    if candidates is None:
        if actions != ACTIONS[0] or not plain:
            raise InvalidArgumentError(
                f"actions={actions!r} and proposer={proposer!r} are of use with candidates only: "
                "pass candidates=k, how many tokens are proposed at each step."
            )
        return None
    # More than may ever be written can't be proposed.
    k = integer("candidates", candidates, 2, int(mask.sum()))
    if plain:
        proposer = NGramProposer(source, tokenizer, start, mask)
    propose = getattr(proposer, "propose", proposer)
    if isinstance(proposer, type) or not callable(propose):
        raise InvalidArgumentError(
            f"proposer must be {NGRAM!r}, an object with propose(tokens, k) or a function of "
            f"these, got {proposer!r}."
        )
    return Candidates(k, propose, mask, tokenizer.eos, tokenizer.pad, actions == ACTIONS[1])


@lru_cache(maxsize=32)
def _fitted(source: Source, tokenizer: Tokenizer) -> NGramModel:
    if "train" not in source.splits:
        raise InvalidArgumentError(
            f"proposer={NGRAM!r} is fitted on the train split, which {source.name!r} lacks: pass "
            "another proposer, an object with propose(tokens, k)."
        )
    examples = (source.example("train", i) for i in range(source.size("train") or FITTED))
    texts = (text for example in examples for text in example.references)
    return NGramModel([str(i) for i in tokenizer.encode(text, source.language)] for text in texts)
