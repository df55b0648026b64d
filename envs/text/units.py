"""Which tokens are written together, as one of the units that BLEU counts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt

from ..datasets.sentences import join
from .kernels import Joins
from .tokenizer import WordTokenizer

Split = Callable[[str], tuple[str, ...]]


def joins_of(
    tokenizer: WordTokenizer, legal: npt.NDArray[np.bool_], language: str, split: Split
) -> Joins | None:
    """Return `joins` of the kernels, or None where units don't follow from neighbouring tokens.

    The tokenizers of BLEU look no further than to the neighbouring character. So tokens are sorted
    into classes, by the character that they begin or end with, all letters and all ideographs
    alike, and by whether it is the only one; and one token speaks for its class. Between a token of
    one character and the next, it may also matter what precedes it: 13a splits a hyphen from a
    digit before it, and then from what follows.

    Args:
        tokenizer: The tokenizer of the texts.
        legal: `(V,)`, the tokens that may be written.
        language: Their language.
        split: BLEU's own tokenizer.
    """

    def units(*tokens: str) -> tuple[str, ...]:
        return split(join(tokens, language))

    ids = [index for index in np.flatnonzero(legal).tolist() if index != tokenizer.eos]
    tokens = [tokenizer.tokens[index] for index in ids]
    if any(units(token) != (token,) for token in tokens):
        return None
    first, beginners = _classes([(_kind(token[0]), len(token) == 1) for token in tokens], tokens)
    last, enders = _classes([(_kind(token[-1]), len(token) == 1) for token in tokens], tokens)
    together = np.zeros((len(enders) + 1, len(beginners)), bool)
    parts = np.zeros_like(together)
    for (a, before), (b, after) in product(enumerate(enders), enumerate(beginners)):
        together[a, b] = units(before, after) == (before + after,)
        if not together[a, b] and units(before, after) != (before, after):
            return None
    if _ambiguous(tokens, last, together, beginners):
        return None
    for index, (a, before) in product(range(len(tokens)), enumerate(enders)):
        joins_left, joins_right = together[a, first[index]], together[last[index]].any()
        if len(tokens[index]) > 1 or not (joins_left or joins_right):
            continue
        middle = tokens[index]
        head = (before + middle,) if joins_left else (before, middle)
        joined = [after for b, after in enumerate(beginners) if together[last[index], b]]
        separate = [after for b, after in enumerate(beginners) if not together[last[index], b]]
        apart = [units(before, middle, after) == (*head, after) for after in joined]
        whole = [units(before, middle, after) == (*head[:-1], head[-1] + after) for after in joined]
        if not (all(whole) or all(apart)) or any(
            units(before, middle, after) != (*head, after) for after in separate
        ):
            return None
        parts[a, first[index]] = bool(joined) and all(apart)
    classes = np.zeros((2, tokenizer.size), np.int64)
    classes[:, ids] = first, last
    return classes[0], classes[1], together, parts


def _ambiguous(
    tokens: list[str],
    last: list[int],
    together: npt.NDArray[np.bool_],
    beginners: list[str],
) -> bool:
    """Whether two sequences of tokens may spell one unit, as "-le" and "-", "le" do.

    Where they part, one's token begins with the other's, which something joins that goes on alike.
    """
    ends = dict(zip(tokens, last, strict=True))
    joined = [
        {_kind(beginner[0]) for b, beginner in enumerate(beginners) if row[b]} for row in together
    ]
    return any(
        token[:cut] in ends and _kind(token[cut]) in joined[ends[token[:cut]]]
        for token in tokens
        for cut in range(1, len(token))
    )


def _kind(character: str) -> str:
    """Return what a character is to the tokenizers: itself, unless all letters are the same."""
    if "\u4e00" <= character <= "\u9fa5":
        return "ideograph"
    return "letter" if character.isalpha() and character < "\u2000" else character


def _classes(keys: list[tuple[str, bool]], tokens: list[str]) -> tuple[list[int], list[str]]:
    """Return the class of each token by its key, and one token of each class."""
    numbers: dict[tuple[str, bool], int] = {}
    members: list[str] = []
    for key, token in zip(keys, tokens, strict=True):
        if key not in numbers:
            numbers[key] = len(members)
            members.append(token)
    return [numbers[key] for key in keys], members
