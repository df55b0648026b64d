"""Q-values and the gradient of the Huber loss, by autograd or written out for a perceptron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ...registry.compiler import can_compile
from . import kernels
from .config import DQNConfig
from .networks import MLPQNetwork
from .observations import Features
from .parameters import FlatParameters
from .prefixes import Prefixes
from .replay import Batch
from .targets import conservative_gap, huber_loss

Observation = Tensor | Prefixes


class Gradient(Protocol):
    """Computes Q-values, and the gradient of the mean Huber loss with respect to the parameters."""

    def act(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return Q(s, a), `(B, A)`, of encoded observations on the CPU, to choose actions by.

        The next call overwrites them.
        """
        ...

    def values(self, observation: Observation) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient; overwritten by the next call."""
        ...

    def accumulate(self, batch: Batch, target: Tensor) -> Tensor:
        """Set the gradients of the loss, and return the errors Q(s, a) - target, `(B,)`.

        The next call overwrites them.
        """
        ...


class AutogradGradient:
    """The gradient by autograd: for any torch module.

    Args:
        network: The Q-network.
        parameters: Its flat parameters.
        config: The hyperparameters, for those of the loss.
    """

    def __init__(self, network: nn.Module, parameters: FlatParameters, config: DQNConfig) -> None:
        self.network = network
        self.parameters = parameters
        self.config = config

    def act(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return Q(s, a), `(B, A)`, to choose actions by."""
        device = self.parameters.values.device
        values: npt.NDArray[np.float32] = (
            self.values(torch.from_numpy(observation).to(device)).float().cpu().numpy()
        )
        return values

    @torch.no_grad()
    def values(self, observation: Observation) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient."""
        values: Tensor = self.network(observation)
        return values

    def accumulate(self, batch: Batch, target: Tensor) -> Tensor:
        """Set the gradients of the loss, and return the errors Q(s, a) - target, `(B,)`."""
        with torch.enable_grad():
            loss, errors = self.loss(batch, target)
            self.parameters.gradients.zero_()
            torch.autograd.backward(loss)
        return errors.detach()

    def loss(self, batch: Batch, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and the errors Q(s, a) - target, `(B,)`, with their gradients."""
        values: Tensor = self.network(batch.observation)
        errors = values.gather(1, batch.action.unsqueeze(1)).squeeze(1) - target
        return self.value_loss(batch, values, errors), errors

    def value_loss(self, batch: Batch, values: Tensor, errors: Tensor) -> Tensor:
        """Return the mean Huber loss, weighted, and the conservative term where it is asked for."""
        losses = huber_loss(errors, self.config.huber_threshold)
        loss = (losses if batch.weights is None else losses * batch.weights).mean()
        if self.config.conservative_weight:
            gaps = conservative_gap(values, batch.action, batch.action_mask)
            loss = loss + self.config.conservative_weight * gaps.mean()
        return loss


class ClosedFormGradient:
    """The same gradient written out for a multilayer perceptron, and compiled.

    For a small network the cost is calls, not arithmetic: PyTorch's dispatcher and autograd's
    bookkeeping take several times as long as the products of matrices between them.

    Args:
        network: A perceptron that `supports` accepts.
        parameters: Its flat parameters.
        huber_threshold: Of the loss.
    """

    def __init__(
        self, network: MLPQNetwork, parameters: FlatParameters, huber_threshold: float
    ) -> None:
        self.huber_threshold = huber_threshold
        self.features = network.features
        self.widths = np.array(network.widths)
        self.parameters = parameters.values.numpy()
        self.gradients = parameters.gradients.numpy()
        self._scratch: dict[int, _Scratch] = {}

    @staticmethod
    def supports(network: nn.Module) -> bool:
        """Whether the network is a perceptron in single precision on the CPU, over plain features.

        It also needs Numba to compile; without, or on a GPU, autograd computes the gradient.
        """
        return (
            type(network) is MLPQNetwork
            and isinstance(network.features, Features)
            and all(_is_plain(parameter) for parameter in network.parameters())
            and can_compile()
        )

    def act(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return Q(s, a), `(B, A)`, to choose actions by; overwritten by the next call."""
        if self.features.is_identity:
            return self._forward(observation)
        return self._forward(self.features(torch.from_numpy(observation)).numpy())

    def values(self, observation: Observation) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient; overwritten by the next call."""
        assert isinstance(observation, Tensor)
        return torch.from_numpy(self._forward(self.features(observation).numpy()))

    def accumulate(self, batch: Batch, target: Tensor) -> Tensor:
        """Set the gradients of the loss, and return the errors Q(s, a) - target, `(B,)`."""
        assert isinstance(batch.observation, Tensor)
        scratch = self._scratch_of(len(batch.action))
        kernels.accumulate(
            self.parameters,
            self.gradients,
            self.widths,
            np.ascontiguousarray(self.features(batch.observation).numpy()),
            np.ascontiguousarray(batch.action.numpy()),
            target.numpy(),
            scratch.ones if batch.weights is None else batch.weights.numpy(),
            self.huber_threshold,
            scratch.outputs,
            scratch.deltas,
            scratch.errors,
        )
        return torch.from_numpy(scratch.errors)

    def _forward(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        outputs = self._scratch_of(len(inputs)).outputs
        values: npt.NDArray[np.float32] = kernels.forward(
            self.parameters, self.widths, np.ascontiguousarray(inputs), outputs
        )
        return values

    def _scratch_of(self, batch_size: int) -> _Scratch:
        if batch_size not in self._scratch:
            units = batch_size * int(self.widths[1:].sum())
            self._scratch[batch_size] = _Scratch(
                outputs=np.empty(units, np.float32),
                deltas=np.empty(units, np.float32),
                errors=np.empty(batch_size, np.float32),
                ones=np.ones(batch_size, np.float32),
            )
        return self._scratch[batch_size]


@dataclass(frozen=True)
class _Scratch:
    """What the kernels write for one batch size, and the weights of an unweighted batch."""

    outputs: npt.NDArray[np.float32]
    deltas: npt.NDArray[np.float32]
    errors: npt.NDArray[np.float32]
    ones: npt.NDArray[np.float32]


def _is_plain(parameter: nn.Parameter) -> bool:
    kind = parameter.device.type, parameter.dtype, parameter.requires_grad
    return kind == ("cpu", torch.float32, True)


def gradient_of(network: nn.Module, parameters: FlatParameters, config: DQNConfig) -> Gradient:
    """Return the gradient written out where the network allows it and it is asked for."""
    plain = config.closed_form and not config.conservative_weight
    if plain and ClosedFormGradient.supports(network):
        assert isinstance(network, MLPQNetwork)
        return ClosedFormGradient(network, parameters, config.huber_threshold)
    return AutogradGradient(network, parameters, config)
