"""How a run is executed: make, learn, judge, and tell why if any of it fails."""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable, MutableSequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ..agents.protocol import evaluate
from ..registry.agents import find_agent, seed_argument
from ..registry.environments import make_environment, make_vector_environment
from ..registry.terminal import LINES, printable
from .closing import closing, making
from .curve import Curve
from .episodes import episodes_to_look_at, make_drawing_environment
from .guard import Environment, guarded
from .manifest import manifest
from .memory import return_memory
from .run import Result, Run
from .tensorboard import curve_log, log_argument, log_folder

# Characters; the traceback has all of them.
LONGEST_ERROR = 1_000


def execute(
    run: Run,
    on_step: Callable[[int], None] | None = None,
    *,
    tensorboard: str | None = None,
    place: MutableSequence[int] | None = None,
) -> Result:
    """Execute a run; if it fails, the result says why.

    Args:
        run: What to do.
        on_step: Called with the number of steps so far, often.
        tensorboard: A folder, in which the run gets one of its own for event files.
        place: Its first item is kept as in `guarded`.
    """
    try:
        folder = None if tensorboard is None else log_folder(tensorboard, run)
        result = _execute(run, on_step, folder, place)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # An environment may exit, and what isn't written in Python may panic.
        result = failure(run, error)
    # One process makes many runs, one after the other.
    return_memory()
    return dataclasses.replace(result, manifest=result.manifest | manifest())


def failure(run: Run, error: BaseException) -> Result:
    """Return the result of a run that raised an error: its type and message in one line."""
    line = printable(" ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":"))
    if isinstance(error, (EOFError, ConnectionError)) or not str(error):
        line += f" (of the environment {run.environment_id!r} or the agent {run.agent_name!r})"
    if len(line) > LONGEST_ERROR:
        line = f"{line[:LONGEST_ERROR]}..."
    # No store holds the halves of characters that a message may have.
    lines = printable("".join(traceback.format_exception(error)), keep=LINES)
    return Result(run, error=line, traceback=lines)


def _execute(
    run: Run,
    on_step: Callable[[int], None] | None,
    log: Path | None,
    place: MutableSequence[int] | None,
) -> Result:
    id = run.environment_id  # noqa: A001
    evaluation_env: Any = guarded(make_drawing_environment(id, run.evaluation_arguments), id, place)
    with closing(evaluation_env, id):
        # An agent that learns nothing may ask the environment it plays, as the oracle does.
        env: Environment = evaluation_env
        using: AbstractContextManager[None] = nullcontext()
        if run.steps:
            env = make_learning_environment(id, run.num_envs, run.arguments, place)
            using = closing(env, id)
        with using, curve_log(log if run.curve_points else None) as on_point:
            agent_class = find_agent(run.agent_name, run.hyperparameters)
            agent = agent_class(
                env,
                **log_argument(agent_class, log) | run.hyperparameters,
                **seed_argument(agent_class, run.seed),
            )
            curve = Curve(evaluation_env, run, on_point)
            if run.steps:
                curve.learn(agent, on_step)
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


def make_learning_environment(
    id: str,  # noqa: A002
    num_envs: int,
    arguments: dict[str, Any],
    place: MutableSequence[int] | None = None,
) -> Environment:
    """Make the environment that an agent learns on: a vector if there is more than one.

    It is guarded, and `place` is kept as in `guarded`.
    """
    if num_envs == 1:
        return guarded(make_environment(id, **arguments), id, place)
    with making(id):
        return guarded(make_vector_environment(id, num_envs, **arguments), id)
