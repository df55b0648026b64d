"""What a dataset is: prompts with references, in splits that share no prompt."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ...registry.errors import InvalidArgumentError, LexigymError, did_you_mean, shortened
from ...registry.terminal import CONTROL
from ..arguments import choice, integer

SPLITS = ("train", "validation", "test")
# One of these, checked where it is passed.
Split = str
LEVELS = ("small", "standard")

# Of a text. Every example of a split is as wide as its longest one.
MOST_CHARACTERS = 100_000


class DatasetError(LexigymError, ValueError):
    """Data that can't be read, or that no task could use."""


@dataclass(frozen=True)
class Example:
    """One item: what is asked, and every answer that counts as right.

    Attributes:
        prompt: What is asked, not empty.
        references: One or more right answers, none empty, the usual one first.
        keywords: Words that an answer has to hold; none if nothing asks for them.

    All are normalised to NFC, so that two spellings of one letter are the same; nothing else is
    changed: digits of full width, say, stay other characters than those of ASCII.

    Raises:
        DatasetError: If one is empty, no text, longer than 100,000 characters, or holds control
            characters, marks that change the order of others, a byte order mark, or lone
            surrogates, which are halves of characters.
    """

    prompt: str
    references: tuple[str, ...]
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("references", "keywords"):
            values = getattr(self, name)
            if isinstance(values, str):
                raise DatasetError(
                    f"{name} must be a sequence of texts, got the text {shortened(values)}."
                )
            object.__setattr__(self, name, tuple(_clean(name, value) for value in values))
        object.__setattr__(self, "prompt", _clean("prompt", self.prompt))
        if not self.references:
            raise DatasetError(
                f"the prompt {shortened(self.prompt)} has no reference; give at least one."
            )


class Source(Protocol):
    """What an environment draws its episodes from; it is hashable, so that caches can hold it."""

    def __hash__(self) -> int: ...

    @property
    def name(self) -> str:
        """A short name."""
        ...

    @property
    def language(self) -> str:
        """The language of the references, as a locale: "en", "zh"."""
        ...

    @property
    def prompt_language(self) -> str:
        """That of the prompts."""
        ...

    @property
    def licence(self) -> str:
        """What the data may be used for, as an SPDX identifier where there is one."""
        ...

    @property
    def source(self) -> str:
        """Where it comes from, in a few words."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content in hexadecimal, the same on every platform."""
        ...

    @property
    def splits(self) -> Collection[Split]:
        """The splits that there are."""
        ...

    def size(self, split: Split) -> int | None:
        """Return how many examples a split has, None if it has no end."""
        ...

    def example(self, split: Split, index: int) -> Example:
        """Return one example of a split; the same index gives the same one, always."""
        ...

    def texts(self) -> Iterator[str]:
        """Yield prompts and references that hold every word which can ever appear."""
        ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """A finite dataset in memory; see `Source` for the attributes that it shares.

    Attributes:
        splits: By name, each not empty; a split that doesn't exist is left out.

    Raises:
        DatasetError: If it or a split is empty, or a prompt stands in two splits.
        InvalidArgumentError: If a split is misnamed.
    """

    name: str
    language: str
    prompt_language: str
    licence: str
    source: str
    splits: Mapping[Split, Sequence[Example]]

    def __post_init__(self) -> None:
        for split in self.splits:
            choice("split", split, SPLITS)
        splits = {split: tuple(self.splits[split]) for split in SPLITS if split in self.splits}
        object.__setattr__(self, "splits", splits)
        if not splits:
            raise DatasetError(f"the dataset {self.name!r} is empty; give it an example.")
        for split, examples in splits.items():
            if not examples:
                raise DatasetError(
                    f"the {split} split of {self.name!r} is empty; give it an example, or leave "
                    "the split out."
                )
        self._require_disjoint()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of languages and examples, whatever the dataset is called."""
        return fingerprint_of(self.language, self.prompt_language, self.splits)

    def size(self, split: Split) -> int:
        """Return how many examples a split has."""
        return len(self._split(split))

    def example(self, split: Split, index: int) -> Example:
        """Return an example by its place in a split.

        Raises:
            InvalidArgumentError: If there is no such split or place.
        """
        examples = self._split(split)
        return examples[check_index(index, split, len(examples))]

    def texts(self) -> Iterator[str]:
        """Yield every prompt and reference."""
        for examples in self.splits.values():
            yield from texts_of(examples)

    def _split(self, split: Split) -> Sequence[Example]:
        if split not in self.splits:
            raise InvalidArgumentError(
                f"{self.name!r} has no split {split!r}; {did_you_mean(str(split), self.splits)}"
            )
        return self.splits[split]

    def _require_disjoint(self) -> None:
        first: dict[str, str] = {}
        doubled: dict[str, tuple[str, str]] = {}
        for split, examples in self.splits.items():
            for example in examples:
                other = first.setdefault(example.prompt, split)
                if other != split:
                    doubled[example.prompt] = other, split
        if doubled:
            shown = ", ".join(
                f"{shortened(prompt)} (in {one} and {other})"
                for prompt, (one, other) in list(doubled.items())[:3]
            )
            raise DatasetError(
                f"{len(doubled)} of the prompts of {self.name!r} stand in two splits, such as "
                f"{shown}; keep each in one."
            )


def split_of(prompt: str) -> Split:
    """Return the split of a prompt by its hash alone: 80 % train, 10 % validation, 10 % test."""
    return SPLITS[max(0, stable_hash(prompt) % 10 - 7)]


def split_by_hash(examples: Iterable[Example]) -> dict[Split, list[Example]]:
    """Divide examples by `split_of` their prompts, leaving out splits that get none."""
    splits: dict[Split, list[Example]] = {}
    for example in examples:
        splits.setdefault(split_of(example.prompt), []).append(example)
    return splits


def stable_hash(text: str) -> int:
    """Return 64 bits of the SHA-256 of a text, the same in every process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def fingerprint_of(
    language: str, prompt_language: str, splits: Mapping[Split, Sequence[Example]]
) -> str:
    """Return the SHA-256, in hexadecimal, of languages and examples as JSON in ASCII."""
    content = {
        split: [[each.prompt, each.references, each.keywords] for each in examples]
        for split, examples in splits.items()
    }
    text = json.dumps([language, prompt_language, content], sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def texts_of(examples: Iterable[Example]) -> Iterator[str]:
    """Yield the prompts and the references of examples."""
    for example in examples:
        yield example.prompt
        yield from example.references


def check_index(index: Any, split: Split, size: int | None) -> int:
    """Return the index of an example, or raise an `InvalidArgumentError`."""
    return integer(f"the index of a {split} example", index, 0, None if size is None else size - 1)


def _clean(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DatasetError(f"{name} must be a text that is not empty, got {shortened(value)}.")
    if len(value) > MOST_CHARACTERS:
        raise DatasetError(
            f"{name} {shortened(value)} has {len(value):,} characters, {MOST_CHARACTERS:,} are the "
            "most; shorten it."
        )
    refused = CONTROL.search(value)
    if refused:
        raise DatasetError(
            f"{name} {shortened(value)} holds U+{ord(refused[0]):04X}, a control character, "
            "directional mark or lone surrogate; remove it."
        )
    return unicodedata.normalize("NFC", value)
