"""Gymnasium wrappers of the token environments, single and vector."""

from .kl_penalty import KLPenalty, KLPenaltyVector, Reference
from .ngram_reference import NGramReference
from .token_vectors import (
    EmbeddedTokens,
    EmbeddedTokensVector,
    OneHotTokens,
    OneHotTokensVector,
)

__all__ = [
    "EmbeddedTokens",
    "EmbeddedTokensVector",
    "KLPenalty",
    "KLPenaltyVector",
    "NGramReference",
    "OneHotTokens",
    "OneHotTokensVector",
    "Reference",
]
