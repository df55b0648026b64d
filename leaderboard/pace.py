"""How fast an experiment goes, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .run import Run


class Pace:
    """Told how runs go, it says how many steps a second are made and how much time is left.

    The time of a run that has not begun is taken from runs of the same agent on the same
    environment, else of the same agent, else of any, by the step; nothing is said before the first
    step of a run.

    Args:
        runs: All runs, of which those that were found are never told of as started.
        jobs: How many go on at a time.
        clock: Seconds from some moment on.
    """

    def __init__(
        self, runs: Sequence[Run], jobs: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._runs, self._jobs, self._clock = runs, jobs, clock
        self._waiting = set(range(len(runs)))
        self._started: dict[int, float] = {}
        self._steps: dict[int, int] = {}
        # Seconds and steps of what was done, by what it tells about.
        self._done: dict[tuple[str, ...], tuple[float, int]] = {}

    @property
    def running(self) -> int:
        """How many runs are under way."""
        return len(self._started)

    @property
    def steps_per_second(self) -> float:
        """Steps a second of the runs under way, all together; 0 if there is none."""
        now = self._clock()
        return sum(
            self._steps[index] / max(now - started, 1e-9)
            for index, started in self._started.items()
        )

    @property
    def seconds_left(self) -> float | None:
        """How much longer it takes; None as long as nothing tells."""
        costs = dict(self._done)
        now = self._clock()
        for index, started in self._started.items():
            if self._steps[index]:
                _add(costs, self._runs[index], now - started, self._steps[index])
        if not costs:
            return None
        left = [
            (self._runs[index].steps - self._steps.get(index, 0))
            * _seconds_per_step(costs, self._runs[index])
            for index in (*self._waiting, *self._started)
        ]
        # What goes on alone at the end can't be shared. A cluster may have grown.
        jobs = max(self._jobs, self.running)
        return max(sum(left) / jobs, max(left, default=0.0), 0.0)

    def found(self, index: int) -> None:
        """Be told that a run needs no time."""
        self._waiting.discard(index)

    def started(self, index: int) -> None:
        """Be told that a run begins, perhaps again."""
        self._waiting.discard(index)
        self._started[index], self._steps[index] = self._clock(), 0

    def stepped(self, index: int, steps: int) -> None:
        """Be told how many steps a run has made."""
        self._steps[index] = steps

    def finished(self, index: int) -> None:
        """Be told that a run ended."""
        started = self._started.pop(index, None)
        self._steps.pop(index, None)
        steps = self._runs[index].steps
        if started is not None and steps:
            _add(self._done, self._runs[index], self._clock() - started, steps)


def _scopes(run: Run) -> tuple[tuple[str, ...], ...]:
    """Return what a run tells about, the nearest first."""
    return (run.agent, run.environment), (run.agent,), ()


def _add(
    costs: dict[tuple[str, ...], tuple[float, int]], run: Run, seconds: float, steps: int
) -> None:
    for scope in _scopes(run):
        before = costs.get(scope, (0.0, 0))
        costs[scope] = before[0] + seconds, before[1] + steps


def _seconds_per_step(costs: dict[tuple[str, ...], tuple[float, int]], run: Run) -> float:
    seconds, steps = next(costs[scope] for scope in _scopes(run) if scope in costs)
    return seconds / steps
