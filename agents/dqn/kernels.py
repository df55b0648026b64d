"""A multilayer perceptron's values, gradient and optimizer, compiled, on one vector of parameters.

The vector holds weight, `(fan_out, fan_in)`, and bias of each layer in turn. Layers of W_1 ... W_L
units over W_0 features have `widths = (W_0, ..., W_L)`; what the hidden and the last layers put out
for B inputs stands in one vector as well, `(B, W_1)` first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ...registry.compiler import compiled

Vector = npt.NDArray[np.float32]


@compiled
def forward(parameters: Vector, widths: npt.NDArray[np.int64], inputs: Any, outputs: Vector) -> Any:
    """Write the outputs of all layers for `(B, W_0)` inputs, and return the last, `(B, W_L)`."""
    batch, last = len(inputs), len(widths) - 2
    below, position, start = inputs, 0, 0
    for layer in range(last + 1):
        fan_in, fan_out = widths[layer], widths[layer + 1]
        weight = parameters[position : position + fan_out * fan_in].reshape(fan_out, fan_in)
        position += fan_out * fan_in
        bias = parameters[position : position + fan_out]
        position += fan_out
        output = outputs[start : start + batch * fan_out].reshape(batch, fan_out)
        start += batch * fan_out
        np.dot(below, weight.T, output)
        lowest = np.float32(0 if layer < last else -np.inf)
        for row in range(batch):
            for unit in range(fan_out):
                output[row, unit] = max(output[row, unit] + bias[unit], lowest)
        below = output
    return below


@compiled
def accumulate(
    parameters: Vector,
    gradients: Vector,
    widths: npt.NDArray[np.int64],
    inputs: Any,
    actions: npt.NDArray[np.int64],
    targets: Vector,
    weights: Vector,
    huber_threshold: float,
    outputs: Vector,
    deltas: Vector,
    errors: Vector,
) -> None:
    """Write the gradient of the mean weighted Huber loss, and the errors Q(s, a) - target, `(B,)`.

    `deltas` is laid out as `outputs`: the loss's derivatives with respect to them.
    """
    values = forward(parameters, widths, inputs, outputs)
    batch, last = len(inputs), len(widths) - 2
    position, start = len(parameters), batch * widths[1:].sum()
    delta = deltas[start - values.size : start].reshape(values.shape)
    delta[:] = 0
    limit = np.float32(huber_threshold)
    for row in range(batch):
        error = values[row, actions[row]] - targets[row]
        errors[row] = error
        slope = min(max(error, -limit), limit)
        delta[row, actions[row]] = slope * weights[row] / np.float32(batch)
    for layer in range(last, -1, -1):
        fan_in, fan_out = widths[layer], widths[layer + 1]
        start -= batch * fan_out
        hidden = outputs[start - batch * fan_in : start] if layer else inputs.ravel()
        below = hidden.reshape(batch, fan_in)
        position -= fan_out
        bias_gradient = gradients[position : position + fan_out]
        bias_gradient[:] = 0
        for row in range(batch):
            for unit in range(fan_out):
                bias_gradient[unit] += delta[row, unit]
        position -= fan_out * fan_in
        span = slice(position, position + fan_out * fan_in)
        np.dot(delta.T, below, gradients[span].reshape(fan_out, fan_in))
        if layer:
            upper = delta
            delta = deltas[start - batch * fan_in : start].reshape(batch, fan_in)
            np.dot(upper, parameters[span].reshape(fan_out, fan_in), delta)
            for row in range(batch):
                for unit in range(fan_in):
                    if below[row, unit] <= 0:
                        delta[row, unit] = 0


@compiled
def adam(
    parameters: Vector,
    gradients: Vector,
    first_moment: Vector,
    second_moment: Vector,
    step: int,
    learning_rate: float,
    max_grad_norm: float,
) -> None:
    """Clip the gradient's norm and make step number `step` (from 1) of Adam.

    Kingma and Ba (2015), algorithm 1, with their beta1 = 0.9, beta2 = 0.999 and epsilon = 1e-8.
    """
    norm = math.sqrt(np.dot(gradients, gradients))
    scale = np.float32(max_grad_norm / (norm + 1e-6) if norm > max_grad_norm else 1)
    # The operations of torch's own Adam in its order, so that the roundings agree.
    take_first, keep_second, take_second = np.float32(0.1), np.float32(0.999), np.float32(0.001)
    step_size = np.float32(-learning_rate / (1 - 0.9**step))
    correction = np.float32(math.sqrt(1 - 0.999**step))
    epsilon, tiny, zero = np.float32(1e-8), np.float32(1e-30), np.float32(0)
    for index in range(len(parameters)):
        gradient = gradients[index] * scale
        first = first_moment[index] + take_first * (gradient - first_moment[index])
        second = keep_second * second_moment[index] + take_second * gradient * gradient
        # The moments of a unit that no longer learns would end denormal, which is slow to compute.
        first = first if abs(first) > tiny else zero
        second = second if second > tiny else zero
        first_moment[index] = first
        second_moment[index] = second
        parameters[index] += step_size * first / (np.sqrt(second) / correction + epsilon)
