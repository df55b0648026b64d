"""Tokenizers: from texts to token ids and back, without loss."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Protocol, runtime_checkable

from ...registry.errors import InvalidArgumentError, shortened
from ...registry.tables import MODELS, TOKENIZERS
from ..datasets.schema import Source
from ..datasets.sentences import join, words

PAD, EOS = 0, 1
SPECIAL = ("<pad>", "<eos>")


@runtime_checkable
class Tokenizer(Protocol):
    """What the token environment asks of a tokenizer.

    Attributes:
        size: V; ids are 0 to V - 1.
        pad: The id that fills empty places; it is never written.
        eos: The id that ends a text.
        fingerprint: The same for tokenizers that give the same ids.
    """

    size: int
    pad: int
    eos: int
    fingerprint: str

    def __hash__(self) -> int:
        """Return a hash, since what follows from a tokenizer is kept."""
        ...

    def encode(self, text: str, language: str) -> list[int]:
        """Return the ids of a text, without `pad` and `eos`.

        Raises:
            InvalidArgumentError: If the text has no ids from which it comes back.
        """
        ...

    def decode(self, ids: Sequence[int], language: str) -> str:
        """Return the text of ids; `pad` and `eos` stand for nothing."""
        ...

    def token(self, id: int) -> str:  # noqa: A002, the field's name for it
        """Return a token as text, to show or to complete."""
        ...


class WordTokenizer:
    """Words, punctuation marks and, in Chinese, characters: those that occur in given texts.

    Args:
        vocabulary: The tokens besides `<pad>` (0) and `<eos>` (1), in the order of their ids.

    Raises:
        InvalidArgumentError: If a token is empty, occurs twice, or is one of these two.
    """

    pad, eos = PAD, EOS

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self.tokens = (*SPECIAL, *vocabulary)
        self.size = len(self.tokens)
        self.ids = {token: index for index, token in enumerate(self.tokens)}
        if len(self.ids) < self.size or "" in self.ids:
            raise InvalidArgumentError(
                f"a vocabulary needs distinct tokens, none empty nor {' or '.join(SPECIAL)}; got "
                f"{self.size - 2}, {len(self.ids) - 2} of them distinct."
            )
        self.fingerprint = hashlib.sha256("\n".join(self.tokens).encode()).hexdigest()

    @classmethod
    def fit(cls, texts: Iterable[str], language: str) -> WordTokenizer:
        """Return the tokenizer of all words in texts, sorted by code point."""
        return cls(sorted({word for text in texts for word in words(text, language)}))

    def encode(self, text: str, language: str) -> list[int]:
        """Return the ids of a text.

        Raises:
            InvalidArgumentError: If a word is not in the vocabulary, or the words joined again are
                another text.
        """
        tokens = words(text, language)
        unknown = [token for token in tokens if token not in self.ids]
        if unknown:
            raise InvalidArgumentError(
                f"the tokenizer can't express {shortened(unknown[0])} of {shortened(text)}: it is "
                f"not among its {self.size} tokens; fit it on texts that hold the word."
            )
        if join(tokens, language) != text:
            raise InvalidArgumentError(
                f"the tokenizer can't express {shortened(text)}: its words give "
                f"{shortened(join(tokens, language))}; write it with the language's own spacing."
            )
        return [self.ids[token] for token in tokens]

    def decode(self, ids: Sequence[int], language: str) -> str:
        """Return the text of ids."""
        return join([self.tokens[index] for index in ids if index not in (PAD, EOS)], language)

    def token(self, id: int) -> str:  # noqa: A002, the field's name for it
        """Return a token as text."""
        return self.tokens[id]


def make_tokenizer(tokenizer: Any, source: Source, literals: Sequence[str] = ()) -> Tokenizer:
    """Return a tokenizer for a dataset.

    Args:
        tokenizer: "words", a tokenizer or a language model of `lexigym list`, the name or path of a
            Hugging Face tokenizer, or an object with the interface of `Tokenizer`.
        source: The dataset.
        literals: What else must be expressed, in the language of the prompts.

    Raises:
        InvalidArgumentError: If it is none of these.
        MissingDependencyError: If a Hugging Face tokenizer is asked for without transformers.
    """
    if tokenizer == "words":
        return _fitted(source, tuple(literals))
    if isinstance(tokenizer, Tokenizer):
        return tokenizer
    if not isinstance(tokenizer, (str, os.PathLike)):
        raise InvalidArgumentError(
            f"tokenizer must be 'words', a name, a path or an object with encode and decode, got "
            f"{tokenizer!r}."
        )
    name = os.fspath(tokenizer)
    if name in TOKENIZERS:
        registered: Tokenizer = TOKENIZERS.get(name)(source)
        return registered
    if name in MODELS:
        name = str(MODELS.get(name).folder())
    # Imported here because transformers costs more to import than all the rest.
    from .huggingface import HuggingFaceTokenizer

    return HuggingFaceTokenizer(name)


@lru_cache(maxsize=32)
def _fitted(source: Source, literals: tuple[str, ...]) -> WordTokenizer:
    return WordTokenizer.fit(chain(source.texts(), literals), source.language)
