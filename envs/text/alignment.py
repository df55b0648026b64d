"""How far a text agrees with its references, in order: the potential of shaped rewards.

A token that stands where a reference has it counts 1, skipping one of the reference's costs 1, and
one too many costs a quarter; another token in place of the right one costs nothing but the match.
The potential is the worth of the best such alignment with the beginning of a reference, over the
reference's length, the end of the text included (Needleman and Wunsch 1970).

So the right next token pays at once, and what skips it does not. Matches of n-grams, as BLEU counts
them, pay any token of the reference as well as the first one: an agent then learns to write bags of
words, and loses what it left out only at the very end.

`alignments`, `(n, C) int64`, holds by row the number of references, that of the text's tokens, and
for each reference its length m, its m tokens, and m + 1 cells: the worth, in quarters, of the best
alignment of the whole text with the first j tokens of the reference. Only cells within `BAND` of
the text's length are kept up to date, so that a token costs the same in a long text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...registry.compiler import compiled

Integers = npt.NDArray[np.int64]

MATCH, SKIP, SURPLUS = 4, 4, 1
BAND = 16
# Less than any alignment is worth.
NEVER = -(2**62)


def make_alignments(n: int, tokens: int, references: int) -> Integers:
    """Return an array for n texts whose references have so many tokens together."""
    return np.zeros((n, 2 + 2 * tokens + 2 * references), np.int64)


def enlarged(alignments: Integers, n: int, tokens: int, references: int) -> Integers:
    """Return alignments that have room for so many tokens and references, with what they held."""
    larger = make_alignments(n, tokens, references)
    if larger.shape[1] <= alignments.shape[1]:
        return alignments
    larger[:, : alignments.shape[1]] = alignments
    return larger


@compiled
def begin_alignment(row: int, tokens: Integers, bounds: Integers, alignments: Integers) -> None:
    """Begin with an empty text; reference r is `tokens[bounds[r] : bounds[r + 1]]`."""
    references = len(bounds) - 1
    alignments[row, 0], alignments[row, 1] = references, 0
    place = 2
    for reference in range(references):
        length = bounds[reference + 1] - bounds[reference]
        alignments[row, place] = length
        for position in range(length):
            alignments[row, place + 1 + position] = tokens[bounds[reference] + position]
        for position in range(length + 1):
            alignments[row, place + 1 + length + position] = -SKIP * position
        place += 2 * length + 2


@compiled
def align(row: int, token: int, alignments: Integers) -> Any:
    """Append a token to a text, and return its potential, in [0, 1)."""
    alignments[row, 1] += 1
    written = alignments[row, 1]
    place, potential = 2, 0.0
    for _ in range(alignments[row, 0]):
        length = alignments[row, place]
        cells = place + 1 + length
        first = min(max(0, written - BAND), length)
        last = min(written + BAND, length)
        diagonal = left = NEVER
        if first > min(max(0, written - 1 - BAND), length):
            diagonal = alignments[row, cells + first - 1]
        best = 0
        for cell in range(first, last + 1):
            above = alignments[row, cells + cell]
            matches = cell > 0 and alignments[row, place + cell] == token
            worth = max(diagonal + MATCH * matches, left - SKIP)
            if cell < written + BAND:
                worth = max(worth, above - SURPLUS)
            alignments[row, cells + cell] = left = worth
            diagonal = above
            best = max(best, worth)
        potential = max(potential, best / (MATCH * (length + 1)))
        place += 2 * length + 2
    return potential
