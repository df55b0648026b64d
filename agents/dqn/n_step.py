"""n-step transitions: rewards summed up to the bootstrap, for many environments at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .restoring import require_shape


class NStepWindow:
    """The last n steps of each environment, until they are summed into n-step transitions.

    A step is given out once n - 1 further steps have followed, or its episode has ended: then with
    the rewards that there were, and a bootstrap from the last observation where the episode was
    truncated (Sutton and Barto 2018, section 7.1).

    Args:
        n_steps: Rewards summed, at least 1.
        gamma: The discount factor.
        n_envs: Environments that step together.
    """

    def __init__(self, n_steps: int, gamma: float, n_envs: int) -> None:
        self.n_steps = n_steps
        self.gamma = gamma
        self.lengths = np.zeros(n_envs, dtype=np.int64)
        self.steps: dict[str, npt.NDArray[Any]] = {}

    def push(
        self,
        begins: dict[str, npt.NDArray[Any]],
        rewards: npt.NDArray[np.float64],
        ends: dict[str, npt.NDArray[Any]],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
        valid: npt.NDArray[np.bool_],
    ) -> Iterator[dict[str, npt.NDArray[Any]]]:
        """Take one step of every environment, and yield the transitions that it completes.

        Args:
            begins: What stands at a transition's first step (observation, action), `(n, ...)`.
            rewards: `(n,)`.
            ends: What stands at its bootstrap (next observation, next mask), `(n, ...)`.
            terminated: `(n,)`, where the episode ended for good.
            truncated: `(n,)`, where it was cut.
            valid: `(n,)`, false where the step was a mere reset.
        """
        if self.n_steps == 1 and np.count_nonzero(valid) == len(valid):
            discount = self.gamma * ~terminated
            yield {**begins, **ends, "return_": rewards, "discount": discount}
            return
        self._append({**begins, "reward": rewards}, valid)
        done = terminated | truncated
        complete = valid & (done | (self.lengths == self.n_steps))
        while complete.any():
            (envs,) = np.nonzero(complete)
            yield self._oldest(envs, begins.keys(), ends, terminated)
            self._drop_oldest(envs)
            complete = valid & done & (self.lengths > 0)

    def clear(self) -> None:
        """Forget all steps: the environments are elsewhere now."""
        self.lengths[:] = 0

    def _append(self, step: dict[str, npt.NDArray[Any]], valid: npt.NDArray[np.bool_]) -> None:
        (envs,) = np.nonzero(valid)
        for name, values in step.items():
            if name not in self.steps:
                shape = (len(self.lengths), self.n_steps, *values.shape[1:])
                self.steps[name] = np.zeros(shape, dtype=values.dtype)
            self.steps[name][envs, self.lengths[envs]] = values[envs]
        self.lengths[envs] += 1

    def _oldest(
        self,
        envs: npt.NDArray[np.int64],
        begin_names: Any,
        ends: dict[str, npt.NDArray[Any]],
        terminated: npt.NDArray[np.bool_],
    ) -> dict[str, npt.NDArray[Any]]:
        lengths = self.lengths[envs]
        powers = self.gamma ** np.arange(self.n_steps)
        within = np.arange(self.n_steps) < lengths[:, None]
        rewards = np.where(within, self.steps["reward"][envs], 0)
        return {
            **{name: self.steps[name][envs, 0] for name in begin_names},
            **{name: values[envs] for name, values in ends.items()},
            "return_": rewards @ powers,
            "discount": self.gamma**lengths * ~terminated[envs],
        }

    def _drop_oldest(self, envs: npt.NDArray[np.int64]) -> None:
        for values in self.steps.values():
            values[envs, :-1] = values[envs, 1:]
        self.lengths[envs] -= 1

    def state(self) -> dict[str, Any]:
        """Return the arrays that `restore` takes."""
        return {"lengths": self.lengths, **{f"step.{k}": v for k, v in self.steps.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` returned."""
        require_shape(state, "lengths", self.lengths.shape)
        self.lengths = np.array(state["lengths"])
        prefix = "step."
        self.steps = {
            name.removeprefix(prefix): np.array(values)
            for name, values in state.items()
            if name.startswith(prefix)
        }
