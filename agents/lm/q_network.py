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


class Hidden(NamedTuple):
    """The hidden states of the last tokens of N texts.

    Attributes:
        learning: `(N, D)`, those of the model that learns.
        prior: `(N, D)`, those of the model as it was; the same tensor where only heads learn.
    """

    learning: Tensor
    prior: Tensor


class Judgement(NamedTuple):
    """What is thought of N states and A next tokens each.

    Attributes:
        value: `(N, 1)`, V(s).
        gain: `(N, A)`, Q(s, a) - V(s).
    """

    value: Tensor
    gain: Tensor

    @property
    def q_values(self) -> Tensor:
        """Q(s, a), `(N, A)`."""
        return self.value + self.gain


class LanguageModelQNetwork(nn.Module):
    """Q(s, a) = V(s) + tau log pi_LM(a | s) + A(s, a).

    V and A are perceptrons on the hidden state of the last token; A is the product of what its
    perceptron gives with the embedding of the token, and tau times what learning has changed of the
    model's own log-probability. Both begin at 0, so that the order of the tokens is the language
    model's before the first update. pi_LM stays what it was: were it to learn, it would grow sure
    of what it has tried, and try nothing else.

    Args:
        reader: The language model that learns.
        prior: The language model as it was, which gives pi_LM; `reader` where only heads learn.
        temperature: tau, by which log-probabilities are worth rewards.
        generator: The source of the first weights.
    """

    def __init__(
        self, reader: Reader, prior: Reader, temperature: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.reader, self.prior = reader, prior
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

    def read(self, observations: Tensor | Prefixes) -> Hidden:
        """Return the hidden states of what is seen of texts."""
        if isinstance(observations, Prefixes):
            places = observations.tokens, observations.rows, observations.slots
        else:
            rows = torch.arange(len(observations), device=observations.device)
            places = observations, rows, self.reader.last_slots(observations)
        prior = observations.hidden if isinstance(observations, TextStates) else None
        if prior is None:
            prior = self.prior(*places)
        return Hidden(prior if self.reader is self.prior else self.reader(*places), prior)

    def judge(
        self, hidden: Hidden, candidates: Tensor | None, actions: Tensor | None = None
    ) -> Judgement:
        """Return what is thought of states with these hidden states.

        Args:
            hidden: Those of N states.
            candidates: `(N, k)`, the tokens that are judged, -1 for none; None for all.
            actions: `(N, 1)`, which of them alone have to be known, so that A = 1; None for all.
        """
        learned = self._log_probabilities(self.reader, hidden.learning, candidates)
        if actions is not None:
            learned = learned.gather(1, actions)
            candidates = actions if candidates is None else candidates.gather(1, actions)
        advantage = self.reader.products(self.advantage(hidden.learning), candidates)
        gain = self.temperature * learned + advantage
        return Judgement(self.value(hidden.learning), gain)

    def log_prior(self, hidden: Hidden, candidates: Tensor | None) -> Tensor:
        """Return log pi_LM(a | s), `(N, A)`, among the candidates, or all that is ever written."""
        return self._log_probabilities(self.prior, hidden.prior, candidates)

    def _log_probabilities(
        self, reader: Reader, hidden: Tensor, candidates: Tensor | None
    ) -> Tensor:
        unwritten = self.unwritten if candidates is None else candidates < 0
        logits = reader.logits(hidden, candidates).masked_fill(unwritten, NEVER)
        return F.log_softmax(logits.float(), dim=1)


def candidates_of(observations: Tensor | Prefixes) -> Tensor | None:
    """Return the candidates of states, None where all tokens are."""
    return observations.candidates if isinstance(observations, TextStates) else None


def _head(width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))
