"""A sweep as plain data, and one trial of it: an agent learns, and may be given up meanwhile."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import gymnasium
import numpy as np

from ...agents.protocol import evaluate
from ...registry.agents import find_agent, seed_argument
from ..execution import make_learning_environment


class Stream(IntEnum):
    """What random numbers are for, so that none are drawn from the same stream."""

    SAMPLER = 0
    AGENT = 1
    EPISODES = 2


@dataclass(frozen=True)
class Sweep:
    """What is tuned on what: all that its trials depend on.

    Attributes:
        environment: The Gymnasium id.
        arguments: The keyword arguments of the environment to learn on.
        evaluation: Those of the environment in which agents are judged, all of them.
        agent: The agent's name in the registry.
        hyperparameters: Those that all trials share.
        search: The others, as the specs of `search_space`.
        steps: Environment steps that an agent learns from.
        num_envs: Environments to learn on in parallel.
        seeds: How many agents learn in a trial, each under a seed of its own.
        episodes: Episodes of each evaluation, the same ones every time.
        reports: Evaluations of each agent, the last one after it has learned.
        seed: The root of all random numbers.
    """

    environment: str
    arguments: dict[str, Any]
    evaluation: dict[str, Any]
    agent: str
    hyperparameters: dict[str, Any]
    search: dict[str, str]
    steps: int
    num_envs: int
    seeds: int
    episodes: int
    reports: int
    seed: int

    def derived_seed(self, stream: Stream, index: int = 0) -> int:
        """Return a seed of a stream; those of different streams or indices are independent."""
        sequence = np.random.SeedSequence([self.seed, stream, index])
        return int(sequence.generate_state(1)[0])


def run_trial(
    sweep: Sweep,
    hyperparameters: dict[str, Any],
    env: gymnasium.Env[Any, Any],
    report: Callable[[int, float], bool],
) -> float | None:
    """Let one agent after the other learn, and return the mean return of all in the end.

    Args:
        sweep: What is tuned.
        hyperparameters: Those of this trial, the shared ones among them.
        env: Where agents are judged, with greedy actions.
        report: Called with 0, 1, 2, ... over all agents and the mean return found; false gives the
            trial up.

    Returns:
        The mean over the agents; None if the trial was given up.
    """
    final_returns = []
    for index in range(sweep.seeds):
        first = index * sweep.reports
        agent = _learn(sweep, hyperparameters, index, env, report)
        if agent is None:
            return None
        final_returns.append(_judge(sweep, agent, env))
        is_last = index == sweep.seeds - 1
        # What a trial that is over anyway has found out is kept.
        if not (report(first + sweep.reports - 1, final_returns[-1]) or is_last):
            return None
    return float(np.mean(final_returns))


def _learn(
    sweep: Sweep,
    hyperparameters: dict[str, Any],
    index: int,
    env: gymnasium.Env[Any, Any],
    report: Callable[[int, float], bool],
) -> Any:
    """Return an agent that has learned, or None if it was given up."""
    due = [sweep.steps * count // sweep.reports for count in range(1, sweep.reports)]
    reported, goes_on = 0, True

    def look(agent: Any) -> bool:
        nonlocal reported, goes_on
        passed = bisect_right(due, agent.num_timesteps)
        # A step of many environments may pass two at once, of which the last is reported.
        if goes_on and passed > reported and agent.num_timesteps < sweep.steps:
            reported = passed
            goes_on = report(index * sweep.reports + passed - 1, _judge(sweep, agent, env))
        return goes_on

    agent_class = find_agent(sweep.agent, hyperparameters)
    seed = seed_argument(agent_class, sweep.derived_seed(Stream.AGENT, index))
    with contextlib.closing(
        make_learning_environment(sweep.environment, sweep.num_envs, sweep.arguments)
    ) as learning_env:
        agent = agent_class(learning_env, **seed, **hyperparameters)
        agent.learn(sweep.steps, callback=look)
    return agent if goes_on else None


def _judge(sweep: Sweep, agent: Any, env: gymnasium.Env[Any, Any]) -> float:
    seed = sweep.derived_seed(Stream.EPISODES)
    return float(evaluate(agent, env, sweep.episodes, seed=seed).mean())
