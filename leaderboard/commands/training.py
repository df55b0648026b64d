"""`lexigym train` and `lexigym evaluate`: one agent, one environment, one checkpoint."""

from __future__ import annotations

import argparse
import contextlib
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from ...agents.protocol import evaluate
from ...registry.agents import find_agent, load_agent, seed_argument
from ...registry.checkpoint import environment_of, read_config
from ...registry.environments import find_spec, make_environment
from ...registry.names import path_inside
from ..execution import make_learning_environment
from ..terminal import Terminal


def train(arguments: argparse.Namespace) -> None:
    """Let an agent learn, save it, and evaluate what was saved."""
    console = Terminal(highlight=False)
    hyperparameters = dict(arguments.set)
    environment_arguments = dict(arguments.env_set)
    agent_class = find_agent(arguments.agent, hyperparameters)
    hyperparameters = seed_argument(agent_class, arguments.seed) | hyperparameters
    path = _checkpoint_path(arguments)
    with contextlib.closing(
        make_learning_environment(arguments.environment, arguments.num_envs, environment_arguments)
    ) as learning_env:
        agent = agent_class(learning_env, **hyperparameters)
        # Now rather than after hours of learning, if it can't be made.
        path.parent.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        agent.learn(arguments.steps, progress_bar=arguments.progress)
        seconds = time.perf_counter() - started
        agent.save(path)
    console.print(f"learned {arguments.steps:,} steps in {seconds:.1f} s", markup=False)
    with make_environment(arguments.environment, **environment_arguments) as env:
        _evaluate(console, load_agent(path, env), env, arguments.eval_episodes, arguments.seed)
    console.print(f"saved to {path}", markup=False, soft_wrap=True)


def evaluate_checkpoint(arguments: argparse.Namespace) -> None:
    """Load an agent and evaluate it."""
    name, keywords = environment_to_play(arguments)
    with make_environment(name, **keywords) as env:
        agent = load_agent(arguments.checkpoint, env, trust=arguments.trust, agent=arguments.agent)
        _evaluate(Terminal(highlight=False), agent, env, arguments.episodes, arguments.seed)


def environment_to_play(arguments: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """Return the id and arguments of a checkpoint's environment, or of another that was named."""
    if arguments.env is None:
        config = read_config(arguments.checkpoint)
        name, keywords = environment_of(config, arguments.checkpoint)
    else:
        name, keywords = arguments.env, {}
    return name, keywords | dict(arguments.env_set)


def _evaluate(console: Console, agent: Any, env: Any, episodes: int, seed: int) -> None:
    returns = evaluate(agent, env, episodes, seed=seed)
    error = returns.std(ddof=1) / np.sqrt(episodes) if episodes > 1 else np.nan
    console.print(
        f"mean return {returns.mean():.4g} ± {error:.2g} (standard error), from "
        f"{returns.min():.4g} to {returns.max():.4g}, greedy, {episodes} episodes",
        markup=False,
        soft_wrap=True,
    )


def _checkpoint_path(arguments: argparse.Namespace) -> Path:
    if arguments.out is None:
        environment = find_spec(arguments.environment).id
        return path_inside("runs", environment, f"{arguments.agent}-seed{arguments.seed}.zip")
    path = Path(arguments.out)
    return path if path.suffix else path.with_name(f"{path.name}.zip")
