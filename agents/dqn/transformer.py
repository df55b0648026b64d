"""A small causal transformer as Q-network of texts that are written token by token."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import DQNConfig
from .prefixes import Prefixes

PAD = 0


class TransformerQNetwork(nn.Module):
    """Q(s, a) of every next token, from the last token that is not padding.

    Token 0 pads: a prompt on its left, the text after it on its right. Blocks normalise before
    attention and before the perceptron (Xiong et al. 2020); attention is causal, so that what is
    said of a text never depends on what follows.

    Args:
        vocabulary_size: V; observations are ids from 0 to V - 1.
        slots: L, the length of an observation.
        n_actions: A.
        width: Size of embeddings and hidden layers; a multiple of `heads`.
        depth: Blocks.
        heads: Attention heads.
        dueling: Q = V + A - mean A, from two linear heads (Wang et al. 2016, equation 9).
    """

    def __init__(
        self,
        vocabulary_size: int,
        slots: int,
        n_actions: int,
        *,
        width: int,
        depth: int,
        heads: int,
        dueling: bool = False,
    ) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary_size, width)
        self.position_embedding = nn.Embedding(slots, width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.advantage = nn.Linear(width, n_actions)
        self.value = nn.Linear(width, 1) if dueling else None
        if n_actions == vocabulary_size:
            self.advantage.weight = self.token_embedding.weight
        self.positions: Tensor
        self.register_buffer("positions", torch.arange(slots), persistent=False)

    def forward(self, observations: Tensor | Prefixes) -> Tensor:
        """Return Q(s, a), `(B, A)` of observations `(B, L)`, or `(N, A)` of prefixes."""
        if isinstance(observations, Prefixes):
            tokens, rows, slots = observations.tokens, observations.rows, observations.slots
        else:
            tokens = observations
            rows = torch.arange(len(tokens), device=tokens.device)
            written = (tokens != PAD) * self.positions
            slots = written.amax(dim=1)
        hidden = self.token_embedding(tokens) + self.position_embedding(self.positions)
        for block in self.blocks:
            hidden = block(hidden)
        state = self.norm(hidden[rows, slots])
        values: Tensor = self.advantage(state)
        if self.value is not None:
            values = self.value(state) + values - values.mean(dim=1, keepdim=True)
        return values


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.perceptron_norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 4 * width)
        self.contract = nn.Linear(4 * width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        batch, slots, width = hidden.shape
        mixed = self.queries_keys_values(self.attention_norm(hidden))
        queries, keys, values = mixed.view(batch, slots, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        hidden = hidden + self.output(attended.transpose(1, 2).reshape(batch, slots, width))
        inner = F.gelu(self.expand(self.perceptron_norm(hidden)))
        contracted: Tensor = self.contract(inner)
        return hidden + contracted


def build_transformer(
    vocabulary_size: int, slots: int, config: DQNConfig, generator: torch.Generator
) -> TransformerQNetwork:
    """Build the network for token observations `(L,)`, its weights drawn from `generator`."""
    # Layers initialise themselves from the global generator, which is the caller's.
    with torch.random.fork_rng(devices=[]):
        network = TransformerQNetwork(
            vocabulary_size,
            slots,
            vocabulary_size,
            width=config.transformer_width,
            depth=config.transformer_depth,
            heads=config.transformer_heads,
            dueling=config.dueling,
        )
    _initialise(network, generator)
    return network


def _initialise(network: TransformerQNetwork, generator: torch.Generator) -> None:
    """Draw all weights from `generator`.

    As in GPT-2 (Radford et al. 2019): normal with deviation 0.02, and smaller by the root of twice
    the depth where a block adds to the stream; the head begins at zero, so that no action is
    preferred before anything is learned.
    """
    residual = 0.02 / math.sqrt(2 * len(network.blocks))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith("value") or name.endswith("bias"):
                parameter.zero_()
            elif "norm" in name:
                parameter.fill_(1)
            else:
                added = name.endswith(("output.weight", "contract.weight"))
                parameter.normal_(0, residual if added else 0.02, generator=generator)
