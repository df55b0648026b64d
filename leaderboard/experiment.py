"""An experiment, or suite: environments, agents and seeds with their budgets, read from TOML.

`docs/suites.md` shows one with every key, and what becomes of runs that go wrong. Suites that ship
are named, those of a user are paths. One that says `base = "quick"` is that suite with changes:
what it sets replaces what is there, agents and environments are told by their names, and those with
new names come last. `timeout` is no part of what a run is.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from ..registry.environments import find_spec
from ..registry.errors import InvalidArgumentError, LexigymError, UnknownNameError, did_you_mean
from ..registry.names import require_label
from ..registry.tables import AGENTS
from .plain_toml import read_toml
from .run import Run

# They bound the scores of every environment: 0 and 1.
RANDOM, ORACLE = "random", "oracle"
REFERENCES = (RANDOM, ORACLE)

# Of a field's annotation, what TOML must give; the lists are checked one by one.
PLAIN_TYPES: dict[str, type] = {"str": str, "int": int, "dict": dict, "list": list}

# Of `evaluation_episodes`, where an environment has a finite number of examples.
ALL = "all"

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class AgentSettings:
    """One agent of an experiment.

    Attributes:
        name: Its row in the table.
        agent: Its name in the registry; `name` if left out.
        hyperparameters: Those that differ from the experiment's, on every environment.
        environments: The columns that it is run on; all if left out.
    """

    name: str
    agent: str = ""
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    environments: list[str] = field(default_factory=list)

    @property
    def registry_name(self) -> str:
        """The agent's name in the registry."""
        return self.agent or self.name


@dataclass(frozen=True)
class EnvironmentSettings:
    """One environment of an experiment.

    Attributes:
        id: Its Gymnasium id.
        steps: Environment steps that each agent learns from, over all `num_envs`.
        name: Its column in the table; the id if left out.
        arguments: Its keyword arguments.
        evaluation: Keyword arguments of the evaluation, on top of `arguments`.
        evaluation_episodes: In place of the experiment's.
        num_envs: Environments to learn on in parallel.
        timeout: In place of the experiment's.
        hyperparameters: For agents, by the name of their row, on this environment only.
    """

    id: str
    steps: int
    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    evaluation_episodes: int | str | None = None
    num_envs: int = 1
    timeout: float | None = None
    hyperparameters: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The environment's column in the table."""
        return self.name or self.id


@dataclass(frozen=True)
class Experiment:
    """What is compared with what, how often and on which budget.

    Attributes:
        name: The table's title; the file's name if left out.
        environments: The columns.
        agents: The rows.
        seeds: One run of each agent on each environment for each.
        evaluation_episodes: Episodes of each run's evaluation; "all" plays each example once.
        evaluation_seed: The root of their seeds, the same for all runs, so that all agents are
            judged on the same episodes.
        curve_points: Evaluations while an agent learns, besides the one before; 0 makes no curves.
        curve_episodes: Episodes of each of these.
        timeout: Seconds that a run may take, on whatever machine; None is as long as it takes.
        description: What the experiment is for.
        hyperparameters: Those that differ from the defaults, by the agent's name in the registry.
    """

    name: str
    environments: tuple[EnvironmentSettings, ...]
    agents: tuple[AgentSettings, ...]
    seeds: tuple[int, ...]
    evaluation_episodes: int | str = 100
    evaluation_seed: int = 0
    curve_points: int = 0
    curve_episodes: int = 20
    timeout: float | None = None
    description: str = ""
    hyperparameters: dict[str, dict[str, Any]] = field(default_factory=dict)

    def runs(self) -> list[Run]:
        """Return all runs, those of the reference agents first, on every environment.

        The reference agents learn nothing, so their runs have 0 steps.
        """
        references = [AgentSettings(name) for name in REFERENCES]
        learners = [agent for agent in self.agents if agent.name not in REFERENCES]
        return [
            self._run(environment, agent, seed)
            for agent in (*references, *learners)
            for environment in self.environments
            if not agent.environments or environment.label in agent.environments
            for seed in self.seeds
        ]

    def timeout_of(self, run: Run) -> float | None:
        """Return the seconds that one of its runs may take, or None."""
        own = {each.label: each.timeout for each in self.environments}[run.environment]
        return self.timeout if own is None else own

    def _run(self, environment: EnvironmentSettings, agent: AgentSettings, seed: int) -> Run:
        shared = self.hyperparameters.get(agent.registry_name, {})
        own = environment.hyperparameters.get(agent.name, {})
        learns = agent.registry_name not in REFERENCES
        episodes = environment.evaluation_episodes or self.evaluation_episodes
        return Run(
            environment=environment.label,
            environment_id=environment.id,
            arguments=environment.arguments,
            evaluation_arguments=environment.arguments | environment.evaluation,
            agent=agent.name,
            agent_name=agent.registry_name,
            hyperparameters=shared | agent.hyperparameters | own,
            seed=seed,
            steps=environment.steps if learns else 0,
            num_envs=environment.num_envs,
            evaluation_episodes=None if episodes == ALL else int(episodes),
            evaluation_seed=self.evaluation_seed,
            curve_points=self.curve_points if learns else 0,
            curve_episodes=self.curve_episodes,
        )


def suites() -> list[str]:
    """Return the names of the suites that ship."""
    files = resources.files("lexigym.experiments").iterdir()
    return sorted(Path(each.name).stem for each in files if each.name.endswith(".toml"))


def load_experiment(name: str) -> Experiment:
    """Read a suite that ships, by its name, or any TOML file, by its path.

    Raises:
        UnknownNameError: If there is no such suite or file, or it names an unknown environment or
            agent.
        InvalidArgumentError: If a key is unknown or missing, or a value is outside its range.
    """
    table = _read(name)
    if "base" in table:
        table = _changed(_read(table.pop("base")), table)
    try:
        return parse_experiment(Path(name).stem, table)
    except LexigymError as error:
        raise type(error)(f"in the suite {name!r}, {error}") from error


def _read(name: str) -> dict[str, Any]:
    if name in suites():
        data = (resources.files("lexigym.experiments") / f"{name}.toml").read_bytes()
    # `Path.is_file` raises where a name is too long for a path.
    elif os.path.isfile(str(name)):  # noqa: PTH113
        data = Path(name).read_bytes()
    else:
        raise UnknownNameError(
            f"no suite or file is named {name!r}: {did_you_mean(str(name), suites())}"
        )
    try:
        return read_toml(data)
    except ValueError as error:
        raise InvalidArgumentError(f"the suite {name!r} is not valid TOML: {error}.") from error


def _changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a suite's table with changes, of which agents and environments are told by name."""
    merged = base | changes
    for key in ("agents", "environments"):
        named = {str(each.get("name", each.get("id"))): each for each in _tables(base, key)}
        for each in _tables(changes, key) if key in changes else ():
            name = str(each.get("name", each.get("id")))
            named[name] = named.get(name, {}) | each
        merged[key] = list(named.values())
    settings = [each.get("hyperparameters", {}) for each in (base, changes)]
    # What is no table is refused where all are checked.
    if all(isinstance(each, dict) for each in settings):
        merged["hyperparameters"] = settings[0] | settings[1]
    return merged


def parse_experiment(name: str, table: dict[str, Any]) -> Experiment:
    """Make an experiment of a TOML table; see `load_experiment`."""
    environments = _tables(table, "environments")
    agents = _tables(table, "agents")
    seeds = table.get("seeds")
    if not isinstance(seeds, list) or not all(map(_is_count, seeds)) or not seeds:
        raise InvalidArgumentError(
            f"seeds must be a list of whole numbers from 0, such as [0, 1, 2], got {seeds!r}."
        )
    experiment = _settings(
        Experiment,
        "the suite",
        {"name": name}
        | table
        | {
            "environments": tuple(
                _settings(EnvironmentSettings, "an environment", each) for each in environments
            ),
            "agents": tuple(_settings(AgentSettings, "an agent", each) for each in agents),
            "seeds": tuple(seeds),
        },
    )
    _check(experiment)
    return experiment


def _check(experiment: Experiment) -> None:
    _require_distinct("the seed", experiment.seeds)
    labels = [each.label for each in experiment.environments]
    for label in (experiment.name, *labels, *(each.name for each in experiment.agents)):
        require_label("name", label)
    _require_distinct("the environment", labels)
    _require_distinct("the agent", [each.name for each in experiment.agents])
    _require_episodes(experiment.evaluation_episodes)
    _require_count("evaluation_seed", experiment.evaluation_seed)
    _require_count("curve_points", experiment.curve_points)
    _require_positive("curve_episodes", experiment.curve_episodes)
    _require_timeout(experiment.timeout)
    for agent in experiment.agents:
        AGENTS.find(agent.registry_name)
        for label in agent.environments:
            if label not in labels:
                raise UnknownNameError(
                    f"the agent {agent.name!r} is to be run on {label!r}, which is none of the "
                    f"suite's environments: {did_you_mean(str(label), labels)}"
                )
        _check_hyperparameters(agent.name, agent.hyperparameters)
        if agent.registry_name in REFERENCES or agent.name in REFERENCES:
            _check_reference(agent, experiment.environments)
    kinds = [agent.registry_name for agent in experiment.agents if agent.name not in REFERENCES]
    _check_overrides("the suite", experiment.hyperparameters, kinds)
    for environment in experiment.environments:
        find_spec(environment.id)
        _require_positive("steps", environment.steps)
        _require_positive("num_envs", environment.num_envs)
        _require_timeout(environment.timeout)
        if environment.evaluation_episodes is not None:
            _require_episodes(environment.evaluation_episodes)
        names = [agent.name for agent in experiment.agents]
        _check_overrides(repr(environment.label), environment.hyperparameters, names)


def _check_overrides(where: str, overrides: dict[str, Any], names: Sequence[str]) -> None:
    for name, hyperparameters in overrides.items():
        if name not in names:
            raise UnknownNameError(
                f"{where} sets hyperparameters of {name!r}, which is none of the suite's agents: "
                f"{did_you_mean(name, names)}"
            )
        _check_hyperparameters(name, hyperparameters)


def _check_hyperparameters(agent: str, hyperparameters: Any) -> None:
    if not isinstance(hyperparameters, dict):
        raise InvalidArgumentError(
            f"the hyperparameters of {agent!r} must be a table such as {{ gamma = 0.9 }}, got "
            f"{hyperparameters!r}."
        )
    if "seed" in hyperparameters:
        raise InvalidArgumentError(
            f"the hyperparameters of {agent!r} set the seed: leave it out, and list it in seeds."
        )


def _check_reference(agent: AgentSettings, environments: Sequence[EnvironmentSettings]) -> None:
    changed = (
        agent.hyperparameters
        or agent.environments
        or any(agent.name in each.hyperparameters for each in environments)
    )
    if changed or agent.name != agent.registry_name:
        raise InvalidArgumentError(
            f"the agents {RANDOM!r} and {ORACLE!r} set the scale of the scores: don't rename "
            f"{agent.name!r}, leave it out somewhere, or change its hyperparameters."
        )


def _tables(table: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = table.get(key)
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise InvalidArgumentError(f"{key} must be written as [[{key}]], once for each.")
    return tables


def _settings(cls: type[Settings], what: str, table: dict[str, Any]) -> Settings:
    """Make a dataclass of a table, checking its keys and the types of plain values."""
    fields = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in fields:
            raise InvalidArgumentError(
                f"{what} has an unknown key {key!r}: {did_you_mean(key, fields)}"
            )
        expected = PLAIN_TYPES.get(str(fields[key].type).partition("[")[0])
        if expected is not None and type(value) is not expected:
            raise InvalidArgumentError(
                f"{key} of {what} must be of type {expected.__name__}, got {value!r}."
            )
    for key, each in fields.items():
        required = each.default is each.default_factory is dataclasses.MISSING
        if required and key not in table:
            raise InvalidArgumentError(f"{what} has no {key}: add it.")
    return cls(**table)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _require_count(name: str, value: int) -> None:
    if value < 0:
        raise InvalidArgumentError(f"{name} must be at least 0, got {value}.")


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        raise InvalidArgumentError(f"{name} must be at least 1, got {value}.")


def _require_timeout(value: Any) -> None:
    if value is not None and (type(value) not in (int, float) or not 0 < value < math.inf):
        raise InvalidArgumentError(
            f"timeout must be a number of seconds above 0, such as 600, got {value!r}."
        )


def _require_episodes(value: Any) -> None:
    if value != ALL and not (type(value) is int and value >= 1):
        raise InvalidArgumentError(
            f"evaluation_episodes must be a whole number of at least 1, or {ALL!r}, got {value!r}."
        )


def _require_distinct(what: str, values: Sequence[Any]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise InvalidArgumentError(f"{what} {value!r} appears twice: drop one, or rename it.")
