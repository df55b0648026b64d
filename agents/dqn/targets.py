"""The formulas of value-based learning, as pure functions of tensors.

Shapes: B transitions, A actions. Action values are `(B, A)`, masks `(B, A) bool` with at least one
true per row, everything else `(B,)`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def masked(action_values: Tensor, mask: Tensor | None) -> Tensor:
    """Return the action values with minus infinity where an action is illegal."""
    return action_values if mask is None else action_values.masked_fill(~mask, -torch.inf)


def maximum_value(target_values: Tensor, mask: Tensor | None) -> Tensor:
    """Return the value of the best action, max_a Q'(s, a) (Mnih et al. 2015, equation 1)."""
    return masked(target_values, mask).amax(dim=1)


def double_value(online_values: Tensor, target_values: Tensor, mask: Tensor | None) -> Tensor:
    """Return Q'(s, argmax_a Q(s, a)) (van Hasselt et al. 2016, equation 4)."""
    best = masked(online_values, mask).argmax(dim=1, keepdim=True)
    return target_values.gather(1, best).squeeze(1)


def soft_value(target_values: Tensor, mask: Tensor | None, temperature: float) -> Tensor:
    """Return tau log sum_a exp(Q'(s, a) / tau).

    It equals sum_a pi(a|s) (Q'(s, a) - tau log pi(a|s)) under pi = softmax(Q' / tau), the bootstrap
    of Munchausen DQN (Vieillard et al. 2020, equation 3).
    """
    return temperature * torch.logsumexp(masked(target_values, mask) / temperature, dim=1)


def munchausen_bonus(
    target_values: Tensor,
    actions: Tensor,
    mask: Tensor | None,
    *,
    alpha: float,
    temperature: float,
    clip: float,
) -> Tensor:
    """Return alpha [tau log pi(a|s)] clipped to [clip, 0] (Vieillard et al. 2020, equation 3)."""
    log_policy = torch.log_softmax(masked(target_values, mask) / temperature, dim=1)
    taken = log_policy.gather(1, actions.unsqueeze(1)).squeeze(1)
    return alpha * (temperature * taken).clamp(min=clip, max=0.0)


def bootstrap_target(returns: Tensor, discounts: Tensor, next_values: Tensor) -> Tensor:
    """Return G + discount * V(s'), the n-step target (Sutton and Barto 2018, equation 7.1).

    `discounts` is gamma to the number of steps, and 0 where the episode terminated: there the value
    is dropped even if it isn't finite.
    """
    return torch.where(discounts == 0, returns, torch.addcmul(returns, discounts, next_values))


def huber_loss(errors: Tensor, threshold: float = 1.0) -> Tensor:
    """Return the Huber loss of each error: half its square, and linear beyond the threshold.

    Threshold 1 is the error clipping of Mnih et al. (2015); infinity gives the squared error.
    """
    absolute = errors.abs().clamp(max=threshold)
    return absolute * (errors.abs() - 0.5 * absolute)


def conservative_gap(action_values: Tensor, actions: Tensor, mask: Tensor | None) -> Tensor:
    """Return log sum_a exp Q(s, a) - Q(s, a taken), `(B,)` (Kumar et al. 2020, equation 4).

    It presses the values of actions that the data doesn't hold below those that it does.
    """
    taken = action_values.gather(1, actions.unsqueeze(1)).squeeze(1)
    return torch.logsumexp(masked(action_values, mask), dim=1) - taken


def expectile_loss(errors: Tensor, expectile: float) -> Tensor:
    """Return |expectile - 1(error < 0)| error^2 of each error (Kostrikov et al. 2022, equation 1).

    Where the errors are samples less a value, its minimum is the value's expectile: the mean at
    0.5, the maximum towards 1.
    """
    return (expectile - (errors < 0).float()).abs() * errors.square()


def importance_weights(probabilities: Tensor, size: int, beta: float) -> Tensor:
    """Return (N P(i))^-beta over its maximum in the batch (Schaul et al. 2016, section 3.4)."""
    weights = (size * probabilities) ** -beta
    return weights / weights.max()


def polyak_update(target: Tensor, online: Tensor, tau: float) -> None:
    """Move the target parameters by tau towards the online ones, in place; 1 copies them."""
    if tau == 1:
        target.copy_(online)
    else:
        target.lerp_(online, tau)
