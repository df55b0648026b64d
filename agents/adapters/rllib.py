"""Environments as RLlib takes them: masks in the observation, and made by id on every worker."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import gymnasium

from ...registry.environments import find_spec, make_environment
from ...registry.requirements import require
from .masked_observations import MaskedObservations


def adapt(env: gymnasium.Env[Any, Any]) -> MaskedObservations:
    """Return an environment whose observations hold its action masks, as RLlib wants them.

    Args:
        env: A single environment with A `Discrete` actions from 0 on. RLlib makes several by
            itself: `num_envs_per_env_runner`.

    Returns:
        The same environment, with observations in a `Dict` of just `observations`, as they were,
        and `action_mask`, `(A,) bool`, true where an action is legal. Token ids stay ids: the
        modules of `rllib_modules` embed them, and a replay memory holds L numbers for a text, not
        L times V.

    Raises:
        InvalidArgumentError: If it is a vector environment, or its actions are others.
    """
    return MaskedObservations(env, "observations", "action_mask")


def register(id: str) -> str:  # noqa: A002, Gymnasium's name for it
    """Tell RLlib how to make an environment by its id, and return the id.

    The driver and all workers make it, adapted, as `make` does: an id that is known in the driver
    alone, since `lexigym` is imported there, is so known in workers too. Its arguments are RLlib's
    `env_config`, so that evaluation can have others: `config.environment(register("QA-v0"),
    env_config={"level": "small"})`.

    Args:
        id: Of an environment that ships, of an installed plugin, or "module:Name-v0".

    Raises:
        UnknownNameError: If there is no such id.
        MissingDependencyError: If RLlib is not installed.
    """
    find_spec(id)
    registry = require("ray.tune.registry", "register", "lexigym[rllib]")
    registry.register_env(id, functools.partial(make, id))
    return id


def make(id: str, env_config: Mapping[str, Any]) -> MaskedObservations:  # noqa: A002
    """Return the adapted environment of an id.

    Raises:
        LexigymError: As `make_environment` and `adapt` do.
    """
    return adapt(make_environment(id, **env_config))
