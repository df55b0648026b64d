"""The potential of shaped rewards, against an alignment written out in full."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.text.alignment import BAND, align, alignment_size, begin_alignment


def worth(text: tuple[int, ...], reference: tuple[int, ...]) -> float:
    """Return the worth of the best alignment of a text with a beginning of the reference."""

    @cache
    def best(written: int, read: int) -> float:
        if abs(written - min(read, len(reference))) > BAND and read < len(reference):
            return -math.inf
        if written == read == 0:
            return 0
        choices = [-math.inf]
        if written and read:
            match = text[written - 1] == reference[read - 1]
            choices.append(best(written - 1, read - 1) + match)
        if read:
            choices.append(best(written, read - 1) - 1)
        if written:
            choices.append(best(written - 1, read) - 0.25)
        return max(choices)

    return max(0, *(best(len(text), read) for read in range(len(reference) + 1)))


def potentials(text: list[int], references: list[list[int]]) -> list[float]:
    """Return the potential after each token."""
    tokens = [token for reference in references for token in reference]
    bounds = np.cumsum([0, *map(len, references)])
    alignment = np.zeros(alignment_size(len(tokens), len(references)), np.int64)
    begin_alignment(alignment, np.array(tokens, np.int64), bounds)
    return [align(alignment, token) for token in text]


tokens = st.integers(1, 4)
texts = st.lists(tokens, max_size=9)
references = st.lists(st.lists(tokens, min_size=1, max_size=6), min_size=1, max_size=3)


@settings(deadline=None, max_examples=2000)
@given(texts, references)
def test_it_is_the_best_alignment(text: list[int], references: list[list[int]]) -> None:
    expected = [
        max(
            worth(tuple(text[:length]), tuple(reference)) / (len(reference) + 1)
            for reference in references
        )
        for length in range(1, len(text) + 1)
    ]
    assert potentials(text, references) == pytest.approx(expected, abs=1e-12)


@given(st.lists(tokens, min_size=1, max_size=60))
def test_each_token_of_a_reference_pays_its_share(reference: list[int]) -> None:
    share = 1 / (len(reference) + 1)
    paid = np.diff([0.0, *potentials(reference, [reference])])
    assert paid == pytest.approx(np.full(len(reference), share))


def test_what_skips_a_token_pays_nothing() -> None:
    assert potentials([2, 3], [[1, 2, 3]]) == [0, 1 / 4]
    assert potentials([9, 2, 3], [[1, 2, 3]]) == [0, 1 / 4, 2 / 4]
    assert potentials([1, 2, 3, 9], [[1, 2, 3]]) == pytest.approx([1 / 4, 2 / 4, 3 / 4, 2.75 / 4])


def test_long_texts_are_aligned_near_the_diagonal() -> None:
    """As far as the band reaches the whole matrix is, and a text far too long keeps its loss."""
    reference = list(range(1, 41))
    late = [99] * (BAND - 1) + reference
    assert potentials(late, [reference])[-1] == pytest.approx((40 - (BAND - 1) / 4) / 41)
    beyond = potentials([99] * (BAND + 1) + reference, [reference])[-1]
    assert beyond < 0.5
    surplus = potentials([*reference[:3], *[99] * 40], [reference[:3]])
    assert surplus[-1] == 0
