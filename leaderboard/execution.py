"""How a run is executed: make, learn, judge, and tell why if any of it fails."""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium

from ..agents.protocol import evaluate
from ..registry.agents import find_agent, seed_argument
from ..registry.environments import make_environment, make_vector_environment
from .curve import Curve
from .episodes import episodes_to_look_at, make_drawing_environment
from .manifest import manifest
from .run import Result, Run
from .tensorboard import curve_log, log_argument, log_folder

Environment = gymnasium.Env[Any, Any] | gymnasium.vector.VectorEnv[Any, Any, Any]


def execute(
    run: Run, on_step: Callable[[int], None] | None = None, *, tensorboard: str | None = None
) -> Result:
    """Execute a run; if it fails, the result says why.

    Args:
        run: What to do.
        on_step: Called with the number of steps so far, often.
        tensorboard: A folder, in which the run gets one of its own for event files.
    """
    try:
        folder = None if tensorboard is None else log_folder(tensorboard, run)
        result = _execute(run, on_step, folder)
    except Exception as error:
        result = Result(
            run, error=f"{type(error).__name__}: {error}", traceback=traceback.format_exc()
        )
    return dataclasses.replace(result, manifest=result.manifest | manifest())


def _execute(run: Run, on_step: Callable[[int], None] | None, log: Path | None) -> Result:
    with make_drawing_environment(run.environment_id, run.evaluation_arguments) as evaluation_env:
        # An agent that learns nothing may ask the environment it plays, as the oracle does.
        env: Environment = evaluation_env
        if run.steps:
            env = make_learning_environment(run.environment_id, run.num_envs, run.arguments)
        agent_class = find_agent(run.agent_name, run.hyperparameters)
        agent = agent_class(
            env,
            **log_argument(agent_class, log) | run.hyperparameters,
            **seed_argument(agent_class, run.seed),
        )
        with curve_log(log if run.curve_points else None) as on_point:
            curve = Curve(evaluation_env, run, on_point)
            if run.steps:
                curve.learn(agent, on_step)
                env.close()
        started = time.perf_counter()
        returns = evaluate(agent, evaluation_env, run.evaluation_episodes, seed=run.evaluation_seed)
        seconds = time.perf_counter() - started
        episodes = episodes_to_look_at(agent, evaluation_env, run.evaluation_seed)
        dataset = getattr(evaluation_env.unwrapped, "dataset_fingerprint", None)
    return Result(
        run,
        tuple(returns.tolist()),
        learning_seconds=curve.seconds,
        evaluation_seconds=seconds,
        curve=tuple(curve.points),
        episodes=episodes,
        manifest={} if dataset is None else {"dataset": dataset},
    )


def make_learning_environment(id: str, num_envs: int, arguments: dict[str, Any]) -> Environment:  # noqa: A002
    """Make the environment that an agent learns on: a vector if there is more than one."""
    if num_envs == 1:
        return make_environment(id, **arguments)
    return make_vector_environment(id, num_envs, **arguments)
