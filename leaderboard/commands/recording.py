"""`lexigym record`: episodes of any agent, in files to learn from."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from ...agents.recordings import RecordedEpisode, play_episodes, write_recording
from ...registry.agents import find_agent, load_agent, seed_argument
from ...registry.checkpoint import read_config
from ...registry.environments import make_environment
from ...registry.errors import InvalidArgumentError
from ..terminal import Terminal
from .training import environment_to_play


def record(arguments: argparse.Namespace) -> None:
    """Play episodes and write them to a directory."""
    returns: list[float] = []
    with _player(arguments) as (agent, name, env):
        played = play_episodes(
            agent,
            env,
            arguments.episodes,
            seed=arguments.seed,
            deterministic=not arguments.explore,
        )
        recording = write_recording(arguments.out, env, _noting(returns, played), agent=name)
    console = Terminal(highlight=False)
    console.print(
        f"mean return {np.mean(returns):.4g}, {'exploring' if arguments.explore else 'greedy'}, "
        f"{recording.num_episodes} episodes, {recording.num_steps:,} steps",
        markup=False,
        soft_wrap=True,
    )
    console.print(f"saved to {arguments.out}", markup=False, soft_wrap=True)


@contextmanager
def _player(arguments: argparse.Namespace) -> Iterator[tuple[Any, str, Any]]:
    """Give the agent, its name, and the environment, of an id or of a checkpoint."""
    if arguments.agent is None or arguments.trust:
        _require_checkpoint(arguments)
        name = arguments.agent or read_config(arguments.checkpoint)["agent"]
        environment, keywords = environment_to_play(arguments)
        with make_environment(environment, **keywords) as env:
            agent = load_agent(
                arguments.checkpoint, env, trust=arguments.trust, agent=arguments.agent
            )
            yield agent, name, env
    else:
        _require_environment(arguments)
        name, hyperparameters = arguments.agent, dict(arguments.agent_set)
        agent_class = find_agent(name, hyperparameters)
        hyperparameters = seed_argument(agent_class, arguments.seed) | hyperparameters
        with make_environment(arguments.checkpoint, **dict(arguments.env_set)) as env:
            yield agent_class(env, **hyperparameters), name, env


def _require_checkpoint(arguments: argparse.Namespace) -> None:
    source = arguments.checkpoint
    if source in gymnasium.registry and not Path(source).exists():
        raise InvalidArgumentError(
            f"{source!r} is an environment: name who plays it, as in `lexigym record {source} "
            "oracle`."
        )
    if arguments.agent_set:
        raise InvalidArgumentError(
            f"--agent-set is for an agent that is made anew, but {source!r} is a checkpoint: leave "
            "it out."
        )


def _require_environment(arguments: argparse.Namespace) -> None:
    source = arguments.checkpoint
    if source not in gymnasium.registry and Path(source).exists():
        raise InvalidArgumentError(
            f"{source!r} is a checkpoint, which holds its agent: leave out {arguments.agent!r}."
        )
    if arguments.env is not None:
        raise InvalidArgumentError(
            f"--env {arguments.env} is for a checkpoint, but {source!r} is an environment already: "
            "leave it out."
        )


def _noting(returns: list[float], episodes: Iterable[RecordedEpisode]) -> Iterator[RecordedEpisode]:
    for episode in episodes:
        returns.append(float(episode.rewards.sum()))
        yield episode
