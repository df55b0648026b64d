"""What a run is worth while it learns: evaluations at evenly spaced steps, off the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gymnasium

from ..agents.protocol import evaluate
from .run import Point, Run


class Curve:
    """Evaluates an agent before, while and after it learns, on the same episodes each time.

    Evaluations are greedy and in an environment of their own, so that what the agent learns does
    not depend on them.

    Args:
        env: Where it is evaluated.
        run: What is done: its steps, and how often it is evaluated on how many episodes.
        on_point: Called with each point as soon as it is found.

    Attributes:
        points: What was found.
        seconds: Wall time of learning.
    """

    def __init__(
        self, env: gymnasium.Env[Any, Any], run: Run, on_point: Callable[[Point], None]
    ) -> None:
        self._env, self._run, self._on_point = env, run, on_point
        # The last is made after learning: an agent still updates after its last step.
        self._due = [run.steps * index // run.curve_points for index in range(1, run.curve_points)]
        self.points: list[Point] = []
        self.seconds = 0.0

    def learn(self, agent: Any, on_step: Callable[[int], None] | None) -> None:
        """Let an agent learn, and evaluate it meanwhile.

        Args:
            agent: The agent.
            on_step: Called with the number of steps so far, often.
        """
        self._evaluate(agent, 0)
        started = time.perf_counter()

        def look(agent: Any) -> None:
            nonlocal started
            steps = agent.num_timesteps
            if on_step is not None:
                on_step(steps)
            if self._due and self._due[0] <= steps < self._run.steps:
                # A step of many environments may pass two at once.
                self._due = [due for due in self._due if due > steps]
                self.seconds += time.perf_counter() - started
                self._evaluate(agent, steps)
                started = time.perf_counter()

        agent.learn(self._run.steps, callback=look)
        self.seconds += time.perf_counter() - started
        self._evaluate(agent, self._run.steps)

    def _evaluate(self, agent: Any, steps: int) -> None:
        if self._run.curve_points:
            seed, episodes = self._run.evaluation_seed, self._run.curve_episodes
            returns = evaluate(agent, self._env, episodes, seed=seed)
            self.points.append(Point(steps, self.seconds, float(returns.mean())))
            self._on_point(self.points[-1])
