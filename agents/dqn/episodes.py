"""The returns and lengths of the episodes played while learning, unscaled, and their log."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .restoring import require_shape

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter


class EpisodeLog:
    """Sums the rewards of n environments per episode.

    Args:
        n_envs: Environments that step together.

    Attributes:
        returns: The last 100 episodes' returns.
        lengths: Their lengths in steps.
    """

    def __init__(self, n_envs: int) -> None:
        self.returns: deque[float] = deque(maxlen=100)
        self.lengths: deque[int] = deque(maxlen=100)
        self._return = np.zeros(n_envs)
        self._length = np.zeros(n_envs, dtype=np.int64)

    def add(
        self,
        rewards: npt.NDArray[np.float64],
        done: npt.NDArray[np.bool_],
        valid: npt.NDArray[np.bool_],
    ) -> bool:
        """Take one step's rewards, `(n,)`; return whether an episode ended."""
        np.add(self._return, rewards, out=self._return, where=valid)
        self._length += valid
        if not np.count_nonzero(done):
            return False
        self.returns.extend(self._return[done].tolist())
        self.lengths.extend(self._length[done].tolist())
        self._return[done] = 0
        self._length[done] = 0
        return True

    def state(self) -> dict[str, Any]:
        """Return the arrays that `restore` takes."""
        return {
            "return": self._return,
            "length": self._length,
            "returns": np.array(self.returns, dtype=np.float64),
            "lengths": np.array(self.lengths, dtype=np.int64),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` returned."""
        require_shape(state, "return", self._return.shape)
        require_shape(state, "length", self._length.shape)
        self._return = np.array(state["return"])
        self._length = np.array(state["length"])
        self.returns.extend(state["returns"].tolist())
        self.lengths.extend(state["lengths"].tolist())


class TensorBoardLog:
    """Scalars of a training for TensorBoard, under the names that Stable-Baselines3 uses.

    Args:
        folder: Where event files go.
        interval: Environment steps between two points, at least.
    """

    def __init__(self, folder: str | Path, interval: int = 500) -> None:
        # Imported here because TensorBoard costs more to import than the agent.
        from torch.utils.tensorboard.writer import SummaryWriter

        self.writer: SummaryWriter = SummaryWriter(str(folder))
        self.interval = interval
        self._next = 0

    def write(self, timesteps: int, **scalars: float) -> None:
        """Write a point of each scalar, if it is time; `train__loss` stands for train/loss."""
        if timesteps >= self._next:
            self._next = timesteps + self.interval
            for name, value in scalars.items():
                self.writer.add_scalar(name.replace("__", "/"), value, timesteps)

    def close(self) -> None:
        """Write what is left, and close the file."""
        self.writer.close()
