"""Datasets without end: every item is generated from its index, and split by its prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import count

import numpy as np

from ..arguments import choice, integer
from .schema import (
    SPLITS,
    DatasetError,
    Example,
    check_index,
    fingerprint_of,
    split_of,
)

HELD_OUT_SIZE = 500
MAX_ATTEMPTS = 10_000

# What the fingerprint reads of a training split that has no end.
FINGERPRINTED = 100


class ProceduralDataset:
    """Examples drawn from a generator function: train has no end, what is held out is fixed.

    Example `index` of train is a function of `(root, index)`. Validation and test are the same
    under every root, so that all are measured on the same: up to 500 distinct prompts each, all
    there are if the function knows fewer. The hash of a prompt decides its split; so none is in
    two.

    Args:
        name: A short name.
        generate: Draws an example; a prompt must always come with the same references.
        texts: Returns texts that hold every word which `generate` can ever write.
        everything: Returns all examples, those to hold out first, where they can be listed; else
            they are found by drawing.
        language: The language of the references.
        prompt_language: That of the prompts.
        licence: See `Source`.
        source: See `Source`.
        root: Of the training stream, at least 0; neighbouring roots are unrelated.

    Raises:
        InvalidArgumentError: If the root is no such integer.
    """

    splits = SPLITS

    def __init__(
        self,
        name: str,
        generate: Callable[[np.random.Generator], Example],
        texts: Callable[[], Iterable[str]],
        *,
        everything: Callable[[], Iterable[Example]] | None = None,
        language: str,
        prompt_language: str,
        licence: str,
        source: str,
        root: int = 0,
    ) -> None:
        self.name = name
        self.language = language
        self.prompt_language = prompt_language
        self.licence = licence
        self.source = source
        self.root = integer("root", root, 0)
        self._generate = generate
        self._texts = texts
        self._everything = everything
        self._held_out: dict[str, tuple[Example, ...]] = {}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of languages, of what is held out and of the first 100 training examples."""
        splits = {
            split: [
                self.example(split, index) for index in range(self.size(split) or FINGERPRINTED)
            ]
            for split in SPLITS
        }
        return fingerprint_of(self.language, self.prompt_language, splits)

    def size(self, split: str) -> int | None:
        """Return how many examples a split has: None for train."""
        choice("split", split, SPLITS)
        return None if split == "train" else len(self._examples(split))

    def example(self, split: str, index: int) -> Example:
        """Return example `index` of a split.

        Raises:
            InvalidArgumentError: If there is no such split or index.
        """
        index = check_index(index, split, self.size(split))
        if split == "train":
            return self._draw(self.root, split, index)
        return self._examples(split)[index]

    def texts(self) -> Iterator[str]:
        """Yield texts that hold every word which can ever appear."""
        yield from self._texts()

    def _examples(self, split: str) -> tuple[Example, ...]:
        if split not in self._held_out:
            self._held_out[split] = self._draw_distinct(split)
        return self._held_out[split]

    def _draw_distinct(self, split: str) -> tuple[Example, ...]:
        distinct: dict[str, Example] = {}
        if self._everything is not None:
            for example in self._everything():
                if split_of(example.prompt) == split and len(distinct) < HELD_OUT_SIZE:
                    distinct.setdefault(example.prompt, example)
            if not distinct:
                raise self._too_few(split)
            return tuple(distinct.values())
        repeats = 0
        for index in count():
            example = self._draw(0, split, index)
            repeats = repeats + 1 if example.prompt in distinct else 0
            distinct.setdefault(example.prompt, example)
            # Of n equally likely prompts one stays unseen for 20 n draws with a chance of e^-20.
            if len(distinct) == HELD_OUT_SIZE or repeats > 20 * (len(distinct) + 1):
                break
        return tuple(distinct.values())

    def _draw(self, root: int, split: str, index: int) -> Example:
        seed = np.random.SeedSequence([root, SPLITS.index(split), index])
        generator = np.random.default_rng(seed)
        for _ in range(MAX_ATTEMPTS):
            example = self._generate(generator)
            if split_of(example.prompt) == split:
                return example
        raise self._too_few(split)

    def _too_few(self, split: str) -> DatasetError:
        return DatasetError(
            f"{self.name!r} allows too few prompts, none of them in {split}: widen its arguments."
        )
