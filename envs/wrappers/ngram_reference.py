"""An n-gram model as the reference policy of a token environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...registry.errors import InvalidArgumentError
from ..arguments import integer
from ..scorers.ngram_model import END, UNKNOWN, NGramModel
from ..text.tokenizer import Tokenizer

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class NGramReference:
    """log pi_ref(a | s) of the next token by an n-gram model, over the legal tokens.

    pi_ref(a | s) is proportional to P(word of a | words so far) for legal a, and 0 for others. The
    words so far are those of the text, not of the prompt; the end token stands for the sentence
    end. Legal tokens of one word, such as all that the model doesn't know, share its probability
    evenly.

    Args:
        model: The model.
        tokenizer: The environment's.
        prompt_tokens: P, the place in an observation where the text begins.
        mask: `(V,)`, true or 1 where a token is legal; None for all but padding, which never is.
        word: Turns a token into a word of the model: `str.casefold` for one of lower-case words,
            such as `Fluency`'s; by default they are the same.

    Raises:
        InvalidArgumentError: If the mask is of another shape, or leaves nothing legal.
    """

    def __init__(
        self,
        model: NGramModel,
        tokenizer: Tokenizer,
        prompt_tokens: int,
        mask: npt.ArrayLike | None = None,
        word: Callable[[str], str] = str,
    ) -> None:
        self.model = model
        self.prompt_tokens = integer("prompt_tokens", prompt_tokens, 0)
        legal = np.array(np.ones(tokenizer.size) if mask is None else mask, bool)
        if legal.shape == (tokenizer.size,):
            legal[tokenizer.pad] = False
        if legal.shape != (tokenizer.size,) or not legal.any():
            raise InvalidArgumentError(
                f"mask must tell of each of {tokenizer.size} tokens whether it is legal, and one "
                f"besides padding must be, got shape {legal.shape} with {int(legal.sum())} legal: "
                "pass the action_mask of the environment's info."
            )
        self._pad = tokenizer.pad
        self._words = [word(tokenizer.token(index)) for index in range(tokenizer.size)]
        self._words[tokenizer.eos] = END
        places = {known: place for place, known in enumerate(model.vocabulary)}
        self._legal = np.flatnonzero(legal)
        self._places = np.array(
            [places.get(self._words[token], places[UNKNOWN]) for token in self._legal.tolist()]
        )
        tokens_of = Counter(self._places.tolist())
        self._shares = np.array([1 / tokens_of[place] for place in self._places.tolist()])

    @classmethod
    def fit(cls, env: Any, order: int = 3, examples: int = 2_000) -> Self:
        """Return the reference of the texts that an environment is to be answered with.

        The model is fitted to the references of the train split, in the environment's own tokens.

        Args:
            env: A token environment or token vector environment, wrapped or not.
            order: Largest order of the n-grams.
            examples: How many examples are read at most.

        Raises:
            InvalidArgumentError: If it is no token environment, or a number is below 1.
        """
        task = getattr(env.unwrapped, "task", None)
        if task is None:
            raise InvalidArgumentError(
                f"{env} is no token environment: pass QA-v0, TextGen-v0, Translation-v0 or one "
                "like them, or make the reference of a model and a tokenizer."
            )
        source, tokenizer = task.source, task.tokenizer
        size = source.size("train")
        examples = integer("examples", examples, 1)
        read = range(examples if size is None else min(size, examples))
        sentences = [
            [tokenizer.token(token) for token in tokenizer.encode(text, source.language)]
            for index in read
            for text in source.example("train", index).references
        ]
        model = NGramModel(sentences, order)
        return cls(model, tokenizer, task.prompt_tokens, task.mask)

    def log_probabilities(self, tokens: npt.NDArray[np.int64]) -> Floats:
        """Return log pi_ref(a | s): `(L,) int64` to `(V,) float64`, and `(n, L)` to `(n, V)`.

        Illegal actions have -inf.
        """
        rows = np.atleast_2d(tokens)
        values = np.stack([self._next(row) for row in rows])
        return values if tokens.ndim == 2 else values[0]

    def _next(self, row: Integers) -> Floats:
        written = row[self.prompt_tokens :]
        context = [self._words[token] for token in written[written != self._pad].tolist()]
        probabilities = self.model.next_distribution(context)[self._places] * self._shares
        values = np.full(len(self._words), -np.inf)
        values[self._legal] = np.log(probabilities / probabilities.sum())
        return values
