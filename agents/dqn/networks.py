"""The Q-networks that the agent builds itself; any other torch module serves as well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import gymnasium
import torch
from gymnasium import spaces
from torch import Tensor, nn

from .observations import Features


class MLPQNetwork(nn.Module):
    """A multilayer perceptron with rectified hidden layers: `(B, *shape)` to `(B, A) float32`.

    Args:
        features: Turns observations into `(B, D) float32`, and knows D as `size`.
        net_arch: Widths of the hidden layers.
        n_actions: A.

    Attributes:
        widths: D, the widths of the hidden layers, and A.
    """

    def __init__(self, features: FeatureModule, net_arch: Sequence[int], n_actions: int) -> None:
        super().__init__()
        self.features = features
        self.widths = [features.size, *net_arch, n_actions]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(self.widths))

    def forward(self, observations: Tensor) -> Tensor:
        """Return Q(s, a) of every action."""
        hidden: Tensor = self.features(observations)
        *inner, last = self.layers
        for layer in inner:
            hidden = layer(hidden).relu_()
        output: Tensor = last(hidden)
        return output


class DuelingQNetwork(nn.Module):
    """Q = V + A - mean A, from two streams over a shared trunk (Wang et al. 2016, equation 9).

    The last width of `net_arch` is the hidden layer of each stream, the others are the trunk.

    Args:
        features: Turns observations into `(B, D) float32`, and knows D as `size`.
        net_arch: Widths of the hidden layers, at least one.
        n_actions: A.
    """

    def __init__(self, features: FeatureModule, net_arch: Sequence[int], n_actions: int) -> None:
        super().__init__()
        self.features = features
        *trunk, stream = net_arch
        self.trunk = _perceptron([features.size, *trunk])
        width = trunk[-1] if trunk else features.size
        self.value = nn.Sequential(_perceptron([width, stream]), nn.Linear(stream, 1))
        self.advantage = nn.Sequential(_perceptron([width, stream]), nn.Linear(stream, n_actions))

    def forward(self, observations: Tensor) -> Tensor:
        """Return Q(s, a) of every action."""
        hidden = self.trunk(self.features(observations))
        advantage = self.advantage(hidden)
        values: Tensor = self.value(hidden) + advantage - advantage.mean(dim=1, keepdim=True)
        return values


class ConvolutionalFeatures(nn.Module):
    """Two layers of 3x3 convolutions over an image, `(B, C, H, W)` to `(B, D) float32`.

    Padding keeps the size, so that any image works; images of at least 36 x 36 get the strides of
    Mnih et al. (2015) instead.

    Args:
        space: A Box of three dimensions, channels first or last.
    """

    def __init__(self, space: spaces.Box) -> None:
        super().__init__()
        height, width, channels = space.shape
        self.channels_last = channels < height
        if not self.channels_last:
            channels, height, width = space.shape
        self.scale = 1 / 255 if space.dtype == "uint8" else 1.0
        if min(height, width) >= 36:
            self.layers = nn.Sequential(
                *(nn.Conv2d(channels, 32, 8, stride=4), nn.ReLU()),
                *(nn.Conv2d(32, 64, 4, stride=2), nn.ReLU()),
                *(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()),
            )
        else:
            self.layers = nn.Sequential(
                *(nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU()),
                *(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten()),
            )
        with torch.no_grad():
            self.size = self.layers(torch.zeros(1, channels, height, width)).shape[1]

    def forward(self, observations: Tensor) -> Tensor:
        """Return the features."""
        if self.channels_last:
            observations = observations.permute(0, 3, 1, 2)
        features: Tensor = self.layers(observations.float() * self.scale)
        return features


FeatureModule = Features | ConvolutionalFeatures


def build_q_network(
    space: gymnasium.Space[Any],
    n_actions: int,
    *,
    net_arch: Sequence[int],
    dueling: bool,
    generator: torch.Generator,
) -> nn.Module:
    """Build the Q-network that fits the observation space, its weights drawn from `generator`.

    Args:
        space: The space of a single observation.
        n_actions: A.
        net_arch: Widths of the hidden layers.
        dueling: Two streams (`DuelingQNetwork`) or one (`MLPQNetwork`).
        generator: The source of the initial weights.

    Raises:
        InvalidArgumentError: If the agent can't use the space.
    """
    features: FeatureModule
    # Layers initialise themselves from the global generator, which is the caller's.
    with torch.random.fork_rng(devices=[]):
        if isinstance(space, spaces.Box) and len(space.shape) == 3:
            features = ConvolutionalFeatures(space)
        else:
            features = Features(space)
        network = (DuelingQNetwork if dueling else MLPQNetwork)(features, net_arch, n_actions)
    _initialise(network, generator)
    return network


def _perceptron(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers)


def _initialise(network: nn.Module, generator: torch.Generator) -> None:
    # PyTorch's own default, which reads the global generator: uniform within 1 / sqrt(fan-in).
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                bound = 1 / math.sqrt(module.weight[0].numel())
                module.weight.uniform_(-bound, bound, generator=generator)
                if module.bias is not None:
                    module.bias.uniform_(-bound, bound, generator=generator)
