"""How much a text reads like the sentences of a corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...registry.errors import InvalidArgumentError
from .language_codes import UNSPACED, check_language
from .ngram_model import END, NGramModel
from .protocol import Reads, References, Scorer, check_score, check_text, read
from .words import tokens

FOLDS = 5
SEED = 0


class Fluency(Scorer):
    """Mean log-probability per word and sentence end, on a scale that the corpus sets, in [0, 1].

    The model is a Kneser-Ney trigram, fitted to the corpus. 0 is the mean of the corpus' sentences
    with their words shuffled, 1 the median of its sentences as they are, both for models that were
    fitted without the fold that a sentence is in; between them the scale is linear, beyond them
    clipped. The empty text scores 0.

    The potential is the same without the sentence end, which is unlikely before it is due.

    Source: `NGramModel`; the scale is this project's.

    Args:
        corpus: Sentences, at least 5; None for the stories that ship.
        language: Of the sentences.

    Raises:
        InvalidArgumentError: If the language is unknown, the corpus is too small, or its sentences
            are no likelier than their shuffled words.
    """

    name = "fluency"
    reads: Reads = "text"

    def __init__(self, corpus: Sequence[str] | None = None, language: str = "en") -> None:
        self.language = check_language(language)
        if corpus is not None and (isinstance(corpus, str) or len(corpus) < FOLDS):
            raise InvalidArgumentError(
                f"corpus must be a sequence of at least {FOLDS} sentences, got {corpus!r}."
            )
        self._corpus = None if corpus is None else tuple(corpus)

    @property
    def signature(self) -> str:
        """The model, the language, and the beginning of the corpus' SHA-256."""
        digest = hashlib.sha256("\n".join(self._sentences).encode()).hexdigest()
        return f"model:kneser-ney|order:3|language:{self.language}|corpus:{digest[:12]}"

    def score(self, hypothesis: str, references: References = ()) -> float:
        """Return how fluent a text is; see `Scorer.score`."""
        read(self, hypothesis, references)
        sentence = tokens(hypothesis, self.language)
        if not sentence:
            return 0.0
        total = self.scale.model.sentence_log_probability(sentence)
        return check_score(self, self.scale.place(total / (len(sentence) + 1)), hypothesis)

    def begin(self, references: References = ()) -> FluencyProgress:
        """Return the progress of the empty text; see `Scorer.begin`."""
        return FluencyProgress(self, references)

    @cached_property
    def scale(self) -> Scale:
        """The model and the scale, fitted when first used."""
        return fit_scale(self._sentences, self.language)

    @property
    def _sentences(self) -> tuple[str, ...]:
        if self._corpus is not None:
            return self._corpus
        # Imported here, because no other corpus needs it.
        from ..datasets.stories import sentences

        return tuple(sentences())


class FluencyProgress:
    """Fluency of a growing text from a running sum; see `Progress`."""

    def __init__(self, scorer: Fluency, references: References) -> None:
        read(scorer, "", references)
        self._scorer = scorer
        self._text = ""
        # The tokens in front of this index can't change any more; the sum and the count are theirs.
        self._end = 0
        self._sum = 0.0
        self._count = 0
        self._context: tuple[str, ...] = ()
        self._open: list[str] = []

    def append(self, text: str) -> None:
        """Add text at the end."""
        check_text(self._scorer, "text", text)
        self._text += text
        language = self._scorer.language
        end = len(self._text)
        if language not in UNSPACED:
            # What is behind the last space is a word that may go on.
            while end > self._end and not self._text[end - 1].isspace():
                end -= 1
        closing = tokens(self._text[self._end : end], language)
        self._sum, self._context = self._extended(closing)
        self._count += len(closing)
        self._end = end
        self._open = tokens(self._text[end:], language)

    @property
    def text(self) -> str:
        """All text so far."""
        return self._text

    @property
    def score(self) -> float:
        """Fluency of the text so far."""
        count = self._count + len(self._open)
        if not count:
            return 0.0
        total, _ = self._extended([*self._open, END])
        return check_score(self._scorer, self._scorer.scale.place(total / (count + 1)), self._text)

    @property
    def potential(self) -> float:
        """Fluency of the words so far, without the sentence end."""
        count = self._count + len(self._open)
        if not count:
            return 0.0
        total, _ = self._extended(self._open)
        return self._scorer.scale.place(total / count)

    @property
    def components(self) -> dict[str, float]:
        """The score by name."""
        return {self._scorer.name: self.score}

    def copy(self) -> FluencyProgress:
        """Return another progress from here on."""
        return copy(self)

    def _extended(self, more: list[str]) -> tuple[float, tuple[str, ...]]:
        """Return the sum and the context after more tokens."""
        model, total, context = self._scorer.scale.model, self._sum, self._context
        for token in more:
            total += model.log_probability(token, context)
            context = (*context, token)[-model.order :]
        return total, context


@dataclass(frozen=True)
class Scale:
    """A model, and the mean log-probabilities per word that score 0 and 1."""

    model: NGramModel
    zero: float
    one: float

    def place(self, value: float) -> float:
        """Return where a mean log-probability stands, clipped to [0, 1]."""
        return min(1.0, max(0.0, (value - self.zero) / (self.one - self.zero)))


@lru_cache(maxsize=8)
def fit_scale(corpus: tuple[str, ...], language: str) -> Scale:
    """Fit the model to a corpus, and the scale by cross-validation.

    Raises:
        InvalidArgumentError: If the sentences are no likelier than their shuffled words.
    """
    sentences = [sentence for text in corpus if (sentence := tokens(text, language))]
    generator = np.random.default_rng(np.random.SeedSequence([SEED]))
    fluent: list[float] = []
    shuffled: list[float] = []
    for fold in range(FOLDS):
        others = [sentence for i, sentence in enumerate(sentences) if i % FOLDS != fold]
        model = NGramModel(others)
        for sentence in sentences[fold::FOLDS]:
            order = generator.permutation(len(sentence))
            for values, words in ((fluent, sentence), (shuffled, [sentence[i] for i in order])):
                values.append(model.sentence_log_probability(words) / (len(words) + 1))
    zero, one = float(np.mean(shuffled)), float(np.median(fluent))
    if not zero < one:
        raise InvalidArgumentError(
            f"the corpus that begins with {corpus[0]!r} tells no order of words: its sentences are "
            "no likelier than shuffled; pass more or longer ones."
        )
    return Scale(NGramModel(sentences), zero, one)
