"""One run: an agent learns on an environment under one seed, and is judged on fixed episodes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np

from ..agents.protocol import evaluate
from ..registry.agents import find_agent, known_hyperparameters
from ..registry.environments import make_environment, make_vector_environment
from .manifest import manifest

Environment = gymnasium.Env[Any, Any] | gymnasium.vector.VectorEnv[Any, Any, Any]


@dataclass(frozen=True)
class Run:
    """What a run is: plain data, so that it can be sent, stored and compared.

    Attributes:
        environment: The environment's label in its experiment.
        environment_id: Its Gymnasium id.
        arguments: Its keyword arguments.
        evaluation_arguments: Those of the evaluation, all of them.
        agent: The agent's label in its experiment.
        agent_name: Its name in the registry.
        hyperparameters: Those that differ from the defaults, without the seed.
        seed: The agent's seed, and the root of its environments' seeds.
        steps: Environment steps to learn from; 0 plays without learning.
        num_envs: Environments to learn on in parallel.
        evaluation_episodes: Episodes of the evaluation.
        evaluation_seed: The root of their seeds.
    """

    environment: str
    environment_id: str
    arguments: dict[str, Any]
    evaluation_arguments: dict[str, Any]
    agent: str
    agent_name: str
    hyperparameters: dict[str, Any]
    seed: int
    steps: int
    num_envs: int
    evaluation_episodes: int
    evaluation_seed: int

    @property
    def spec(self) -> str:
        """All that the result depends on, as JSON in one form: everything but the labels."""
        values = dataclasses.asdict(self)
        del values["environment"], values["agent"]
        return json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)

    @property
    def key(self) -> str:
        """The SHA-256 of the spec, in hexadecimal."""
        return hashlib.sha256(self.spec.encode()).hexdigest()


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        run: The run.
        returns: The return of each evaluation episode; empty if the run failed.
        learning_seconds: Wall time of learning, without making the environments and the agent.
        evaluation_seconds: Wall time of the evaluation.
        error: Why the run failed, in one line; None if it didn't.
        traceback: Where it failed; None if it didn't.
        manifest: What made it; see `manifest`.
    """

    run: Run
    returns: tuple[float, ...] = ()
    learning_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    error: str | None = None
    traceback: str | None = None
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def mean_return(self) -> float:
        """The mean of the returns; NaN if the run failed."""
        return float(np.mean(self.returns)) if self.returns else math.nan


def execute(run: Run, on_step: Callable[[int], None] | None = None) -> Result:
    """Execute a run; if it fails, the result says why.

    Args:
        run: What to do.
        on_step: Called with the number of steps so far, often.
    """
    try:
        result = _execute(run, on_step)
    except Exception as error:
        result = Result(
            run, error=f"{type(error).__name__}: {error}", traceback=traceback.format_exc()
        )
    return dataclasses.replace(result, manifest=manifest())


def _execute(run: Run, on_step: Callable[[int], None] | None) -> Result:
    with make_environment(run.environment_id, **run.evaluation_arguments) as evaluation_env:
        # An agent that learns nothing may ask the environment it plays, as the oracle does.
        env: Environment = evaluation_env
        if run.steps:
            env = make_learning_environment(run.environment_id, run.num_envs, run.arguments)
        agent_class = find_agent(run.agent_name, run.hyperparameters)
        agent = agent_class(env, **run.hyperparameters, **seed_argument(agent_class, run.seed))
        started = time.perf_counter()
        if run.steps:
            agent.learn(run.steps, callback=_step_callback(on_step))
            env.close()
        learnt = time.perf_counter()
        returns = evaluate(agent, evaluation_env, run.evaluation_episodes, seed=run.evaluation_seed)
        evaluated = time.perf_counter()
    return Result(
        run,
        tuple(returns.tolist()),
        learning_seconds=learnt - started if run.steps else 0.0,
        evaluation_seconds=evaluated - learnt,
    )


def make_learning_environment(id: str, num_envs: int, arguments: dict[str, Any]) -> Environment:  # noqa: A002
    """Make the environment that an agent learns on: a vector if there is more than one."""
    if num_envs == 1:
        return make_environment(id, **arguments)
    return make_vector_environment(id, num_envs, **arguments)


def seed_argument(agent_class: Any, seed: int) -> dict[str, int]:
    """Return the agent's own seed as a keyword argument, or nothing if it takes none."""
    known = known_hyperparameters(agent_class)
    if known is not None and "seed" not in known:
        return {}
    return {"seed": seed}


def _step_callback(on_step: Callable[[int], None] | None) -> Callable[[Any], None] | None:
    if on_step is None:
        return None
    return lambda agent: on_step(agent.num_timesteps)
