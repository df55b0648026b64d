"""Action masks: where environments give them, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

INFO, METHOD, OBSERVATION = "info['action_mask']", "action_masks()", "observation['action_mask']"


def given_masks(env: gymnasium.Env[Any, Any], observation: Any, info: Any) -> dict[str, Any]:
    """Return the masks of the present state, by where they are given."""
    masks = {}
    if "action_mask" in info:
        masks[INFO] = info["action_mask"]
    if env.has_wrapper_attr("action_masks"):
        masks[METHOD] = env.get_wrapper_attr("action_masks")()
    if isinstance(observation, Mapping) and "action_mask" in observation:
        masks[OBSERVATION] = observation["action_mask"]
    return masks


def mask_of(env: gymnasium.Env[Any, Any], observation: Any, info: Any) -> Any:
    """Return the mask of the present state, None if there is none."""
    return next(iter(given_masks(env, observation, info).values()), None)


def sample(space: gymnasium.Space[Any], mask: Any) -> Any:
    """Draw an action that the mask allows; any, if it is none that the space understands."""
    if mask is not None:
        try:
            return space.sample(mask=_as_int8(mask))
        except Exception:
            # To tell what is wrong with the mask is the job of one check only.
            pass
    return space.sample()


def legal_instead(space: gymnasium.Space[Any], mask: Any, action: Any) -> Any:
    """Return the action, or the first legal one if it isn't; for several players, each one's."""
    if isinstance(space, spaces.Dict):
        return {key: legal_instead(each, mask[key], action[key]) for key, each in space.items()}
    if not isinstance(space, spaces.Discrete) or not np.any(mask) or mask[action - space.start]:
        return action
    return next(actions_where(space, mask, legal=True))


def actions_where(space: gymnasium.Space[Any], mask: Any, legal: bool) -> Iterator[Any]:
    """Yield the legal or the illegal actions; of several players, those that differ in one's.

    Only of `Discrete` spaces and dicts of them.
    """
    if isinstance(space, spaces.Discrete):
        for action in np.flatnonzero(np.asarray(mask, bool) == legal).tolist():
            yield int(space.start) + action
    elif isinstance(space, spaces.Dict):
        usual = sample(space, mask)
        for player, own in space.items():
            # Whoever has no legal action isn't to move, and may do anything.
            if np.any(mask[player]):
                for action in actions_where(own, mask[player], legal):
                    yield {**usual, player: action}


def _as_int8(mask: Any) -> Any:
    if isinstance(mask, Mapping):
        return {key: _as_int8(each) for key, each in mask.items()}
    return np.asarray(mask, np.int8)
