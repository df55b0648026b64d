"""Action masks: where environments give them, and what they allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
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
            return space.sample(mask=_sampling_mask(space, mask))
        except Exception:
            # To tell what is wrong with the mask is the job of one check only.
            pass
    return space.sample()


def flat_mask(mask: Any) -> npt.NDArray[Any]:
    """Return a mask as one array: of tuples, as Gymnasium has them for `MultiDiscrete`, all parts.

    In one array, `(nvec.sum(),)`, sb3-contrib has them.
    """
    if isinstance(mask, tuple):
        return np.concatenate([flat_mask(part) for part in mask])
    return np.asarray(mask)


def allows_something(space: gymnasium.Space[Any], mask: Any) -> bool:
    """Whether a mask allows an action; of several players, one of any."""
    if isinstance(space, spaces.Dict):
        return any(allows_something(own, mask[key]) for key, own in space.items())
    if isinstance(space, spaces.MultiDiscrete):
        return all(part.any() for part in _parts(space, mask))
    return bool(np.any(mask))


def legal_instead(space: gymnasium.Space[Any], mask: Any, action: Any) -> Any:
    """Return the action, or the first legal one if it isn't; for several players, each one's."""
    if mask is None:
        return action
    if isinstance(space, spaces.Dict):
        return {key: legal_instead(each, mask[key], action[key]) for key, each in space.items()}
    if isinstance(space, spaces.MultiDiscrete):
        legal = np.array(action)
        for index, part in enumerate(_parts(space, mask)):
            start = space.start.flat[index]
            if part.any() and not part[legal.flat[index] - start]:
                legal.flat[index] = start + part.argmax()
        return action if np.array_equal(legal, action) else legal
    if not isinstance(space, spaces.Discrete) or not np.any(mask) or mask[action - space.start]:
        return action
    return next(actions_where(space, mask, legal=True))


def actions_where(space: gymnasium.Space[Any], mask: Any, legal: bool) -> Iterator[Any]:
    """Yield legal or illegal actions: of `Discrete` ones all, else legal ones changed in one part.

    A part is one of the numbers of a `MultiDiscrete` action, or the action of a player of a `Dict`.
    """
    if isinstance(space, spaces.Discrete):
        for action in np.flatnonzero(np.asarray(mask, bool) == legal).tolist():
            yield int(space.start) + action
    elif isinstance(space, spaces.MultiDiscrete):
        usual = sample(space, mask)
        for index, part in enumerate(_parts(space, mask)):
            for number in np.flatnonzero(part.astype(bool) == legal):
                action = usual.copy()
                action.flat[index] = space.start.flat[index] + number
                yield action
    elif isinstance(space, spaces.Dict):
        usual = sample(space, mask)
        for player, own in space.items():
            # Whoever has no legal action isn't to move, and may do anything.
            if allows_something(own, mask[player]):
                for action in actions_where(own, mask[player], legal):
                    yield {**usual, player: action}


def _parts(space: spaces.MultiDiscrete, mask: Any) -> list[npt.NDArray[Any]]:
    """Return the mask of each number, in the order of `nvec.flat`."""
    return np.split(flat_mask(mask), np.cumsum(space.nvec)[:-1])


def _sampling_mask(space: gymnasium.Space[Any], mask: Any) -> Any:
    """Return a mask in the form that `Space.sample` takes."""
    if isinstance(space, spaces.Dict):
        return {key: _sampling_mask(own, mask[key]) for key, own in space.items()}
    if isinstance(space, spaces.MultiDiscrete):
        parts = iter(_parts(space, mask))
        return _nested(space.nvec, lambda: next(parts).astype(np.int8))
    return np.asarray(mask, np.int8)


def _nested(nvec: Any, make: Callable[[], Any]) -> Any:
    """Return tuples in the form of an array, of what is made for each of its numbers."""
    return tuple(_nested(each, make) for each in nvec) if np.ndim(nvec) else make()
