"""Equality all the way down, and what becomes of values that somebody else writes to."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, MutableMapping
from reprlib import Repr
from typing import Any

import numpy as np

SHORTENED = Repr()
SHORTENED.maxstring = SHORTENED.maxother = 60


def difference(one: Any, other: Any, where: str) -> str:
    """Return where two values differ in type, dtype or value, and how; nothing if they don't.

    Numbers are compared bit for bit, so that NaN equals NaN.
    """
    if type(one) is not type(other):
        return _told(f"the type of {where}", _type(one), _type(other))
    if isinstance(one, Mapping):
        if one.keys() != other.keys():
            return _told(f"the keys of {where}", list(one), list(other))
        parts = ((one[key], other[key], f"{where}[{key!r}]") for key in one)
    elif isinstance(one, (list, tuple)) or (isinstance(one, np.ndarray) and one.dtype == object):
        if len(one) != len(other):
            return _told(f"the length of {where}", len(one), len(other))
        parts = ((one[i], other[i], f"{where}[{i}]") for i in range(len(one)))
    elif isinstance(one, np.ndarray):
        return _difference_of_arrays(one, other, where)
    else:
        return "" if _is_same(one, other) else _told(where, one, other)
    return next(filter(None, (difference(*part) for part in parts)), "")


def overwrite(value: Any) -> None:
    """Write something else over all that can be written to."""
    if isinstance(value, np.ndarray):
        if not value.flags.writeable:
            return
        if value.dtype == object:
            for each in value.flat:
                overwrite(each)
        elif value.dtype.kind in "biuf":
            value[...] = ~value if value.dtype.kind in "bu" else -value - 1
    elif isinstance(value, MutableMapping):
        for each in value.values():
            overwrite(each)
        value.clear()
    elif isinstance(value, (list, tuple)):
        for each in value:
            overwrite(each)
        if isinstance(value, list):
            value.clear()


def _difference_of_arrays(one: Any, other: Any, where: str) -> str:
    for name in ("dtype", "shape"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine != theirs:
            return _told(f"the {name} of {where}", mine, theirs)
    if one.tobytes() == other.tobytes():
        return ""
    differs = np.frombuffer(one.tobytes(), np.uint8) != np.frombuffer(other.tobytes(), np.uint8)
    first = int(np.argmax(differs)) // one.itemsize
    index = ", ".join(map(str, np.unravel_index(first, one.shape)))
    return _told(f"{where}[{index}]", one.flat[first], other.flat[first])


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, (float, np.generic)):
        return np.asarray(one).tobytes() == np.asarray(other).tobytes()
    if one is other or bool(one == other):
        return True
    # Objects that don't say what equals them.
    silent = "__eq__" not in vars(type(one))
    return silent and pickle.dumps(one) == pickle.dumps(other)


def _told(where: str, one: Any, other: Any) -> str:
    return f"{where} is {_shown(one)} in one and {_shown(other)} in the other"


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, (np.generic, np.dtype)) else SHORTENED.repr(value)


def _type(value: Any) -> Any:
    return np.dtype(type(value)) if isinstance(value, np.generic) else type(value).__name__
