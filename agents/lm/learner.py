"""The update of a language model's Q-values: that of DQN, and terms for data and demonstrations."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..dqn import schedule, targets
from ..dqn.gradients import AutogradGradient, Gradient, Observation
from ..dqn.learner import Learner
from ..dqn.memories import Memory
from ..dqn.parameters import FlatParameters
from ..dqn.replay import Batch
from .config import LanguageModelConfig
from .dropout import dropping_out
from .q_network import Judgement, LanguageModelQNetwork, candidates_of

Module = TypeVar("Module", bound=nn.Module)


class LanguageModelGradient(AutogradGradient):
    """The gradient of the Huber loss with what imitates demonstrations and what learns V.

    Args:
        network: The Q-network.
        parameters: Its flat parameters.
        config: The hyperparameters.
        target_network: Whose values of actions V follows, where it is an expectile.
        dropout: Gives the context in which what learns is read.
    """

    def __init__(
        self,
        network: LanguageModelQNetwork,
        parameters: FlatParameters,
        config: LanguageModelConfig,
        target_network: LanguageModelQNetwork,
        dropout: Callable[[], AbstractContextManager[None]],
    ) -> None:
        super().__init__(network, parameters, config)
        self.own_network, self.settings = network, config
        self.target_network = target_network
        self.dropout = dropout

    @torch.no_grad()
    def values(self, observation: Observation) -> Tensor:
        """Return Q(s, a), `(B, A)`, without a gradient."""
        with self.autocast():
            values: Tensor = self.own_network(observation)
        return values.float()

    def loss(self, batch: Batch, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and the errors Q(s, a) - target, `(B,)`, with their gradients."""
        # The values of all others would cost what the language model's own output does.
        compares = self.settings.conservative_weight or self.settings.imitation_weight
        actions = None if compares else batch.action.unsqueeze(1)
        with self.autocast(), self.dropout():
            judgement = judge(self.own_network, batch.observation, actions)
        value, gain = judgement.value.float(), judgement.gain.float()
        fitted = gain + (value if self.settings.expectile is None else value.detach())
        errors = (_taken(fitted, batch) if compares else fitted.squeeze(1)) - target
        loss = self.value_loss(batch, fitted, errors)
        if self.settings.expectile is not None:
            loss = loss + self._expectile_loss(batch, value)
        if self.settings.imitation_weight:
            loss = loss + self.settings.imitation_weight * self._imitation_loss(batch, gain)
        return loss, errors

    def _expectile_loss(self, batch: Batch, value: Tensor) -> Tensor:
        assert self.settings.expectile is not None
        with torch.no_grad(), self.autocast():
            targeted = self.target_network(batch.observation).float()
        errors = _taken(targeted, batch) - value.squeeze(1)
        return targets.expectile_loss(errors, self.settings.expectile).mean()

    def _imitation_loss(self, batch: Batch, gain: Tensor) -> Tensor:
        """Return the cross-entropy of softmax(Q / tau) on what was shown."""
        shown = torch.from_numpy(np.flatnonzero(batch.indices < 0)).to(gain.device)
        if not len(shown):
            return gain.new_zeros(())
        return imitation_loss(gain, batch, self.settings.prior_temperature, shown)

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which the network computes."""
        return autocast(self.parameters.values.device, self.settings.precision)


class LanguageModelLearner(Learner):
    """The online network, the target network and the optimizer.

    Args:
        network: The Q-network; its parameters move into one flat vector.
        config: The hyperparameters.
        seed: Of dropout.
    """

    def __init__(
        self, network: LanguageModelQNetwork, config: LanguageModelConfig, seed: int = 0
    ) -> None:
        self.settings, self.own_network, self.seed = config, network, seed
        self.own_target_network = copy_of(network)
        super().__init__(network, config, self.own_target_network)

    def gradient_of(self, network: nn.Module, parameters: FlatParameters) -> Gradient:
        """Return what computes the values of a network, and the gradient of the loss."""
        assert isinstance(network, LanguageModelQNetwork)
        return LanguageModelGradient(
            network, parameters, self.settings, self.own_target_network, self.dropout
        )

    def dropout(self) -> AbstractContextManager[None]:
        """Return the context in which an update reads: each has random numbers of its own."""
        rate = self.settings.dropout
        updates = int(self.optimizer.steps) if rate else 0
        seed = int(np.random.SeedSequence([self.seed, updates]).generate_state(1)[0])
        return dropping_out(self.own_network.reader, rate, seed)

    @torch.no_grad()
    def imitate(self, demonstrations: Memory, updates: int) -> None:
        """Make supervised updates on demonstrations; the target network follows at once.

        V learns the returns of what was shown meanwhile, so that learning by reward doesn't begin
        with errors as large as these, which would undo what was imitated. The step size falls to 0
        over the updates, if it does over the training.
        """
        for done in range(updates):
            self.optimizer.learning_rate = schedule.learning_rate(
                self.config, done / updates, self.settings.pretrain_learning_rate
            )
            drawn = demonstrations.sample(self.config.batch_size)
            with (
                torch.enable_grad(),
                autocast(self.parameters.values.device, self.settings.precision),
                self.dropout(),
            ):
                loss = self._supervised_loss(drawn)
                self.parameters.gradients.zero_()
                torch.autograd.backward(loss)
            self.optimizer.step()
        # By the measure of gradients that have become small, those of rewards would make leaps.
        self.optimizer.forget()
        targets.polyak_update(self.target_parameters.values, self.parameters.values, 1.0)

    def _supervised_loss(self, drawn: Batch) -> Tensor:
        network = self.own_network
        hidden = network.read(drawn.observation)
        gain = network.judge(hidden, candidates_of(drawn.observation)).gain.float()
        value = network.value(hidden.learning.detach()).float().squeeze(1)
        errors = value + _taken(gain.detach(), drawn) - drawn.return_
        # Where the end is farther than n steps, V has yet to learn from V.
        whole = errors[drawn.discount == 0]
        known = F.huber_loss(whole, torch.zeros_like(whole), delta=self.config.huber_threshold)
        return imitation_loss(gain, drawn, self.settings.prior_temperature) + (
            known if len(whole) else 0.0
        )

    def bootstrap(self, batch: Batch) -> Tensor:
        """Return the targets of a batch, `(B,)`, as the switches say."""
        if not (self.settings.munchausen or batch.discount.any()):
            # Whole returns: there is nothing to bootstrap from.
            return batch.return_
        if self.settings.expectile is None:
            return super().bootstrap(batch)
        network = self.own_target_network
        with autocast(self.parameters.values.device, self.settings.precision):
            value: Tensor = network.value(network.read(batch.next_observation).learning)
        return targets.bootstrap_target(batch.return_, batch.discount, value.float().squeeze(1))


def imitation_loss(
    gain: Tensor, batch: Batch, temperature: float, rows: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy of softmax(Q / tau) on the actions of a batch.

    Args:
        gain: `(N, A)`, Q - V. The softmax is the same without V, and V learns nothing from it.
        batch: The batch.
        temperature: tau.
        rows: Of these transitions; None for all.
    """
    legal, actions = targets.masked(gain, batch.action_mask) / temperature, batch.action
    return F.cross_entropy(*((legal, actions) if rows is None else (legal[rows], actions[rows])))


def judge(
    network: LanguageModelQNetwork, observation: Observation, actions: Tensor | None = None
) -> Judgement:
    """Return what a network thinks of observations, and of which actions; see its `judge`."""
    return network.judge(network.read(observation), candidates_of(observation), actions)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Return a context that computes in a precision; none for single precision."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, getattr(torch, precision))


def _taken(values: Tensor, batch: Batch) -> Tensor:
    return values.gather(1, batch.action.unsqueeze(1)).squeeze(1)


def copy_of(module: Module) -> Module:
    """Return a copy of a module that shares the weights that don't learn."""
    frozen = {id(each): each for each in module.parameters() if not each.requires_grad}
    return copy.deepcopy(module, frozen)
