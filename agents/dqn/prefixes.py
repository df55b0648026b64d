"""States that are beginnings of texts: a causal network values all of a text's in one pass."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class Prefixes:
    """N states that are beginnings of B token sequences.

    Attributes:
        tokens: `(B, L) int64`, the sequences.
        rows: `(N,) int64`, which sequence.
        slots: `(N,) int64`, the place of the last token that is seen.
    """

    tokens: Tensor
    rows: Tensor
    slots: Tensor

    def __len__(self) -> int:
        """Return N."""
        return len(self.rows)

    def joined(self, other: Self) -> Self:
        """Return these states and those of another that share the sequences."""
        assert self.tokens is other.tokens
        return self._and(other, other.rows)

    def beside(self, other: Self) -> Self:
        """Return these states and those of other sequences."""
        both = self._and(other, other.rows + len(self.tokens))
        return replace(both, tokens=torch.cat([self.tokens, other.tokens]))

    def _and(self, other: Self, rows: Tensor) -> Self:
        """Return the states of both, the rows of the other given."""
        columns: dict[str, Any] = {"rows": torch.cat([self.rows, rows])}
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if field.name not in ("tokens", "rows") and mine is not None:
                columns[field.name] = torch.cat([mine, theirs])
        return replace(self, **columns)
