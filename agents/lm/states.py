"""States of texts that a language model values: beginnings, with what was found out on the way."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..dqn.prefixes import Prefixes


@dataclass(frozen=True)
class TextStates(Prefixes):
    """N states that are beginnings of texts.

    Attributes:
        candidates: `(N, k) int64`, the tokens that may be written next, -1 where there are fewer;
            None if all may.
        hidden: `(N, D) float32`, the hidden states of the frozen prior, which needn't read again;
            None where it must.
    """

    candidates: Tensor | None = None
    hidden: Tensor | None = None
