"""One run and what it gave, as plain data: it can be sent, stored and compared."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

SHORT = 12


@dataclass(frozen=True)
class Run:
    """An agent learns on an environment under one seed, and is judged on fixed episodes.

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
        evaluation_episodes: Episodes of the evaluation; None plays each example of the split once.
        evaluation_seed: The root of their seeds.
        curve_points: Evaluations while it learns, besides the one before; 0 makes no curve.
        curve_episodes: Episodes of each of these, the first of the same seeds.
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
    evaluation_episodes: int | None
    evaluation_seed: int
    curve_points: int = 0
    curve_episodes: int = 20

    @property
    def spec(self) -> str:
        """All that the result depends on, as JSON in one form: everything but the labels.

        What has its default is left out, so that a field that comes later changes no key.
        """
        values = {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(self)
            if each.name not in ("environment", "agent")
            and getattr(self, each.name) != each.default
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)

    @property
    def key(self) -> str:
        """The SHA-256 of the spec, in hexadecimal."""
        return hashlib.sha256(self.spec.encode()).hexdigest()

    @property
    def short_key(self) -> str:
        """The beginning of the key, enough to name the run."""
        return self.key[:SHORT]


class Point(NamedTuple):
    """One point of a learning curve.

    Attributes:
        steps: Environment steps learned from so far.
        seconds: Wall time of learning so far, without evaluations.
        mean_return: The mean return of greedy episodes.
    """

    steps: int
    seconds: float
    mean_return: float


class Episode(NamedTuple):
    """An episode that was played greedily.

    Attributes:
        seed: The seed that it began with.
        actions: What the agent did, as plain numbers; empty where actions are more than one array.
        episode_return: The sum of its rewards.
        text: The environment's last picture as text; empty if it draws none.
    """

    seed: int
    actions: tuple[Any, ...]
    episode_return: float
    text: str


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        run: The run.
        returns: The return of each evaluation episode; empty if the run failed.
        learning_seconds: Wall time of learning, without making the environments and the agent.
        evaluation_seconds: Wall time of the evaluation.
        curve: What the agent was worth while it learned; empty if that wasn't asked for.
        episodes: A few of the evaluation, to look at.
        error: Why the run failed, in one line; None if it didn't.
        traceback: Where it failed; None if it didn't.
        manifest: What made it, and of which dataset; see `manifest`.
    """

    run: Run
    returns: tuple[float, ...] = ()
    learning_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    curve: tuple[Point, ...] = ()
    episodes: tuple[Episode, ...] = ()
    error: str | None = None
    traceback: str | None = None
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def mean_return(self) -> float:
        """The mean of the returns; NaN if the run failed."""
        return float(np.mean(self.returns)) if self.returns else math.nan
