"""What an agent earns while it learns, for Weights & Biases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry.errors import InvalidArgumentError
from ..registry.requirements import require
from .callbacks import Callback

if TYPE_CHECKING:
    import wandb


class WandbCallback(Callback):
    """Log the configuration of an agent and its recent episodes to Weights & Biases.

    Each point has `num_timesteps`, over which the others are drawn: the means over the last
    episodes, `rollout/ep_rew_mean` (unscaled returns) and `rollout/ep_len_mean` (steps), named as
    in TensorBoard. They are there once an episode has ended, and for agents that count episodes as
    the suite's do: in `agent.episodes` (dqn, lm-dqn), or in the monitor of Stable-Baselines3
    (sb3/*). Of other agents `num_timesteps` alone is logged.

    Points go to the run that is under way, or to a new one, which ends with the training; a run
    that was under way stays so. Losses are not logged, as agents have none in common.

    Args:
        frequency: Environment steps between two points, at least; the last step has one too.
        **init_arguments: What `wandb.init` takes for a new run, such as `project` or `mode`.

    Attributes:
        run: Where points go; None before the first training.

    Raises:
        InvalidArgumentError: If `frequency` is below 1; or, when the training starts, if there are
            arguments for a new run while another is under way.
        MissingDependencyError: If wandb is not installed.
    """

    def __init__(self, *, frequency: int = 1_000, **init_arguments: Any) -> None:
        if frequency < 1:
            raise InvalidArgumentError(f"frequency must be at least 1 step, got {frequency}.")
        self.frequency = frequency
        self.init_arguments = init_arguments
        self.run: wandb.Run | None = None
        self._wandb = require("wandb", "WandbCallback", "lexigym[wandb]")
        self._began_run = False
        self._next = 0

    def on_training_start(self, agent: Any) -> None:
        """Find the run or begin one, and tell it how the agent is configured."""
        running = self._wandb.run
        if running is not None and self.init_arguments:
            raise InvalidArgumentError(
                f"the run {running.name or running.id!r} is under way: finish it, or leave out "
                f"{', '.join(self.init_arguments)}."
            )
        self._began_run = running is None
        run = self._wandb.init(**self.init_arguments) if running is None else running
        # Not over the steps of wandb, which count its points.
        run.define_metric("num_timesteps")
        run.define_metric("rollout/*", step_metric="num_timesteps")
        run.config.update(getattr(agent, "config", {}), allow_val_change=True)
        self.run = run
        self._next = agent.num_timesteps + self.frequency

    def on_step(self, agent: Any) -> bool:
        """Log a point when it is time."""
        if agent.num_timesteps >= self._next:
            self._log(agent)
        return True

    def on_training_end(self, agent: Any) -> None:
        """Log the last point, and end the run if it began with the training."""
        if self._next != agent.num_timesteps + self.frequency:
            self._log(agent)
        if self.run is not None and self._began_run:
            self.run.finish()

    def _log(self, agent: Any) -> None:
        self._next = agent.num_timesteps + self.frequency
        if self.run is not None:
            self.run.log({"num_timesteps": agent.num_timesteps, **_episode_means(agent)})


def _episode_means(agent: Any) -> dict[str, float]:
    """Return the means of what the agent remembers of its last episodes; none if there are none."""
    episodes = getattr(agent, "episodes", None)
    monitor = getattr(getattr(agent, "model", None), "ep_info_buffer", None) or ()
    returns = getattr(episodes, "returns", None) or [episode["r"] for episode in monitor]
    lengths = getattr(episodes, "lengths", None) or [episode["l"] for episode in monitor]
    if not (returns and lengths):
        return {}
    return {
        "rollout/ep_rew_mean": float(np.mean(returns)),
        "rollout/ep_len_mean": float(np.mean(lengths)),
    }
