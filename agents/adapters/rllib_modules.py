"""RLlib's own modules for PPO and DQN, which never choose a masked action."""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.dqn.default_dqn_rl_module import QF_PREDS
from ray.rllib.algorithms.dqn.torch.default_dqn_torch_rl_module import DefaultDQNTorchRLModule
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.columns import Columns
from torch import Tensor

from .rllib_encoder import ObservationsDQNCatalog, ObservationsPPOCatalog


class MaskedPPO(DefaultPPOTorchRLModule):
    """PPO's module for what `adapt` shows: a masked action has the probability 0.

    Its logit is the least number, in the rollout and in the loss, so that entropy and divergence
    are those of the legal actions; with minus infinity, a divergence can have NaN as gradient.
    """

    def __init__(self, *args: Any, catalog_class: Any = None, **kwargs: Any) -> None:
        catalog_class = catalog_class or ObservationsPPOCatalog
        super().__init__(*args, catalog_class=catalog_class, **kwargs)  # type: ignore[no-untyped-call]

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return _mask_logits(super()._forward(batch, **kwargs), batch)

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return _mask_logits(super()._forward_train(batch, **kwargs), batch)


class MaskedDQN(DefaultDQNTorchRLModule):
    """DQN's module for what `adapt` shows: a masked action has the value minus infinity.

    Of the online and of the target network, so that the greedy action and the maximum of the target
    are legal ones, double or not, dueling or not, distributional or not. Exploration draws
    uniformly from the legal actions; RLlib's own draws from those whose value isn't 0.
    """

    def __init__(self, *args: Any, catalog_class: Any = None, **kwargs: Any) -> None:
        catalog_class = catalog_class or ObservationsDQNCatalog
        super().__init__(*args, catalog_class=catalog_class, **kwargs)  # type: ignore[no-untyped-call]

    def _qf_forward_helper(self, batch: dict[str, Any], *networks: Any) -> dict[str, Any]:
        outputs: dict[str, Any] = super()._qf_forward_helper(batch, *networks)
        outputs[QF_PREDS] = outputs[QF_PREDS].masked_fill(~_legal(batch), -torch.inf)
        return outputs

    def _forward_exploration(  # type: ignore[override]  # As it is in DefaultDQNTorchRLModule.
        self, batch: dict[str, Any], t: int
    ) -> dict[str, Any]:
        outputs: dict[str, Any] = self._forward_inference(batch)
        greedy: Tensor = outputs[Columns.ACTIONS]
        random = torch.multinomial(_legal(batch).float(), num_samples=1).squeeze(-1)
        self.epsilon_schedule.update(t)
        epsilon: Any = self.epsilon_schedule.get_current_value()
        explores = torch.rand(greedy.shape, device=greedy.device) < epsilon
        outputs[Columns.ACTIONS] = torch.where(explores, random, greedy)
        return outputs


def _legal(batch: dict[str, Any]) -> Tensor:
    # Environments that show a mask by themselves often do so in integers.
    legal: Tensor = batch[Columns.OBS]["action_mask"].bool()
    return legal


def _mask_logits(outputs: dict[str, Any], batch: dict[str, Any]) -> dict[str, Any]:
    logits = outputs[Columns.ACTION_DIST_INPUTS]
    least = torch.finfo(logits.dtype).min
    outputs[Columns.ACTION_DIST_INPUTS] = logits.masked_fill(~_legal(batch), least)
    return outputs
