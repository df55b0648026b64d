"""What an agent answered: one action of the environment, or an error that names both."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from ..registry.errors import AgentFaultError, shortened


def chosen_action(agent: Any, env: gymnasium.Env[Any, Any], answer: Any) -> tuple[Any, Any]:
    """Return the action and the next state that `predict` answered.

    An action that a mask forbids passes: what it means is the environment's to say. So does a part
    of a joint action for a player who isn't to move, which means nothing.

    Args:
        agent: Who answered.
        env: A single environment, to which the action will go.
        answer: What `predict` returned.

    Raises:
        AgentFaultError: If it is no such pair, or the action isn't one of the environment's. Of
            Discrete actions that is anything but a whole number; arrays of floats may be of another
            precision than those of the space.
    """
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise AgentFaultError(
            f"the agent {_name(agent)!r} answered {shortened(answer)}: predict must return a pair "
            "of the action and the next state."
        )
    action, state = answer
    movers = getattr(env.unwrapped, "movers", None)
    if not _takes(env.action_space, action, movers):
        raise AgentFaultError(
            f"the agent {_name(agent)!r} chose {shortened(action)} of type "
            f"{type(action).__name__}, which is no action of {shortened(env.action_space)}."
        )
    return action, state


def _takes(space: gymnasium.Space[Any], action: Any, movers: Collection[Any] | None) -> bool:
    match space:
        case spaces.Discrete():
            try:
                number = operator.index(action)
            except TypeError:
                return False
            return bool(space.start <= number < space.start + space.n)
        case spaces.MultiDiscrete():
            return _lies_within(space.start, space.start + space.nvec - 1, np.int64, action)
        case spaces.MultiBinary():
            low = np.zeros(space.shape, np.int64)
            return _lies_within(low, low + 1, np.int64, action)
        case spaces.Box():
            return _lies_within(space.low, space.high, space.dtype, action)
        case spaces.Dict():
            return isinstance(action, Mapping) and all(
                key in space.spaces and _takes(space[key], part, None)
                for key, part in action.items()
                if movers is None or key in movers
            )
    return space.contains(action)


def _lies_within(low: Any, high: Any, dtype: Any, action: Any) -> bool:
    try:
        array = np.asarray(action)
    except ValueError:
        # Lists of unequal lengths.
        return False
    return (
        array.shape == low.shape
        and (array.dtype.kind == "b" or np.can_cast(array.dtype, dtype, "same_kind"))
        and bool(((low <= array) & (array <= high)).all())
    )


def _name(agent: Any) -> str:
    return str(getattr(agent, "name", type(agent).__name__))
