"""One update of the Q-network: draw a batch, bootstrap its targets, descend the gradient."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from . import targets
from .config import DQNConfig
from .demonstrations import DemonstratedMemory
from .gradients import ClosedFormGradient, Gradient, gradient_of
from .memories import Memory
from .parameters import Adam, CompiledAdam, FlatParameters
from .prefixes import Prefixes
from .replay import Batch


class Learner:
    """The online network, the target network and the optimizer of DQN.

    Args:
        network: The Q-network; its parameters move into one flat vector.
        config: The hyperparameters.
        target_network: The network that bootstraps, a slow copy of the online one; None makes it.

    Attributes:
        updates: Updates so far.
    """

    def __init__(
        self, network: nn.Module, config: DQNConfig, target_network: nn.Module | None = None
    ) -> None:
        self.network = network
        self.target_network = copy.deepcopy(network) if target_network is None else target_network
        self.config = config
        self.parameters = FlatParameters(network)
        self.target_parameters = FlatParameters(self.target_network)
        self.gradient = self.gradient_of(network, self.parameters)
        self.target_gradient = self.gradient_of(self.target_network, self.target_parameters)
        written_out = isinstance(self.gradient, ClosedFormGradient)
        self.optimizer = (CompiledAdam if written_out else Adam)(
            self.parameters, config.learning_rate, config.max_grad_norm
        )
        self.updates = 0
        self._errors: Tensor | None = None

    def gradient_of(self, network: nn.Module, parameters: FlatParameters) -> Gradient:
        """Return what computes the values of a network, and the gradient of the loss."""
        return gradient_of(network, parameters, self.config)

    @property
    def loss(self) -> float:
        """The mean Huber loss of the last batch, unweighted; NaN before the first."""
        if self._errors is None:
            return float("nan")
        return float(targets.huber_loss(self._errors, self.config.huber_threshold).mean())

    @torch.no_grad()
    def update(self, memory: Memory | DemonstratedMemory, steps: int = 1) -> None:
        """Make `steps` updates, each from a batch drawn from the memory."""
        while steps > 0:
            count = min(steps, memory.batches_per_draw)
            drawn = memory.sample(count * self.config.batch_size)
            # The target network stands still meanwhile: one pass values all the batches.
            ahead = None if self._needs_online_values else self.bootstrap(drawn).chunk(count)
            for index, batch in enumerate(drawn.split(count)):
                target = self.bootstrap(batch) if ahead is None else ahead[index]
                errors = self.gradient.accumulate(batch, target)
                self.optimizer.step()
                memory.update_priorities(batch.indices, errors)
            self._errors = errors
            self.updates += count
            steps -= count

    @property
    def _needs_online_values(self) -> bool:
        return self.config.double and not self.config.munchausen

    def bootstrap(self, batch: Batch) -> Tensor:
        """Return the targets of a batch, `(B,)`, as the switches say."""
        config, mask = self.config, batch.next_action_mask
        returns = batch.return_
        if config.munchausen:
            target_values, present_values = self._values_around(batch)
            values = targets.soft_value(target_values, mask, config.munchausen_temperature)
            returns = returns + targets.munchausen_bonus(
                present_values,
                batch.action,
                batch.action_mask,
                alpha=config.munchausen_alpha,
                temperature=config.munchausen_temperature,
                clip=config.munchausen_clip,
            )
            return targets.bootstrap_target(returns, batch.discount, values)
        target_values = self.target_gradient.values(batch.next_observation)
        if config.double:
            online_values = self.gradient.values(batch.next_observation)
            values = targets.double_value(online_values, target_values, mask)
        else:
            values = targets.maximum_value(target_values, mask)
        return targets.bootstrap_target(returns, batch.discount, values)

    def _values_around(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the target network's values of the next states and of the present ones."""
        following, present = batch.next_observation, batch.observation
        if isinstance(following, Prefixes) and isinstance(present, Prefixes):
            both = self.target_gradient.values(following.joined(present))
            return both[: len(following)], both[len(following) :]
        target_values = self.target_gradient.values(following).clone()
        return target_values, self.target_gradient.values(present)

    @torch.no_grad()
    def update_target(self) -> None:
        """Move the target network towards the online one."""
        online, target = self.parameters.values, self.target_parameters.values
        targets.polyak_update(target, online, self.config.tau)
        for mine, theirs in zip(self.target_network.buffers(), self.network.buffers(), strict=True):
            mine.copy_(theirs)
