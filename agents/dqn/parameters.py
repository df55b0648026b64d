"""All parameters of a network as one flat vector, so that one operation updates them all."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...registry.errors import InvalidArgumentError
from . import kernels
from .restoring import require_shape


class FlatParameters:
    """The trainable parameters of a module as views of one vector, and their gradients likewise.

    An update of a small network costs calls, not arithmetic: on one vector it takes a handful.

    Args:
        module: Any torch module; its parameters move into the vector and keep their values.

    Attributes:
        values: `(P,)`, all parameters in the module's own order.
        gradients: `(P,)`, where autograd accumulates their gradients.

    Raises:
        InvalidArgumentError: If there is none, or they differ in dtype or device.
    """

    def __init__(self, module: nn.Module) -> None:
        parameters = [p for p in module.parameters() if p.requires_grad]
        kinds = {(str(p.dtype), str(p.device)) for p in parameters}
        if len(kinds) != 1:
            raise InvalidArgumentError(
                "the Q-network's trainable parameters must share one dtype and device, found "
                f"{sorted(kinds) or 'no parameters'}; convert it with module.to(...)."
            )
        with torch.no_grad():
            self.values = torch.cat([p.flatten() for p in parameters])
            self.gradients = torch.zeros_like(self.values)
            offset = 0
            for parameter in parameters:
                span = slice(offset, offset + parameter.numel())
                parameter.data = self.values[span].view_as(parameter)
                parameter.grad = self.gradients[span].view_as(parameter)
                offset = span.stop


class Adam:
    """Adam (Kingma and Ba 2015) on a flat vector, after clipping the gradient's norm.

    Args:
        parameters: What is updated.
        learning_rate: The step size.
        max_grad_norm: The largest Euclidean norm of the gradient; infinity clips nothing.
    """

    def __init__(
        self, parameters: FlatParameters, learning_rate: float, max_grad_norm: float
    ) -> None:
        self.parameters = parameters
        self.learning_rate = learning_rate
        self.max_grad_norm = max_grad_norm
        self.first_moment = torch.zeros_like(parameters.values)
        self.second_moment = torch.zeros_like(parameters.values)
        self.steps = torch.zeros((), device=parameters.values.device)

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters from their gradients."""
        gradients = self.parameters.gradients
        if not math.isinf(self.max_grad_norm):
            norm = float(torch.linalg.vector_norm(gradients))
            if norm > self.max_grad_norm:
                gradients.mul_(self.max_grad_norm / (norm + 1e-6))
        self.steps.add_(1)
        # The operation that torch.optim.Adam(fused=True) ends in; its bookkeeping around it costs
        # several times the update of a small network.
        torch.ops.aten._fused_adam_.default(
            [self.parameters.values],
            [gradients],
            [self.first_moment],
            [self.second_moment],
            [],
            [self.steps],
            lr=self.learning_rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )

    def forget(self) -> None:
        """Begin anew: the moments tell nothing of the gradients of another loss."""
        for tensor in self.state().values():
            tensor.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that `restore` takes."""
        moments = {"first_moment": self.first_moment, "second_moment": self.second_moment}
        return {**moments, "steps": self.steps}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        for name, tensor in self.state().items():
            require_shape(state, name, tensor.shape)
            tensor.copy_(state[name])


class CompiledAdam(Adam):
    """The same in one compiled loop: for a small network on the CPU.

    Args:
        parameters: What is updated, in single precision.
        learning_rate: The step size.
        max_grad_norm: The largest Euclidean norm of the gradient; infinity clips nothing.
    """

    def __init__(
        self, parameters: FlatParameters, learning_rate: float, max_grad_norm: float
    ) -> None:
        super().__init__(parameters, learning_rate, max_grad_norm)
        self._values = parameters.values.numpy()
        self._gradients = parameters.gradients.numpy()
        self._moments = self.first_moment.numpy(), self.second_moment.numpy()
        self._steps = self.steps.numpy()

    def step(self) -> None:
        """Update the parameters from their gradients."""
        self._steps += 1
        kernels.adam(
            self._values,
            self._gradients,
            *self._moments,
            int(self._steps),
            self.learning_rate,
            self.max_grad_norm,
        )
