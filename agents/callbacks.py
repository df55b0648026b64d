"""What may look on while an agent learns: hooks, periodic evaluation, periodic checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from ..registry.errors import InvalidArgumentError
from .protocol import evaluate


class Callback:
    """Hooks into `learn`; the base class does nothing.

    `agent.num_timesteps` counts the environment steps so far, over all environments.
    """

    def on_training_start(self, agent: Any) -> None:
        """Be told that learning starts."""

    def on_step(self, agent: Any) -> bool:  # noqa: ARG002 - subclasses use it.
        """Be told of a step of the environment, or of all of a vector; False ends learning."""
        return True

    def on_training_end(self, agent: Any) -> None:
        """Be told that learning ended, however it did."""


class FunctionCallback(Callback):
    """A plain function of the agent as a callback; it may return False to end learning."""

    def __init__(self, function: Callable[[Any], bool | None]) -> None:
        self.function = function

    def on_step(self, agent: Any) -> bool:
        """Call the function."""
        return self.function(agent) is not False


class CallbackList(Callback):
    """Several callbacks, called in order; learning ends when any of them says so."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = list(callbacks)

    def on_training_start(self, agent: Any) -> None:
        """Tell each."""
        for callback in self.callbacks:
            callback.on_training_start(agent)

    def on_step(self, agent: Any) -> bool:
        """Tell each, even after one of them ends learning."""
        goes_on = [callback.on_step(agent) for callback in self.callbacks]
        return all(goes_on)

    def on_training_end(self, agent: Any) -> None:
        """Tell each."""
        for callback in self.callbacks:
            callback.on_training_end(agent)


class EvaluationCallback(Callback):
    """Evaluate greedily every so many steps, and keep the checkpoint of the best mean return.

    Args:
        env: A single environment of its own, never the one the agent learns on.
        frequency: Environment steps between evaluations.
        episodes: Episodes of each evaluation, the same ones every time.
        seed: The root of the episodes' seeds.
        best_model_path: Where the best agent so far is saved; None keeps none.

    Attributes:
        timesteps: Steps at each evaluation.
        mean_returns: Mean return at each evaluation.
        best_mean_return: The highest of them; minus infinity before the first.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        *,
        frequency: int = 10_000,
        episodes: int = 20,
        seed: int = 0,
        best_model_path: str | Path | None = None,
    ) -> None:
        self.env = env
        self.frequency = frequency
        self.episodes = episodes
        self.seed = seed
        self.best_model_path = best_model_path
        self.timesteps: list[int] = []
        self.mean_returns: list[float] = []
        self.best_mean_return = -np.inf
        self._every = _Every(frequency)

    def on_training_start(self, agent: Any) -> None:
        """Count from where the agent stands."""
        self._every.start(agent.num_timesteps)

    def on_step(self, agent: Any) -> bool:
        """Evaluate when it is time."""
        if self._every.is_due(agent.num_timesteps):
            mean_return = float(evaluate(agent, self.env, self.episodes, seed=self.seed).mean())
            self.timesteps.append(agent.num_timesteps)
            self.mean_returns.append(mean_return)
            if mean_return > self.best_mean_return:
                self.best_mean_return = mean_return
                if self.best_model_path is not None:
                    agent.save(self.best_model_path)
        return True


class CheckpointCallback(Callback):
    """Save the agent every `frequency` steps, each time over the last checkpoint, atomically."""

    def __init__(self, path: str | Path, *, frequency: int = 10_000, **save_arguments: Any) -> None:
        self.path = path
        self.save_arguments = save_arguments
        self._every = _Every(frequency)

    def on_training_start(self, agent: Any) -> None:
        """Count from where the agent stands."""
        self._every.start(agent.num_timesteps)

    def on_step(self, agent: Any) -> bool:
        """Save when it is time."""
        if self._every.is_due(agent.num_timesteps):
            agent.save(self.path, **self.save_arguments)
        return True


class _Every:
    """True once per `frequency` steps, though a vector of environments skips over multiples."""

    def __init__(self, frequency: int) -> None:
        if frequency < 1:
            raise InvalidArgumentError(f"frequency must be at least 1 step, got {frequency}.")
        self.frequency = frequency
        self.intervals_done = 0

    def start(self, timesteps: int) -> None:
        self.intervals_done = timesteps // self.frequency

    def is_due(self, timesteps: int) -> bool:
        intervals = timesteps // self.frequency
        due = intervals > self.intervals_done
        self.intervals_done = intervals
        return due


def as_callback(callback: Any) -> Callback:
    """Make a `Callback` of None, a function of the agent, a `Callback`, or a list of these.

    Raises:
        InvalidArgumentError: If it is none of them.
    """
    if callback is None:
        return Callback()
    if isinstance(callback, Callback):
        return callback
    if isinstance(callback, (list, tuple)):
        return CallbackList([as_callback(each) for each in callback])
    if callable(callback):
        return FunctionCallback(callback)
    raise InvalidArgumentError(
        f"callback must be a lexigym Callback, a function of the agent or a list of them, "
        f"got {callback!r}."
    )
