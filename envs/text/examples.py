"""Examples of a split as token ids, encoded when they are first drawn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ...registry.errors import InvalidArgumentError, shortened
from ..datasets.schema import Source, Split
from ..scorers.protocol import Goal
from .kernels import Encoded
from .template import Template, text_tokenizer
from .tokenizer import Tokenizer

# An unlimited split has an item for every index below this.
UNLIMITED = 2**53
MAX_ATTEMPTS = 1_000

# How many encoded examples are kept.
CACHED = 2**16


@dataclass(frozen=True)
class Example:
    """One example, encoded.

    Attributes:
        index: Its place in the split, as infos show it.
        blank: `(P + T,) int64`, what an episode begins with: the prompt, left-padded to P, and
            padding where the text will be.
        tokens: The references' ids, one reference after the other, `int64`.
        bounds: Reference r is `tokens[bounds[r] : bounds[r + 1]]`; `int64`.
        prompt_text: The prompt.
        goal: What scorers read.
    """

    index: np.int64
    blank: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    prompt_text: str
    goal: Goal

    @cached_property
    def references(self) -> list[list[int]]:
        """The ids of each reference."""
        ids = self.tokens.tolist()
        return [ids[start:end] for start, end in pairwise(self.bounds.tolist())]


class Examples:
    """The examples of a split, encoded when they are first asked for.

    Args:
        source: The dataset.
        split: "train", "validation" or "test".
        tokenizer: What encodes it.
        template: What stands around a prompt.
        prompt_tokens: P.
        new_tokens: T, in which a reference and the end of the text must fit.
        mask: `(V,)`, true for tokens that may be written.

    Attributes:
        size: How many there are; `UNLIMITED` of a split without end.
    """

    def __init__(
        self,
        source: Source,
        split: Split,
        tokenizer: Tokenizer,
        template: Template,
        prompt_tokens: int,
        new_tokens: int,
        mask: npt.NDArray[np.bool_],
    ) -> None:
        self.source, self.split, self.tokenizer = source, split, tokenizer
        self.template, self._writer = template, text_tokenizer(tokenizer, template)
        self.prompt_tokens, self.new_tokens, self.mask = prompt_tokens, new_tokens, mask
        size = source.size(split)
        self.size = UNLIMITED if size is None else size
        self._cache: dict[int, Example] = {}

    @cached_property
    def encoded(self) -> Encoded | None:
        """All examples in arrays, for compiled loops; None of a split without end.

        The blanks, `(N, P + T)`; the ids of all references, one after the other; the bounds of
        each there; and the bounds of each example among the references.
        """
        if self.size == UNLIMITED:
            return None
        examples = [self._encode(index) for index in range(self.size)]
        lengths = [np.diff(example.bounds) for example in examples]
        return (
            np.array([example.blank for example in examples]),
            np.concatenate([example.tokens for example in examples]),
            np.concatenate([[0], *lengths]).cumsum(dtype=np.int64),
            np.cumsum([0, *map(len, lengths)], dtype=np.int64),
        )

    def draw(self, random: Callable[[], float]) -> Example:
        """Return a uniformly drawn example.

        Of a split without end, those that don't fit into P and T are drawn again.

        Args:
            random: Draws a uniform in [0, 1).
        """
        if self.size != UNLIMITED:
            return self._example(int(random() * self.size))
        for _ in range(MAX_ATTEMPTS):
            with suppress(InvalidArgumentError):
                return self._example(int(random() * self.size))
        raise InvalidArgumentError(
            f"{MAX_ATTEMPTS} examples of {self.source.name!r} in a row don't fit into "
            f"{self.prompt_tokens} tokens of prompt and {self.new_tokens} of text: raise "
            "max_prompt_tokens or max_new_tokens."
        )

    def get(self, index: Any) -> Example:
        """Return the example that a caller asks for.

        Raises:
            InvalidArgumentError: If there is no such example.
        """
        if isinstance(index, (int, np.integer)) and 0 <= index < self.size:
            return self._example(int(index))
        raise InvalidArgumentError(
            f"the example must be an integer from 0 to {self.size - 1}, the examples of the "
            f"{self.split} split of {self.source.name!r}; got {index!r}."
        )

    def check(self) -> None:
        """Encode all, of a split without end none.

        Raises:
            InvalidArgumentError: If one doesn't fit or can't be expressed.
        """
        if self.size != UNLIMITED:
            for index in range(self.size):
                self._encode(index)

    def _example(self, index: int) -> Example:
        example = self._cache.get(index)
        if example is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            example = self._cache[index] = self._encode(index)
        return example

    def _encode(self, index: int) -> Example:
        example = self.source.example(self.split, index)
        asked = self.template.apply(example.prompt)
        ids = self.tokenizer.encode(asked, self.source.prompt_language)
        if len(ids) > self.prompt_tokens:
            raise InvalidArgumentError(
                f"the prompt {shortened(example.prompt)} has {len(ids)} tokens, "
                f"{self.prompt_tokens} fit: raise max_prompt_tokens."
            )
        blank = np.full(self.prompt_tokens + self.new_tokens, self.tokenizer.pad, np.int64)
        blank[self.prompt_tokens - len(ids) : self.prompt_tokens] = ids
        references = [
            self._writer.encode(reference, self.source.language) for reference in example.references
        ]
        if not any(self._can_be_written(reference) for reference in references):
            raise InvalidArgumentError(
                f"no reference of {shortened(example.prompt)} can be written in "
                f"{self.new_tokens - 1} tokens and the end: {shortened(example.references[0])} has "
                f"{len(references[0])}; raise max_new_tokens."
            )
        return Example(
            index=np.int64(index),
            blank=blank,
            tokens=np.array([token for ids in references for token in ids], np.int64),
            bounds=np.cumsum([0, *map(len, references)], dtype=np.int64),
            prompt_text=example.prompt,
            goal=Goal(example.references, example.keywords),
        )

    def _can_be_written(self, reference: list[int]) -> bool:
        return len(reference) < self.new_tokens and bool(self.mask[reference].all())
