"""The gradient of the Huber loss, by autograd or written out for a perceptron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from .networks import MLPQNetwork
from .observations import Features
from .parameters import FlatParameters
from .targets import huber_gradient, huber_loss


class Gradient(Protocol):
    """Computes Q-values, and the gradient of the mean Huber loss with respect to the parameters."""

    def act(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return Q(s, a), `(B, A)`, of encoded observations on the CPU, to choose actions by."""
        ...

    def values(self, observation: Tensor) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient; overwritten by the next call."""
        ...

    def accumulate(
        self, observation: Tensor, action: Tensor, target: Tensor, weights: Tensor | None
    ) -> Tensor:
        """Set the gradients of the loss, and return the errors Q(s, a) - target, `(B,)`."""
        ...


class AutogradGradient:
    """The gradient by autograd: for any torch module.

    Args:
        network: The Q-network.
        parameters: Its flat parameters.
    """

    def __init__(self, network: nn.Module, parameters: FlatParameters) -> None:
        self.network = network
        self.parameters = parameters

    def act(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return Q(s, a), `(B, A)`, to choose actions by."""
        device = self.parameters.values.device
        values: npt.NDArray[np.float32] = (
            self.values(torch.from_numpy(observation).to(device)).float().cpu().numpy()
        )
        return values

    @torch.no_grad()
    def values(self, observation: Tensor) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient."""
        values: Tensor = self.network(observation)
        return values

    def accumulate(
        self, observation: Tensor, action: Tensor, target: Tensor, weights: Tensor | None
    ) -> Tensor:
        """Set the gradients of the loss, and return the errors Q(s, a) - target, `(B,)`."""
        with torch.enable_grad():
            values = self.network(observation).gather(1, action.unsqueeze(1)).squeeze(1)
            errors: Tensor = values - target
            losses = huber_loss(errors)
            self.parameters.gradients.zero_()
            loss = (losses if weights is None else losses * weights).mean()
            torch.autograd.backward(loss)
        return errors.detach()


class ClosedFormGradient(AutogradGradient):
    """The same gradient written out for a multilayer perceptron, into memory allocated once.

    For a small network autograd's bookkeeping costs more than the arithmetic. The operations are
    those that autograd would call, in its order, so that the numbers agree.

    Args:
        network: A perceptron over features without parameters (`supports` tells).
        parameters: Its flat parameters.
    """

    def __init__(self, network: MLPQNetwork, parameters: FlatParameters) -> None:
        super().__init__(network, parameters)
        self.features = network.features
        linears = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
        self.weights = [linear.weight.detach() for linear in linears]
        self.biases = [linear.bias.detach() for linear in linears]
        self.transposed = [weight.t() for weight in self.weights]
        self.weight_gradients = [_gradient(linear.weight) for linear in linears]
        self.bias_gradients = [_gradient(linear.bias) for linear in linears]
        self._scratch: dict[int, _Scratch] = {}
        self._arrays: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
        if parameters.values.device.type == "cpu" and self.features.is_identity:
            pairs = zip(self.weights, self.biases, strict=True)
            self._arrays = [(weight.numpy().T, bias.numpy()) for weight, bias in pairs]

    @staticmethod
    def supports(network: nn.Module) -> bool:
        """Whether the network is a perceptron on the CPU or a GPU, in any floating dtype."""
        return type(network) is MLPQNetwork and isinstance(network.features, Features)

    def act(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return Q(s, a), `(B, A)`, to choose actions by."""
        # NumPy sees the same memory, and a call of it costs a fraction of one of PyTorch.
        if not self._arrays:
            return super().act(observation)
        *inner, (last_weight, last_bias) = self._arrays
        hidden = observation
        for weight, bias in inner:
            hidden = np.maximum(hidden @ weight + bias, 0)
        values: npt.NDArray[np.float32] = hidden @ last_weight + last_bias
        return values

    def values(self, observation: Tensor) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient; overwritten by the next call."""
        return self._forward(self._inputs(observation))[-1]

    def accumulate(
        self, observation: Tensor, action: Tensor, target: Tensor, weights: Tensor | None
    ) -> Tensor:
        """Set the gradients of the loss, and return the errors Q(s, a) - target, `(B,)`."""
        inputs = self._inputs(observation)
        outputs = self._forward(inputs)
        deltas = self._scratch[len(inputs)].deltas
        column = action.unsqueeze(1)
        errors = outputs[-1].gather(1, column).squeeze(1).sub_(target)
        delta_taken = huber_gradient(errors).div_(len(errors))
        if weights is not None:
            delta_taken.mul_(weights)
        deltas[-1].zero_().scatter_(1, column, delta_taken.unsqueeze(1))
        for layer in range(len(self.weights) - 1, -1, -1):
            delta = deltas[layer]
            below = outputs[layer - 1] if layer else inputs
            torch.mm(delta.t(), below, out=self.weight_gradients[layer])
            torch.sum(delta, 0, out=self.bias_gradients[layer])
            if layer:
                torch.mm(delta, self.weights[layer], out=deltas[layer - 1])
                torch.ops.aten.threshold_backward.grad_input(
                    deltas[layer - 1], below, 0, grad_input=deltas[layer - 1]
                )
        return errors

    def _inputs(self, observation: Tensor) -> Tensor:
        return observation if self.features.is_identity else self.features(observation)

    def _forward(self, inputs: Tensor) -> list[Tensor]:
        if len(inputs) not in self._scratch:
            self._scratch[len(inputs)] = _Scratch.allocate(len(inputs), self.biases)
        outputs = self._scratch[len(inputs)].outputs
        below, last = inputs, len(outputs) - 1
        for layer, output in enumerate(outputs):
            torch.addmm(self.biases[layer], below, self.transposed[layer], out=output)
            if layer < last:
                output.relu_()
            below = output
        return outputs


@dataclass(frozen=True)
class _Scratch:
    """Each layer's output and the loss's derivative with respect to it, for one batch size."""

    outputs: list[Tensor]
    deltas: list[Tensor]

    @classmethod
    def allocate(cls, batch_size: int, biases: list[Tensor]) -> _Scratch:
        shapes = [(batch_size, len(bias)) for bias in biases]
        return cls(
            [bias.new_empty(shape) for bias, shape in zip(biases, shapes, strict=True)],
            [bias.new_empty(shape) for bias, shape in zip(biases, shapes, strict=True)],
        )


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None, "flat parameters have gradients from the start"
    return parameter.grad


def gradient_of(network: nn.Module, parameters: FlatParameters, closed_form: bool) -> Gradient:
    """Return the gradient written out where the network allows it and it is asked for."""
    if closed_form and ClosedFormGradient.supports(network):
        assert isinstance(network, MLPQNetwork)
        return ClosedFormGradient(network, parameters)
    return AutogradGradient(network, parameters)
