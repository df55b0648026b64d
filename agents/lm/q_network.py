"""The Q-function that a language model is: its own log-probabilities, corrected by two heads."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..dqn.prefixes import Prefixes
from .reader import Reader
from .states import TextStates

# The logit of what can't be written: finite, so that no gradient is undefined.
NEVER = -1e9


class Judgement(NamedTuple):
    """What is thought of N states and A next tokens each.

    Attributes:
        value: `(N, 1)`, V(s).
        log_prior: `(N, A)`, log pi_LM(a | s) among the tokens that may ever be written, or the
            candidates.
        gain: `(N, A)`, Q(s, a) - V(s).
    """

    value: Tensor
    log_prior: Tensor
    gain: Tensor

    @property
    def q_values(self) -> Tensor:
        """Q(s, a), `(N, A)`."""
        return self.value + self.gain


class LanguageModelQNetwork(nn.Module):
    """Q(s, a) = V(s) + tau log pi_LM(a | s) + A(s, a).

    V and A are perceptrons on the hidden state of the last token; A is the product of what its
    perceptron gives with the embedding of the token. Both begin at 0, so that the order of the
    tokens is the language model's before the first update.

    Args:
        reader: The language model.
        temperature: tau, by which log-probabilities are worth rewards.
        generator: The source of the first weights.
    """

    def __init__(self, reader: Reader, temperature: float, generator: torch.Generator) -> None:
        super().__init__()
        self.reader = reader
        self.temperature = temperature
        unwritten = torch.ones(len(reader.texts.tokens), dtype=torch.bool)
        unwritten[list(reader.texts.written)] = False
        self.unwritten: Tensor
        self.register_buffer("unwritten", unwritten, persistent=False)
        # Layers initialise themselves from the global generator, which is the caller's.
        with torch.random.fork_rng(devices=[]):
            self.value = _head(reader.width, 1)
            self.advantage = _head(reader.width, reader.width)
        with torch.no_grad():
            for head in (self.value, self.advantage):
                bound = reader.width**-0.5
                for parameter in head.parameters():
                    parameter.zero_()
                next(head.parameters()).uniform_(-bound, bound, generator=generator)

    def forward(self, observations: Tensor | Prefixes) -> Tensor:
        """Return Q(s, a), `(N, A)`, of observations `(N, P + T)` or of `Prefixes`."""
        return self.judge(self.read(observations), candidates_of(observations)).q_values

    def read(self, observations: Tensor | Prefixes) -> Tensor:
        """Return the hidden states, `(N, D)`."""
        if isinstance(observations, TextStates) and observations.hidden is not None:
            return observations.hidden
        if isinstance(observations, Prefixes):
            return self._read(observations.tokens, observations.rows, observations.slots)
        rows = torch.arange(len(observations), device=observations.device)
        return self._read(observations, rows, self.reader.last_slots(observations))

    def _read(self, tokens: Tensor, rows: Tensor, slots: Tensor) -> Tensor:
        hidden: Tensor = self.reader(tokens, rows, slots)
        return hidden

    def judge(self, hidden: Tensor, candidates: Tensor | None) -> Judgement:
        """Return what is thought of states with these hidden states.

        Args:
            hidden: `(N, D)`.
            candidates: `(N, k)`, the tokens that are judged, -1 for none; None for all.
        """
        advantage = self.advantage(hidden)
        if candidates is None:
            logits = self.reader.logits(hidden).masked_fill(self.unwritten, NEVER)
            advantages = F.linear(advantage, self.reader.output_embeddings)
        else:
            # Of the candidates alone: a vocabulary of tens of thousands would fill the memory.
            tokens = candidates.clamp(min=0)
            embeddings = F.embedding(tokens, self.reader.output_embeddings)
            both = torch.stack([hidden, advantage], dim=2)
            logits, advantages = (embeddings @ both).unbind(2)
            if self.reader.output_bias is not None:
                logits = logits + self.reader.output_bias[tokens]
            logits = logits.masked_fill(candidates < 0, NEVER)
        log_prior = F.log_softmax(logits.float(), dim=1)
        return Judgement(self.value(hidden), log_prior, self.temperature * log_prior + advantages)


def candidates_of(observations: Tensor | Prefixes) -> Tensor | None:
    """Return the candidates of states, None where all tokens are."""
    return observations.candidates if isinstance(observations, TextStates) else None


def _head(width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))
