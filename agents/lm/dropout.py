"""Dropout of a language model while an update reads, and never while it acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ...registry.errors import InvalidArgumentError


def set_dropout(model: Any, rate: float) -> None:
    """Set the rate of a model's dropout layers, 0 of those within attention.

    With theirs, attention weights would have to be written out, which takes several times as long.

    Raises:
        InvalidArgumentError: If there is a rate, but no such layer, as in Llama.
    """
    found = False
    for name, module in model.named_modules():
        if isinstance(module, nn.Dropout):
            within = name.endswith("attn_dropout")
            module.p = 0.0 if within else rate
            found |= not within
    if rate and not found:
        raise InvalidArgumentError(
            f"{type(model).__name__} has no dropout layers: leave dropout at 0, got {rate}."
        )


@contextmanager
def dropping_out(model: nn.Module, rate: float, seed: int) -> Iterator[None]:
    """Let the dropout layers of a model work, on numbers drawn from a seed of their own."""
    if not rate:
        yield
        return
    # They draw from the global generator, which is the caller's.
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model.train()
        try:
            yield
        finally:
            model.eval()
