"""TOML of a stranger's: read without surprises, or refused in one sentence."""

from __future__ import annotations

import math
import tomllib
from typing import Any

from ..registry.plain_json import nests_too_deeply


def read_toml(data: bytes) -> dict[str, Any]:
    """Return the table of a file in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: If it is no TOML, has a key twice, is nested too deeply, or holds NaN, which is
            no setting and equals nothing, not even itself.
    """
    try:
        table = tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"the byte 0x{data[error.start]:02x} is not UTF-8 (at line {line})"
        ) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if nests_too_deeply(table):
        raise ValueError("it is nested too deeply")
    _refuse_nan(table, "it")
    return table


def _refuse_nan(value: Any, name: str) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _refuse_nan(each, key)
    elif isinstance(value, list):
        for each in value:
            _refuse_nan(each, name)
    elif isinstance(value, float) and math.isnan(value):
        raise ValueError(f"{name!r} is nan, which is no number")
