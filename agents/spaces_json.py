"""Gymnasium's fundamental and composed spaces as plain JSON data, for checkpoints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import Space, spaces

from ..registry.errors import CheckpointError, InvalidArgumentError, shortened

# The bounds of a box are arrays, of which a few digits in a file could make any size.
LARGEST_BOX = 1 << 26


def space_to_json(space: Space[Any]) -> dict[str, Any]:
    """Describe a space in what `json` can write (infinite bounds as Python's `Infinity`).

    Raises:
        InvalidArgumentError: If the space is none of Box, Discrete, MultiDiscrete, MultiBinary,
            Text, Dict and Tuple.
    """
    match space:
        case spaces.Box():
            return {
                "type": "Box",
                "low": _array_to_json(space.low),
                "high": _array_to_json(space.high),
                "shape": list(space.shape),
                "dtype": str(space.dtype),
            }
        case spaces.Discrete():
            return {"type": "Discrete", "n": int(space.n), "start": int(space.start)}
        case spaces.MultiDiscrete():
            return {
                "type": "MultiDiscrete",
                "nvec": space.nvec.tolist(),
                "start": space.start.tolist(),
                "dtype": str(space.dtype),
            }
        case spaces.MultiBinary():
            n = space.n if isinstance(space.n, int) else list(space.shape)
            return {"type": "MultiBinary", "n": n}
        case spaces.Text():
            return {
                "type": "Text",
                "min_length": space.min_length,
                "max_length": space.max_length,
                "charset": "".join(sorted(space.character_set)),
            }
        case spaces.Dict():
            parts = {key: space_to_json(part) for key, part in space.items()}
            return {"type": "Dict", "spaces": parts}
        case spaces.Tuple():
            return {"type": "Tuple", "spaces": [space_to_json(part) for part in space]}
    raise InvalidArgumentError(
        f"the space {space} can't be written to a checkpoint: use Box, Discrete, MultiDiscrete, "
        "MultiBinary, Text, Dict or Tuple."
    )


def space_from_json(data: Any) -> Space[Any]:
    """Make the space that `space_to_json` described.

    Raises:
        CheckpointError: If `data` describes none.
    """
    try:
        return _space(**data)
    except (TypeError, ValueError, KeyError, AssertionError) as error:
        raise CheckpointError(
            f"{shortened(data)} describes no space of a known type: the checkpoint's config.json "
            "was edited or damaged; use another copy."
        ) from error


def _space(type: str, **data: Any) -> Space[Any]:  # noqa: A002 - the key in the file.
    match type:
        case "Box":
            dtype = np.dtype(data["dtype"])
            shape = tuple(data["shape"])
            if math.prod(shape) > LARGEST_BOX:
                raise ValueError(shape)
            return spaces.Box(
                np.broadcast_to(np.asarray(data["low"], dtype), shape),
                np.broadcast_to(np.asarray(data["high"], dtype), shape),
                shape,
                dtype.type,
            )
        case "Discrete":
            return spaces.Discrete(data["n"], start=data["start"])
        case "MultiDiscrete":
            return spaces.MultiDiscrete(
                data["nvec"], dtype=np.dtype(data["dtype"]).type, start=data["start"]
            )
        case "MultiBinary":
            return spaces.MultiBinary(data["n"])
        case "Text":
            return spaces.Text(**data)
        case "Dict":
            # From a dict, Gymnasium would sort the keys.
            parts = [(key, space_from_json(part)) for key, part in data["spaces"].items()]
            return spaces.Dict(parts)
        case "Tuple":
            return spaces.Tuple([space_from_json(part) for part in data["spaces"]])
    raise ValueError(type)


def _array_to_json(array: npt.NDArray[Any]) -> Any:
    """List an array, or give the number that all of it equals, as in most images and boxes."""
    if array.size and (array == array.flat[0]).all():
        return array.flat[0].item()
    return array.tolist()
