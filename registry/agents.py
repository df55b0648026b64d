"""Agents by name: made with checked hyperparameters, or loaded from what they saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arguments import keyword_arguments, require_known
from .environments import make_environment
from .errors import CheckpointError, UnknownNameError, shortened
from .tables import AGENTS

if TYPE_CHECKING:
    from pathlib import Path


def make_agent(name: str, env: Any, **hyperparameters: Any) -> Any:
    """Make an agent for an environment.

    Args:
        name: A name of `lexigym list`, such as "dqn" or "sb3/ppo".
        env: A Gymnasium environment or vector, a Stable-Baselines3 vector, or an id to make one of.
        **hyperparameters: What `lexigym describe NAME` lists; the others keep their defaults.

    Returns:
        An agent, as `lexigym.agents.protocol.Agent` defines it.

    Raises:
        UnknownNameError: If there is no such agent or environment.
        InvalidArgumentError: If the agent has no such hyperparameter, or refuses its value.
        PluginError: If the package that provides it can't be loaded.
    """
    agent_class = find_agent(name, hyperparameters)
    return agent_class(make_environment(env) if isinstance(env, str) else env, **hyperparameters)


def load_agent(
    path: str | Path,
    env: Any = None,
    *,
    trust: bool = False,
    agent: str | None = None,
    **arguments: Any,
) -> Any:
    """Load the agent that wrote a checkpoint; nothing in it is executed.

    The files of Stable-Baselines3 itself, which its `save` writes, are another matter: they are
    pickles, and to unpickle is to execute whatever code their maker put there. They are loaded only
    if they are trusted.

    Args:
        path: Where an agent was saved: a zip file, or a directory.
        env: The environment to learn on further, or its id; playing needs none, but for the oracle.
        trust: Whether to execute what a file of Stable-Baselines3 holds.
        agent: The name of the agent, which such a file doesn't tell: "sb3/ppo" for one of `PPO`.
        **arguments: Passed on to the `load` of the agent's class.

    Raises:
        CheckpointError: If it is damaged, foreign, of another agent or for another environment, if
            nothing provides its agent, or if it isn't trusted.
    """
    # Imported here because reading zip files is a cost to `import lexigym`.
    from .checkpoint import is_pickled, naming, needs_trust, read_config

    pickled = is_pickled(path)
    if not pickled:
        name = read_config(path, agent)["agent"]
    elif trust and agent is not None:
        name = agent
    else:
        raise needs_trust(path)
    try:
        agent_class = AGENTS.get(name)
    except UnknownNameError as error:
        raise CheckpointError(
            f"{str(path)!r} was saved by the agent {shortened(name)}, which nothing here provides: "
            "install its package, or register it."
        ) from error
    if pickled and not hasattr(agent_class, "load_pickled"):
        raise CheckpointError(
            f"{str(path)!r} was saved by Stable-Baselines3, not by {name!r}: name its algorithm, "
            "such as agent='sb3/ppo'."
        )
    env = make_environment(env) if isinstance(env, str) else env
    load = agent_class.load_pickled if pickled else agent_class.load
    with naming(path):
        return load(path, env=env, **arguments)


def known_hyperparameters(agent_class: Any) -> dict[str, Any] | None:
    """Return the hyperparameters of an agent's class and their defaults, or None if it takes any.

    A class without `hyperparameters()` tells them by its signature, whose first is the environment.
    """
    if hasattr(agent_class, "hyperparameters"):
        return dict(agent_class.hyperparameters())
    arguments = keyword_arguments(agent_class)
    return None if arguments is None else dict(list(arguments.items())[1:])


def seed_argument(agent_class: Any, seed: int) -> dict[str, int]:
    """Return the agent's own seed as a keyword argument, or nothing if it takes none."""
    known = known_hyperparameters(agent_class)
    if known is not None and "seed" not in known:
        return {}
    return {"seed": seed}


def find_agent(name: str, hyperparameters: dict[str, Any]) -> Any:
    """Return the class of an agent, refusing hyperparameters that it doesn't have.

    Raises:
        UnknownNameError: If there is no such agent.
        InvalidArgumentError: If it has no such hyperparameter.
        PluginError: If it can't be loaded.
    """
    agent_class = AGENTS.get(name)
    known = known_hyperparameters(agent_class)
    if known is not None:
        require_known("hyperparameter", hyperparameters, known, f"the agent {name!r}")
    return agent_class
