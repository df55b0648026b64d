"""Networks that read token observations as tokens, for policies of Stable-Baselines3."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from gymnasium import Space, spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, CombinedExtractor
from torch import Tensor, nn

from ..registry.errors import InvalidArgumentError, did_you_mean
from .spaces import Spaces, tokens_in

PAD = 0
ENCODERS = ("attention", "recurrent")

# Entries of a Dict that tell nothing which the tokens don't, or are not for the network.
IGNORED = ("action_mask", "prompt", "step")


class TokenFeatures(BaseFeaturesExtractor):
    """Token observations, `(B, L)` ids from 0 to V - 1, to `(B, features_dim) float32`.

    Embeddings of tokens and positions, an encoder that looks to the left only, and of its outputs
    that at the last token which isn't padding (token 0). A prompt is padded on its left, the text
    after it on its right, so that this is the token written last, or the prompt's end.

    "attention" are blocks that normalise before attention and before the perceptron, of four times
    their width; "recurrent" are gated recurrent units.

    Source: Vaswani et al. 2017 with the normalisation of Xiong et al. 2020; Cho et al. 2014.

    Args:
        observation_space: `Box(0, V - 1, (L,), int64)`. Stable-Baselines3 turns the ids into
            float32, which holds integers up to 2^24 exactly.
        features_dim: Features that come out.
        encoder: "attention" or "recurrent".
        width: Size of embeddings and layers, for "attention" a multiple of `heads`.
        layers: Layers of the encoder.
        heads: Attention heads; "recurrent" has none.

    Raises:
        InvalidArgumentError: If the space is another one, or an argument is outside its range.
    """

    def __init__(
        self,
        observation_space: Space[Any],
        features_dim: int = 64,
        *,
        encoder: str = "attention",
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
    ) -> None:
        size = tokens_in(observation_space)
        if size is None:
            raise InvalidArgumentError(
                f"TokenFeatures need observations in a Box(0, V - 1, (L,), int64), got "
                f"{observation_space}: choose another features_extractor_class."
            )
        _check(encoder, {"features_dim": features_dim, "width": width, "layers": layers}, heads)
        super().__init__(observation_space, features_dim)
        assert observation_space.shape is not None
        (slots,) = observation_space.shape
        self.token_embedding = nn.Embedding(size, width)
        self.position_embedding = nn.Embedding(slots, width)
        self.attention: nn.TransformerEncoder | None = None
        self.recurrent: nn.GRU | None = None
        if encoder == "recurrent":
            self.recurrent = nn.GRU(width, width, layers, batch_first=True)
        else:
            # No dropout: it would make targets noisy and two predictions differ.
            block = nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            self.attention = nn.TransformerEncoder(block, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, features_dim)
        self.positions: Tensor
        self.future: Tensor
        self.register_buffer("positions", torch.arange(slots), persistent=False)
        future = torch.ones(slots, slots, dtype=torch.bool).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, observations: Tensor) -> Tensor:
        """Return the features, `(B, L)` to `(B, features_dim)`."""
        tokens = observations.round().long()
        hidden = self.token_embedding(tokens) + self.position_embedding(self.positions)
        if self.attention is not None:
            hidden = self.attention(hidden, mask=self.future, is_causal=True)
        elif self.recurrent is not None:
            hidden, _ = self.recurrent(hidden)
        last = ((tokens != PAD) * self.positions).amax(dim=1)
        state = hidden[torch.arange(len(tokens), device=tokens.device), last]
        features: Tensor = self.output(self.norm(state))
        return features


class TokenDictFeatures(BaseFeaturesExtractor):
    """`TokenFeatures` of a Dict's `tokens`, beside its other entries as they are.

    `action_mask`, `prompt` and `step` are left out: the tokens show what the last two say, and the
    mask is for the choice of actions. Of the token environment only the tokens are left.

    Args:
        observation_space: A Dict with `tokens`.
        **arguments: Those of `TokenFeatures`.

    Raises:
        InvalidArgumentError: If there are no tokens, or an argument is outside its range.
    """

    def __init__(self, observation_space: spaces.Dict, **arguments: Any) -> None:
        parts = dict(observation_space.items())
        if "tokens" not in parts:
            raise InvalidArgumentError(
                f"TokenDictFeatures need 'tokens' among the observations, got {sorted(parts)}: "
                "choose another features_extractor_class."
            )
        tokens = TokenFeatures(parts.pop("tokens"), **arguments)
        rest = {key: part for key, part in parts.items() if key not in IGNORED}
        others = CombinedExtractor(spaces.Dict(rest)) if rest else None
        super().__init__(
            observation_space, tokens.features_dim + (others.features_dim if others else 0)
        )
        self.tokens = tokens
        self.others = others

    def forward(self, observations: dict[str, Tensor]) -> Tensor:
        """Return the features, `(B, features_dim)`."""
        features: Tensor = self.tokens(observations["tokens"])
        if self.others is None:
            return features
        return torch.cat([features, self.others(observations)], dim=1)


def token_features(available: Spaces) -> type[BaseFeaturesExtractor] | None:
    """Return the class that reads an environment's tokens; None where there are none to be read.

    There are where V >= 2 Discrete actions write the tokens that a `Box(0, V - 1, (L,), int64)`
    shows, by itself or as the `tokens` of a Dict.
    """
    space, actions = available.observation_space, available.action_space
    if isinstance(space, spaces.Dict):
        return TokenDictFeatures if _writes(space.spaces.get("tokens"), actions) else None
    return TokenFeatures if _writes(space, actions) else None


def default_policy_kwargs(
    algorithm: type[BaseAlgorithm], policy: Any, available: Spaces
) -> dict[str, Any]:
    """Return the arguments of a policy that suit the observations better than its own defaults.

    Args:
        algorithm: The algorithm's class.
        policy: The name of a policy, or its class, which is then left as it is.
        available: The spaces of the environment.
    """
    policy_class = algorithm.policy_aliases.get(policy) if isinstance(policy, str) else None
    features = token_features(available)
    if policy_class is None or features is None:
        return {}
    # The linear and the small policies of ARS have no features.
    takes_features = "features_extractor_class" in inspect.signature(policy_class).parameters
    return {"features_extractor_class": features} if takes_features else {}


def _writes(shown: Space[Any] | None, actions: Space[Any]) -> bool:
    return shown is not None and Spaces(shown, actions).vocabulary_size is not None


def _check(encoder: Any, sizes: dict[str, Any], heads: Any) -> None:
    if encoder not in ENCODERS:
        raise InvalidArgumentError(
            f"encoder={encoder!r} is unknown; {did_you_mean(str(encoder), ENCODERS)}"
        )
    for name, size in {**sizes, "heads": heads}.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InvalidArgumentError(f"{name} must be an integer of at least 1, got {size!r}.")
    if encoder == "attention" and sizes["width"] % heads:
        raise InvalidArgumentError(
            f"width must be a multiple of heads={heads}, got {sizes['width']}: change either."
        )
