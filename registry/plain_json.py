"""JSON as the standard has it: written in one form, so that it can be hashed, and read strictly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

# Far from what exhausts the stack of a reader, however deep it is called.
MOST_LEVELS = 100


def write_plain(value: Any) -> str:
    """Return a value as JSON in one line: keys sorted, no spaces, floats as `repr` writes them.

    Raises:
        ValueError: If it holds what JSON, or UTF-8, can't: NaN, an infinity, a lone surrogate; or
            is nested too deeply.
    """
    if nests_too_deeply(value):
        raise ValueError("it is nested too deeply")
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
        )
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half of a character, a lone surrogate") from error
    except TypeError as error:
        raise ValueError(f"it holds what is no JSON: {error}") from error
    except ValueError as error:
        raise ValueError("it holds a number that is not finite") from error
    return text


def read_plain(text: str | bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Return the value of JSON in UTF-8.

    Args:
        text: The JSON.
        parse_constant: What makes values of NaN, Infinity and -Infinity, such as `infinity`; if
            left out, they are refused.

    Raises:
        ValueError: If it isn't, it holds such a constant, or an object with one key twice, or is
            nested too deeply.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode()
        value = json.loads(
            decoded, object_pairs_hook=_object, parse_constant=parse_constant or _refuse
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8: {error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if nests_too_deeply(value):
        raise ValueError("it is nested too deeply")
    return value


def nests_too_deeply(value: Any, levels: int = MOST_LEVELS) -> bool:
    """Return whether lists and objects in one another are more than some levels."""
    if not isinstance(value, (dict, list, tuple)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(nests_too_deeply(each, levels - 1) for each in inner)


def infinity(constant: str) -> float:
    """Return what JSON has no number for; NaN, which equals nothing, is none in any case.

    Raises:
        ValueError: If it is NaN.
    """
    if constant == "NaN":
        _refuse(constant)
    return float(constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        # Not by searching for each among all, which takes hours for a million keys.
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"it holds the key {twice[:40]!r} twice")
    return read


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}, which is no number of JSON")
