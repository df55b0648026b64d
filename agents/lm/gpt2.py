"""GPT-2 read by the tensors alone, for acting: the same numbers without the modules' overhead."""

from __future__ import annotations

from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

# Two names of one function.
TANH_GELU = ("gelu_new", "gelu_pytorch_tanh")


class Cache(Protocol):
    """Keeps the keys and values of what was read."""

    def keep(self, new: Tensor, layer: int) -> Tensor:
        """Keep those of one layer, `(2, n * heads, S, size)`; return all L that are attended to."""
        ...


class PlainGPT2:
    """The blocks of a GPT-2 of transformers, called tensor by tensor.

    For a small model most of a token's time is what happens around the products of matrices. Its
    weights stay those of the model, which may go on learning.

    Args:
        model: A model that `supports` accepts.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        body = model.base_model
        self.heads = int(model.config.n_head)
        self.epsilon = float(model.config.layer_norm_epsilon)
        self.tokens, self.positions = body.wte.weight, body.wpe.weight
        self.last = body.ln_f.weight, body.ln_f.bias
        self.blocks = [
            tuple(
                (module.weight, module.bias)
                for module in (
                    block.ln_1,
                    block.attn.c_attn,
                    block.attn.c_proj,
                    block.ln_2,
                    block.mlp.c_fc,
                    block.mlp.c_proj,
                )
            )
            for block in body.h
        ]

    @staticmethod
    def supports(model: Any) -> bool:
        """Whether a model is a GPT-2 as it was published, with nothing put in between."""
        config = model.config
        if type(model).__name__ != "GPT2LMHeadModel" or model.training:
            return False
        products = {
            type(product).__name__
            for block in model.base_model.h
            for product in (
                block.attn.c_attn,
                block.attn.c_proj,
                block.mlp.c_fc,
                block.mlp.c_proj,
            )
        }
        return (
            config.activation_function in TANH_GELU
            and config.scale_attn_weights
            and not config.scale_attn_by_inverse_layer_idx
            and not config.add_cross_attention
            and products <= {"Conv1D"}
        )

    def read(self, ids: Tensor, positions: Tensor, mask: Tensor, cache: Cache) -> Tensor:
        """Return the last hidden states, `(n, S, D)`.

        Args:
            ids: `(n, S) int64`, the tokens that are new.
            positions: `(n, S)` or `(1, S)`, where they stand.
            mask: `(n, 1, S, L)` or `(1, 1, S, L)`, added to the scores of attention.
            cache: Keeps the keys and values of each layer, and gives those of all L tokens.
        """
        n, size = ids.shape
        stream = torch.embedding(self.tokens, ids) + torch.embedding(self.positions, positions)
        stream = stream.view(n * size, -1)
        width = stream.shape[1]
        if len(mask) > 1:
            mask = mask.expand(-1, self.heads, -1, -1)
        mask = mask.flatten(0, 1)
        for layer, (norm, inward, outward, second, wide, narrow) in enumerate(self.blocks):
            normed = torch.layer_norm(stream, (width,), *norm, self.epsilon)
            mixed = torch.addmm(inward[1], normed, inward[0]).view(n, size, 3, self.heads, -1)
            mixed = mixed.permute(2, 0, 3, 1, 4).reshape(3, n * self.heads, size, -1)
            attended = _attend(mixed[0], cache.keep(mixed[1:], layer), mask)
            attended = attended.view(n, self.heads, size, -1).transpose(1, 2)
            attended = attended.reshape(n * size, width)
            stream = torch.addmm(outward[1], attended, outward[0]).add_(stream)
            normed = torch.layer_norm(stream, (width,), *second, self.epsilon)
            inner = F.gelu(torch.addmm(wide[1], normed, wide[0]), approximate="tanh")
            stream = torch.addmm(narrow[1], inner, narrow[0]).add_(stream)
        return torch.layer_norm(stream, (width,), *self.last, self.epsilon).view(n, size, width)


def _attend(query: Tensor, keys_and_values: Tensor, mask: Tensor) -> Tensor:
    """Return `(n * heads, S, size)`: for one new token a text, twice as fast as PyTorch's own."""
    keys, values = keys_and_values
    scores = torch.baddbmm(mask, query, keys.transpose(1, 2), alpha=query.shape[2] ** -0.5)
    return torch.bmm(scores.softmax(dim=-1), values)
