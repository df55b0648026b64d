"""Gymnasium's fundamental and composed spaces as plain JSON data, for checkpoints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import Space, spaces

from ..registry.errors import CheckpointError, InvalidArgumentError, shortened

# The bounds of boxes are arrays, of which a few digits in a file could make any size: these take
# under a second and some 200 MB. A picture of 2,000 x 1,000 pixels has fewer.
MOST_BOUNDS = 1 << 23
# NumPy has as many.
MOST_DIMENSIONS = 32
# By their names only: NumPy parses any other text as code, and of texts an item can have any size.
DTYPES = {
    each.name: each
    for each in map(np.dtype, "?" + np.typecodes["AllInteger"] + np.typecodes["Float"])
}


def space_to_json(space: Space[Any]) -> dict[str, Any]:
    """Describe a space in what `json` can write (infinite bounds as Python's `Infinity`).

    Raises:
        InvalidArgumentError: If the space is none of Box, Discrete, MultiDiscrete, MultiBinary,
            Text, Dict and Tuple, or its boxes are too large to be read.
    """
    data = _description(space)
    if _bounds(data) > MOST_BOUNDS:
        raise InvalidArgumentError(
            f"the space {shortened(space)} can't be written to a checkpoint: it has boxes of more "
            f"than {MOST_BOUNDS:,} numbers; scale the observations down."
        )
    return data


def _description(space: Space[Any]) -> dict[str, Any]:
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
            parts = {key: _description(part) for key, part in space.items()}
            return {"type": "Dict", "spaces": parts}
        case spaces.Tuple():
            return {"type": "Tuple", "spaces": [_description(part) for part in space]}
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
        if _bounds(data) > MOST_BOUNDS:
            raise ValueError(data)
        return _space(**data)
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise CheckpointError(
            f"{shortened(data)} describes no space of a known type: the checkpoint's config.json "
            "was edited or damaged; use another copy."
        ) from error


def _space(type: str, **data: Any) -> Space[Any]:  # noqa: A002 - the key in the file.
    match type:
        case "Box":
            dtype = DTYPES[data["dtype"]]
            shape = tuple(data["shape"])
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
                data["nvec"], dtype=DTYPES[data["dtype"]].type, start=data["start"]
            )
        case "MultiBinary":
            return spaces.MultiBinary(data["n"])
        case "Text":
            return spaces.Text(**data)
        case "Dict":
            # From a dict, Gymnasium would sort the keys.
            parts = [(key, _space(**part)) for key, part in data["spaces"].items()]
            return spaces.Dict(parts)
        case "Tuple":
            return spaces.Tuple([_space(**part) for part in data["spaces"]])
    raise ValueError(type)


def _bounds(data: Any) -> int:
    """Return how many numbers the bounds of all boxes are; too many, if a shape is none."""
    parts = data.get("spaces")
    if parts is not None:
        return sum(map(_bounds, parts.values() if isinstance(parts, dict) else parts))
    shape = data.get("shape", ())
    # Before they are multiplied: a number times a text is a text, as long as the number.
    if len(shape) > MOST_DIMENSIONS or not all(
        type(size) is int and 0 <= size <= MOST_BOUNDS for size in shape
    ):
        return MOST_BOUNDS + 1
    return math.prod(shape)


def _array_to_json(array: npt.NDArray[Any]) -> Any:
    """List an array, or give the number that all of it equals, as in most images and boxes."""
    if not array.size:
        # As a list, it would lose its other dimensions.
        return 0
    if (array == array.flat[0]).all():
        return array.flat[0].item()
    return array.tolist()
