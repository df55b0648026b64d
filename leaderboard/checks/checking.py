"""What is called to have an environment or an agent checked."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from ...registry.agents import find_agent
from ...registry.arguments import require_known
from ...registry.environments import checked_spec, find_spec
from ...registry.errors import InvalidArgumentError, PluginError
from ...registry.tables import AGENTS
from .agent import CheckedAgent
from .catalog import AGENT_CHECKS, ENVIRONMENT_CHECKS
from .check import Check, Outcome
from .environment import CheckedEnvironment
from .runner import run_checks

SEED, EPISODES, STEPS, TIMEOUT = 0, 5, 300, 120


def check_environment(
    id: str,  # noqa: A002, Gymnasium's name for it
    arguments: Mapping[str, Any] | None = None,
    *,
    seed: int = SEED,
    episodes: int = EPISODES,
    only: Sequence[str] = (),
    timeout: float = TIMEOUT,
    isolated: bool = True,
) -> list[Outcome]:
    """Put what an environment promises to the test.

    Args:
        id: A Gymnasium id; "module:Name-v0" imports the module first.
        arguments: The environment's keyword arguments.
        seed: The root of the seeds of the episodes.
        episodes: How many are played, at least 1.
        only: The names of the checks to make; all if left out.
        timeout: Seconds that each check may take.
        isolated: Whether they are made in a process of their own, which may hang or die; in this
            one a debugger sees them.

    Returns:
        What came of each check, in the order of the catalogue.

    Raises:
        UnknownNameError: If there is no such id.
        InvalidArgumentError: If there is no such check or argument, or `episodes` is below 1.
    """
    _require_positive(episodes=episodes)
    checks = _chosen(ENVIRONMENT_CHECKS, only)
    subject = _environment(id, arguments, seed, episodes)
    return list(run_checks(subject, checks, timeout, isolated=isolated))


def check_agent(
    name: str,
    environment: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    *,
    hyperparameters: Mapping[str, Any] | None = None,
    seed: int = SEED,
    episodes: int = EPISODES,
    steps: int = STEPS,
    only: Sequence[str] = (),
    timeout: float = TIMEOUT,
    isolated: bool = True,
) -> list[Outcome]:
    """Put what an agent promises to the test.

    Args:
        name: A name of `lexigym list`, such as "dqn".
        environment: The Gymnasium id of what it plays; the first that it takes of those that ship,
            if left out.
        arguments: The environment's keyword arguments.
        hyperparameters: The agent's hyperparameters. `learning_starts`, where there is such a one,
            is small if left out.
        seed: The seed of the agent, and the root of the seeds of the episodes.
        episodes: How many are played, at least 1.
        steps: From how many it learns, at least 1.
        only: As in `check_environment`.
        timeout: As in `check_environment`.
        isolated: As in `check_environment`.

    Returns:
        What came of each check, in the order of the catalogue.

    Raises:
        UnknownNameError: If there is no such agent or id.
        InvalidArgumentError: If there is no such check, argument or hyperparameter, a number is
            below 1, or there are arguments of no environment.
    """
    _require_positive(episodes=episodes, steps=steps)
    checks = _chosen(AGENT_CHECKS, only)
    find_agent(name, dict(hyperparameters or {}))
    if arguments and environment is None:
        raise InvalidArgumentError(
            f"the arguments {dict(arguments)} are of no environment: name it."
        )
    played = None if environment is None else _environment(environment, arguments, seed, episodes)
    subject = CheckedAgent(
        name, AGENTS.find(name), dict(hyperparameters or {}), played, seed, episodes, steps
    )
    return list(run_checks(subject, checks, timeout, isolated=isolated))


def _environment(
    id: str,  # noqa: A002
    arguments: Mapping[str, Any] | None,
    seed: int,
    episodes: int,
) -> CheckedEnvironment:
    if arguments:
        # What is wrong with its code the checks will tell, in a process of their own.
        with contextlib.suppress(PluginError):
            checked_spec(id, arguments)
    return CheckedEnvironment(id, find_spec(id), dict(arguments or {}), seed, episodes)


def _require_positive(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise InvalidArgumentError(f"{name} must be at least 1, got {value}.")


def _chosen(checks: Sequence[Check], only: Sequence[str]) -> list[Check]:
    names = [check.name for check in checks]
    require_known("check", only, names, "the catalogue")
    return [check for check in checks if not only or check.name in only]
