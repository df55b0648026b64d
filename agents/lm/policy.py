"""How a language model with values acts: log pi_LM + beta (Q - V), among the legal tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..dqn.prefixes import Prefixes
from .cached_reader import CachedReaders
from .learner import autocast
from .q_network import NEVER, Hidden, LanguageModelQNetwork

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outlook:
    """What is thought of the next tokens of n texts.

    Attributes:
        hidden: `(n, D) float32`, the prior's hidden states of their last tokens.
        candidates: `(n, k) int64`, the tokens that are judged, -1 for none; None for all V.
        log_prior: `(n, A)`, log pi_LM but for a constant of each text, which no softmax minds;
            minus infinity where illegal.
        scores: `(n, A)`, log pi_LM + beta (Q - V), likewise.
    """

    hidden: Tensor
    candidates: Tensor | None
    log_prior: Tensor
    scores: Tensor


@dataclass
class TextPolicy:
    """Chooses tokens by the language model's log-probabilities and what is known of their values.

    Attributes:
        network: The Q-network.
        beta: How much values count; 0 leaves the language model alone.
        candidates: k, how many of the model's best tokens are judged; 0 for all.
        generator: The source of the draws.
        precision: What the model computes in.
    """

    network: LanguageModelQNetwork
    beta: float
    candidates: int
    generator: np.random.Generator
    precision: str

    @torch.no_grad()
    def outlook(
        self, tokens: Tensor | Prefixes, legal: Any, readers: CachedReaders | None = None
    ) -> Outlook:
        """Return what is thought of the next tokens.

        Args:
            tokens: `(n, P + T) int64`, observations, or n beginnings of texts.
            legal: `(n, V) bool`, the tokens that may be written; None for all.
            readers: What remember the texts of the last batch, if they are likely to go on.
        """
        device = self.network.unwritten.device
        mask = _as_tensor(legal, device)
        with autocast(device, self.precision):
            read = self._read(tokens, readers)
            hidden = Hidden(*(each.float() for each in read))
            candidates = self._candidates(hidden.prior, mask) if self.candidates else None
            gain = self.network.judge(hidden, candidates).gain.float()
            log_prior = self.network.log_prior(hidden, candidates).float()
        if candidates is not None:
            mask = candidates >= 0
        scores = _masked(log_prior + self.beta * gain, mask)
        return Outlook(hidden.prior, candidates, _masked(log_prior, mask), scores)

    def _read(self, tokens: Tensor | Prefixes, readers: CachedReaders | None) -> Hidden:
        if readers is None or isinstance(tokens, Prefixes):
            return self.network.read(tokens)
        return readers.read(tokens)

    def _candidates(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        logits = _masked(self.network.prior.logits(hidden).float(), mask)
        best, tokens = logits.topk(min(self.candidates, logits.shape[1]), dim=1)
        tokens = tokens.masked_fill(best.isneginf(), -1)
        eos = self.network.prior.texts.eos
        missing = ~(tokens == eos).any(dim=1)
        if mask is not None:
            missing &= mask[:, eos]
        tokens[missing, -1] = eos
        return tokens

    def best(self, outlook: Outlook) -> Integers:
        """Return the tokens of the highest score, `(n,) int64`."""
        return _tokens(outlook, _argmax(outlook.scores))

    def draw(self, outlook: Outlook, epsilon: float) -> Integers:
        """Draw tokens from softmax(scores); with probability epsilon from the language model."""
        prior = self.generator.random(len(outlook.scores)) < epsilon
        chosen = torch.from_numpy(prior).to(outlook.scores.device)[:, None]
        scores = torch.where(chosen, outlook.log_prior, outlook.scores)
        # The best after Gumbel noise is a draw from the softmax (Gumbel 1954).
        noise = self.generator.gumbel(size=scores.shape).astype(np.float32)
        return _tokens(outlook, _argmax(scores + torch.from_numpy(noise).to(scores.device)))


class PriorPolicy(TextPolicy):
    """Chooses by the language model alone, as where nothing was learned: V = A = 0."""

    # The last masks, and what was added for them.
    _last: tuple[npt.NDArray[Any], Tensor] | None = None

    @torch.no_grad()
    def outlook(
        self, tokens: Tensor | Prefixes, legal: Any, readers: CachedReaders | None = None
    ) -> Outlook:
        """Return what the language model thinks of the next tokens; see `TextPolicy.outlook`."""
        network = self.network
        with autocast(network.unwritten.device, self.precision):
            read = self._read(tokens, readers)
            log_prior = network.prior.logits(read.prior, added=self._added(legal)).float()
        return Outlook(read.prior.float(), None, log_prior, log_prior)

    def _added(self, legal: npt.NDArray[Any] | None) -> Tensor:
        """Return what forbids tokens when added to logits, `(V,)` or `(n, V)`."""
        masks = np.empty(0) if legal is None else legal
        # Most environments forbid the same tokens in all texts, at every step.
        if self._last is None or not np.array_equal(masks, self._last[0]):
            unwritten = self.network.unwritten
            added = unwritten.float() * NEVER
            if masks.size:
                one = masks[0] if (masks == masks[0]).all() else masks
                added = _masked(added, _as_tensor(one, unwritten.device))
            self._last = np.array(masks), added
        return self._last[1]


def _as_tensor(legal: Any, device: torch.device) -> Tensor | None:
    return None if legal is None else torch.from_numpy(np.array(legal)).to(device)


def _masked(values: Tensor, mask: Tensor | None) -> Tensor:
    return values if mask is None else values.masked_fill(~mask, -torch.inf)


def _argmax(scores: Tensor) -> Tensor:
    # On the host NumPy takes a tenth of the time of PyTorch.
    if scores.device.type == "cpu":
        return torch.from_numpy(scores.numpy().argmax(axis=1))
    return scores.argmax(dim=1)


def _tokens(outlook: Outlook, places: Tensor) -> Integers:
    if outlook.candidates is not None:
        places = outlook.candidates.gather(1, places[:, None]).squeeze(1)
    tokens: Integers = places.cpu().numpy()
    return tokens
