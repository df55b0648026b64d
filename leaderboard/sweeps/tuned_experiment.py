"""What a sweep has found, as an experiment file: the agent as it was, and tuned, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...registry.atomic_file import atomic_file
from ...registry.requirements import require
from ..experiment import REFERENCES
from .sweep import Sweep

# Not those that the sweep has learned under, which its choice may suit by chance.
SEEDS = [0, 1, 2, 3, 4]


def tuned_experiment(sweep: Sweep, found: dict[str, Any], description: str) -> dict[str, Any]:
    """Return the table of an experiment that `parse_experiment` takes.

    Where the environment has splits, agents are judged on the one for tests, which the sweep has
    not seen.

    Args:
        sweep: What was tuned.
        found: The best of the hyperparameters that were searched.
        description: How it was found.
    """
    evaluation = {
        name: value
        for name, value in sweep.evaluation.items()
        if name not in sweep.arguments or sweep.arguments[name] != value
    }
    if "split" in sweep.evaluation:
        evaluation["split"] = "test"
    environment: dict[str, Any] = {
        "id": sweep.environment,
        "steps": sweep.steps,
        "num_envs": sweep.num_envs,
        "arguments": sweep.arguments,
        "evaluation": evaluation,
    }
    agents: list[dict[str, Any]] = [
        *({"name": name} for name in REFERENCES),
        {"name": sweep.agent, "hyperparameters": sweep.hyperparameters},
        {
            "name": f"{sweep.agent}, tuned",
            "agent": sweep.agent,
            "hyperparameters": sweep.hyperparameters | found,
        },
    ]
    return {
        "description": description,
        "seeds": SEEDS,
        "evaluation_episodes": sweep.episodes,
        "agents": [_without_empty(agent) for agent in agents],
        "environments": [_without_empty(environment)],
    }


def write_experiment(path: Path, table: dict[str, Any]) -> None:
    """Write an experiment as TOML, whole or not at all.

    Raises:
        MissingDependencyError: If tomlkit is not installed.
    """
    text = require("tomlkit", "tune", "lexigym[tune]").dumps(table)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value != {}}
