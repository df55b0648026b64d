"""A language model as what reads texts: from token observations to hidden states and logits."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...registry.errors import InvalidArgumentError
from .texts import Texts

# Of a beginning that texts share, tokens from which on it pays to read it once.
SHARED = 16


class Reader(nn.Module):
    """Reads the prompt and the text so far, and thinks of what comes next.

    Prompts lose their padding, so that a text is read from position 0 on, whatever it stands beside
    in a batch. A model by words gets `<eos>` between prompt and text, as it was trained.

    Args:
        model: A causal language model of transformers.
        texts: How the environment writes.
        separates: Whether `<eos>` stands between prompt and text.

    Attributes:
        width: D, the size of hidden states.

    Raises:
        InvalidArgumentError: If the model's logits are not its hidden states times its output
            embeddings.
    """

    def __init__(self, model: Any, texts: Texts, *, separates: bool) -> None:
        super().__init__()
        self.model = model
        self.texts = texts
        self.separator = int(separates)
        # In a tuple, for it is a part of the model already.
        self._output = (model.get_output_embeddings(),)
        self.width = int(self._output[0].weight.shape[1])
        self._require_plain_logits()

    @property
    def output_embeddings(self) -> Tensor:
        """The embedding of each token that can be written, `(V, D)`."""
        weight: Tensor = self._output[0].weight[: len(self.texts.tokens)]
        return weight

    @property
    def output_bias(self) -> Tensor | None:
        """The bias of each of their logits, `(V,)`, or None."""
        bias = self._output[0].bias
        return None if bias is None else bias[: len(self.texts.tokens)]

    def logits(
        self, hidden: Tensor, candidates: Tensor | None = None, added: Tensor | None = None
    ) -> Tensor:
        """Return the logits of the next token.

        Args:
            hidden: `(N, D)`, hidden states.
            candidates: As in `products`.
            added: `(V,)` or `(N, V)`, what is added to the logits of all tokens, at no cost.
        """
        bias = self.output_bias
        if added is not None:
            added = added if bias is None else added + bias
            return torch.addmm(added, hidden, self.output_embeddings.t())
        products = self.products(hidden, candidates)
        if bias is None:
            return products
        return products + (bias if candidates is None else bias[candidates.clamp(min=0)])

    def products(self, vectors: Tensor, candidates: Tensor | None) -> Tensor:
        """Return the products of vectors with the output embeddings of tokens.

        Args:
            vectors: `(N, D)`.
            candidates: `(N, k)`, which tokens, anything for -1; None for all V. Only their
                embeddings are read: logits of tens of thousands of tokens would fill the memory.
        """
        if candidates is None:
            return F.linear(vectors, self.output_embeddings)
        embeddings = F.embedding(candidates.clamp(min=0), self.output_embeddings)
        return (embeddings @ vectors.unsqueeze(2)).squeeze(2)

    def forward(self, tokens: Tensor, rows: Tensor, slots: Tensor) -> Tensor:
        """Return hidden states, `(N, D)`.

        Args:
            tokens: `(B, P + T) int64`, observations.
            rows: `(N,) int64`, of which of them.
            slots: `(N,) int64`, the slot of the last token seen, from P - 1 on.
        """
        ids, prompts = self.unpadded(tokens)
        positions = self.positions(prompts[rows], slots)
        ids = ids[:, : int(positions.max()) + 1]
        start, past = 0, None
        if not torch.is_grad_enabled():
            start = min(_shared(ids), int(positions.min()))
        if start >= SHARED:
            # What all begin with, such as examples in front of every question, is read once.
            past = self.model.base_model(ids[:1, :start], use_cache=True).past_key_values
            past.batch_repeat_interleave(len(ids))
            ids, positions = ids[:, start:], positions - start
        output = self.model.base_model(
            # By their embeddings, since of padding among ids transformers warns, where it stands
            # after the texts too.
            inputs_embeds=self.model.get_input_embeddings()(ids),
            attention_mask=None,
            past_key_values=past,
            use_cache=past is not None,
            return_dict=True,
        )
        hidden: Tensor = output.last_hidden_state[rows, positions]
        return hidden

    def unpadded(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ids that the model reads and the lengths of the prompts.

        Args:
            tokens: `(B, P + T)`, observations.

        Returns:
            `(B, S)`, each text from position 0 on, padding after it, and `(B,)`.
        """
        end = self.texts.prompt_tokens
        prompts = self.prompt_lengths(tokens)
        room = int(prompts.max()) + self.separator + self.texts.new_tokens
        places = torch.arange(room, device=tokens.device)
        after = places > prompts[:, None] if self.separator else torch.zeros_like(places).bool()
        slots = end - prompts[:, None] + places - self.separator * after
        ids = tokens.gather(1, slots.clamp(max=tokens.shape[1] - 1))
        if self.separator:
            ids.scatter_(1, prompts[:, None], self.texts.eos)
        return ids, prompts

    def prompt_lengths(self, tokens: Tensor) -> Tensor:
        """Return how many tokens the prompt of each observation has, `(B,)`."""
        return (tokens[:, : self.texts.prompt_tokens] != self.texts.pad).sum(dim=1)

    def positions(self, prompts: Tensor, slots: Tensor) -> Tensor:
        """Return where the last seen token stands in what the model reads, `(N,)`."""
        return slots - (self.texts.prompt_tokens - prompts) + self.separator

    def last_slots(self, tokens: Tensor) -> Tensor:
        """Return the slot of the last token of each observation, `(B,)`; P - 1 before the first."""
        text = tokens[:, self.texts.prompt_tokens :]
        blank = text == self.texts.pad
        # The first blank, or all of the text where there is none.
        written = torch.where(blank.any(dim=1), blank.int().argmax(dim=1), text.shape[1])
        return written + self.texts.prompt_tokens - 1

    @torch.no_grad()
    def _require_plain_logits(self) -> None:
        ids = torch.arange(min(4, len(self.texts.tokens)))[None]
        ids = ids.to(self.output_embeddings.device)
        how = {"attention_mask": torch.ones_like(ids), "use_cache": False, "return_dict": True}
        whole = self.model(ids, **how).logits[0]
        hidden = self.model.base_model(ids, **how).last_hidden_state[0]
        mine = self.logits(hidden)
        if not torch.allclose(mine, whole[:, : mine.shape[1]], rtol=1e-3, atol=1e-3):
            raise InvalidArgumentError(
                f"{type(self.model).__name__} scales or bounds its logits, which Q-values can't be "
                "built on: take a model whose logits are its last hidden state times its output "
                "embeddings, such as GPT-2 or Llama."
            )


def _shared(ids: Tensor) -> int:
    """Return how many first ids are the same in all of several texts, `(B, S)`."""
    if len(ids) == 1:
        return 0
    return int((ids == ids[:1]).all(dim=0).int().cumprod(dim=0).sum())
