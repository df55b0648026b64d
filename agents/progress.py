"""A progress bar over environment steps."""

from __future__ import annotations

import time
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .callbacks import Callback


class ProgressBar(Callback):
    """Show the steps done, the steps per second and the time remaining of one call of `learn`.

    Args:
        total_timesteps: Environment steps of the call.
    """

    def __init__(self, total_timesteps: int) -> None:
        self.total_timesteps = total_timesteps
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _StepsPerSecondColumn(),
            TimeRemainingColumn(),
        )
        self._start = 0
        self._next_update = 0.0

    def on_training_start(self, agent: Any) -> None:
        """Show the bar, empty."""
        self._start = agent.num_timesteps
        self._task = self._progress.add_task("steps", total=self.total_timesteps)
        self._progress.start()

    def on_step(self, agent: Any) -> bool:
        """Move the bar."""
        # Ten times per second: an update costs more than a step of a fast environment.
        now = time.monotonic()
        if now >= self._next_update:
            self._next_update = now + 0.1
            self._update(agent)
        return True

    def on_training_end(self, agent: Any) -> None:
        """Show where learning ended, and let go of the terminal."""
        self._update(agent)
        self._progress.stop()

    def _update(self, agent: Any) -> None:
        self._progress.update(self._task, completed=agent.num_timesteps - self._start)


class _StepsPerSecondColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} steps/s")
