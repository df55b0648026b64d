"""How far a text agrees with its references, in order: the potential of shaped rewards.

A token that stands where a reference has it counts 1, skipping one of the reference's costs 1, and
one too many costs a quarter; another token in place of the right one costs nothing but the match.
The potential is the worth of the best such alignment with the beginning of a reference, over the
reference's length, the end of the text included (Needleman and Wunsch 1970).

So the right next token pays at once, and what skips it does not. Matches of n-grams, as BLEU counts
them, pay any token of the reference as well as the first one: an agent then learns to write bags of
words, and loses what it left out only at the very end.

An alignment, `(C,) int64`, holds the number of references, that of the text's tokens, and for each
reference its length m, its m tokens, and m + 1 cells: the worth, in quarters, of the best alignment
of the whole text with the first j tokens of the reference. Only cells within `BAND` of the text's
length are kept up to date, so that a token costs the same in a long text.
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


@compiled
def alignment_size(tokens: int, references: int) -> int:
    """Return C for references that have so many tokens together."""
    return 2 + 2 * (tokens + references)


@compiled
def begin_alignment(alignment: Integers, tokens: Integers, bounds: Integers) -> None:
    """Begin with an empty text; reference r is `tokens[bounds[r] : bounds[r + 1]]`."""
    references = len(bounds) - 1
    alignment[0], alignment[1] = references, 0
    place = 2
    for reference in range(references):
        length = bounds[reference + 1] - bounds[reference]
        cells = place + 1 + length
        alignment[place] = length
        alignment[place + 1 : cells] = tokens[bounds[reference] : bounds[reference + 1]]
        for cell in range(length + 1):
            alignment[cells + cell] = -SKIP * cell
        place = cells + length + 1


@compiled
def align(alignment: Integers, token: int) -> Any:
    """Append a token to the text, and return its potential, in [0, 1)."""
    alignment[1] += 1
    written = alignment[1]
    place, potential = 2, 0.0
    for _ in range(alignment[0]):
        length = alignment[place]
        cells = place + 1 + length
        first = min(max(0, written - BAND), length)
        last = min(written + BAND, length)
        diagonal = left = NEVER
        if first > min(max(0, written - 1 - BAND), length):
            diagonal = alignment[cells + first - 1]
        best = 0
        for cell in range(first, last + 1):
            above = alignment[cells + cell]
            matches = cell > 0 and alignment[place + cell] == token
            worth = max(diagonal + MATCH * matches, left - SKIP)
            if cell < written + BAND:
                worth = max(worth, above - SURPLUS)
            alignment[cells + cell] = left = worth
            diagonal = above
            best = max(best, worth)
        potential = max(potential, best / (MATCH * (length + 1)))
        place = cells + length + 1
    return potential
