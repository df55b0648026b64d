"""What RLlib's modules read of `observations`: ids are embedded, all else is flattened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import Space, spaces
from ray.rllib.algorithms.dqn.dqn_catalog import DQNCatalog
from ray.rllib.algorithms.ppo.ppo_catalog import PPOCatalog
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import Encoder
from ray.rllib.core.models.configs import ModelConfig
from ray.rllib.core.models.torch.base import TorchModel
from torch import Tensor, nn

from ...registry.errors import InvalidArgumentError
from ..spaces import tokens_in

# Numbers that stand for an id.
EMBEDDING = 32


class _ObservationsCatalog:
    """Gives a catalog an encoder that reads `observations` of the `Dict`."""

    @classmethod
    def _get_encoder_config(
        cls,
        observation_space: Space[Any],
        model_config_dict: dict[str, Any],
        action_space: Space[Any] | None = None,
    ) -> ObservationEncoderConfig:
        if not isinstance(observation_space, spaces.Dict):
            raise InvalidArgumentError(
                f"the modules read what lexigym.adapt(env, to='rllib') shows, got "
                f"{observation_space}: name the environment by register(id)."
            )
        if model_config_dict["use_lstm"]:
            raise InvalidArgumentError(
                "the modules have no recurrent form, got use_lstm=True: leave it out."
            )
        space = observation_space["observations"]
        features = spaces.Box(-np.inf, np.inf, (Features(space).size,))
        network = super()._get_encoder_config(features, model_config_dict, action_space)  # type: ignore[misc]
        return ObservationEncoderConfig(space=space, network=network)


class ObservationsPPOCatalog(_ObservationsCatalog, PPOCatalog):
    """PPO's catalog, with an encoder of `observations`."""


class ObservationsDQNCatalog(_ObservationsCatalog, DQNCatalog):
    """DQN's catalog, with an encoder of `observations`."""


@dataclass(kw_only=True)
class ObservationEncoderConfig(ModelConfig):
    """What an `ObservationEncoder` is built from.

    Attributes:
        space: The space of `observations`.
        network: The encoder of their features, as RLlib's `model_config` sets it.
    """

    space: Space[Any]
    network: ModelConfig

    @property
    def output_dims(self) -> Any:
        """The shape of what comes out."""
        return self.network.output_dims

    def build(self, framework: str) -> ObservationEncoder:
        """Build it; `framework` is "torch"."""
        return ObservationEncoder(self, framework)


class ObservationEncoder(TorchModel, Encoder):  # type: ignore[no-untyped-call]
    """RLlib's encoder of the features of `observations`."""

    def __init__(self, config: ObservationEncoderConfig, framework: str) -> None:
        super().__init__(config)
        self.features = Features(config.space)
        self.network = config.network.build(framework)

    def _forward(self, input_dict: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        features = self.features(input_dict[Columns.OBS]["observations"])
        outputs: dict[str, Any] = self.network({Columns.OBS: features}, **kwargs)
        return outputs


class Features(nn.Module):
    """Observations of a space to `(B, size) float32`.

    Ids, the tokens of a text or one Discrete number, are embedded, each place with its numbers
    beside the others'; a Box is flattened, and pixels are divided by 255.

    Attributes:
        size: Features of an observation.

    Raises:
        InvalidArgumentError: If the space is neither a Box nor Discrete.
    """

    def __init__(self, space: Space[Any]) -> None:
        super().__init__()
        if isinstance(space, spaces.Discrete):
            self.first, ids = int(space.start), int(space.n)
        elif isinstance(space, spaces.Box):
            self.first, ids = 0, tokens_in(space) or 0
        else:
            raise InvalidArgumentError(
                f"the modules read observations in a Box or Discrete space, not in {space}: choose "
                "another form of them, such as observation='tokens'."
            )
        self.embedding = nn.Embedding(ids, EMBEDDING) if ids else None
        self.scale = 1 / 255 if space.dtype == np.uint8 else 1.0
        self.size = math.prod(space.shape or ()) * (EMBEDDING if ids else 1)

    def forward(self, observations: Tensor) -> Tensor:
        """Return the features of a batch."""
        if self.embedding is None:
            features = observations.float() * self.scale
        else:
            features = self.embedding(observations.long() - self.first)
        return features.reshape(len(observations), self.size)
