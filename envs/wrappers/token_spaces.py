"""Where the token ids stand in an observation, and how many tokens there are."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from ...registry.errors import InvalidArgumentError


def vocabulary_size(space: gymnasium.Space[Any]) -> int | None:
    """Return V of a `Box(0, V - 1, (L,), int64)` with V >= 2, None for any other space."""
    if not isinstance(space, spaces.Box) or len(space.shape) != 1 or space.dtype != np.int64:
        return None
    low, high = space.low.tolist(), space.high.tolist()
    return high[0] + 1 if {*low} == {0} and len({*high}) == 1 and high[0] >= 1 else None


def token_keys(space: gymnasium.Space[Any]) -> tuple[str, ...]:
    """Return the keys of a `Dict` under which there are tokens; none for another space."""
    if not isinstance(space, spaces.Dict):
        return ()
    return tuple(key for key, part in space.items() if vocabulary_size(part) is not None)


def require_vocabulary_size(who: str, space: gymnasium.Space[Any]) -> int:
    """Return V of token observations, by themselves or in a `Dict`.

    Args:
        who: Who needs it, for the error.
        space: The space of a single observation.

    Raises:
        InvalidArgumentError: If there are no tokens, or of several sizes.
    """
    parts = [space[key] for key in token_keys(space)] if isinstance(space, spaces.Dict) else [space]
    sizes = {vocabulary_size(part) for part in parts}
    size = sizes.pop() if len(sizes) == 1 else None
    if size is None:
        raise InvalidArgumentError(
            f"{who} needs tokens, Box(0, V - 1, (L,), int64) with one V, by themselves or in a "
            f"Dict, got {space}: make the environment with observation='tokens' or 'dict', and put "
            "this wrapper inside those that encode tokens."
        )
    return size
