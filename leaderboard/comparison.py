"""What differs between two results of one run: in what it gave, and in what made it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .run import Point, Result

# No two results have it in common.
TIME = "time"


def different_outcome(then: Result, now: Result) -> str:
    """Return what differs between the outcomes of two results of one run; empty if nothing does.

    Outcomes are the returns, the steps and mean returns of the curve, the episodes, and the error:
    all that a rerun must give again, bit for bit, and so not the seconds. Of a failure, where it
    was raised may differ.
    """
    if then.error is not None or now.error is not None:
        return "" if then.error == now.error else f"{_ended(then)} then, and {_ended(now)} now"
    if _outcome(then) == _outcome(now):
        return ""
    parts = (
        _different_returns(then.returns, now.returns),
        _different_curve(then.curve, now.curve),
        _different_episodes(then, now),
    )
    return "; ".join(filter(None, parts))


def different_manifest(then: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two manifests, by name, then and now; None where it is missing.

    The name of what is nested tells the way to it, such as "versions torch".
    """
    flat_then, flat_now = _flat(then), _flat(now)
    names = sorted((flat_then.keys() | flat_now.keys()) - {TIME})
    pairs = {name: (flat_then.get(name), flat_now.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _outcome(result: Result) -> str:
    curve = [(point.steps, point.mean_return) for point in result.curve]
    return _bits([result.returns, curve, result.episodes])


def _bits(value: Any) -> str:
    # In which NaN equals itself, and -0.0 is not 0.0.
    return json.dumps(value)


def _ended(result: Result) -> str:
    return "it ended well" if result.error is None else f"it failed ({result.error!r})"


def _different_returns(then: Sequence[float], now: Sequence[float]) -> str:
    if len(then) != len(now):
        return f"there were {len(then)} returns, and are {len(now)}"
    pairs = [pair for pair in zip(then, now, strict=True) if _bits(pair[0]) != _bits(pair[1])]
    if not pairs:
        return ""
    largest = max(abs(first - second) for first, second in pairs)
    return f"{len(pairs)} of {len(then)} returns differ, by up to {largest:.3g}"


def _different_curve(then: Sequence[Point], now: Sequence[Point]) -> str:
    for first, second in zip(then, now, strict=False):
        if _bits((first.steps, first.mean_return)) != _bits((second.steps, second.mean_return)):
            return f"the curve differs from {_described(first)} on: now {_described(second)}"
    if len(then) != len(now):
        return f"the curve had {len(then)} points, and has {len(now)}"
    return ""


def _described(point: Point) -> str:
    return f"{point.mean_return!r} at step {point.steps}"


def _different_episodes(then: Result, now: Result) -> str:
    if len(then.episodes) != len(now.episodes):
        return f"there were {len(then.episodes)} episodes to look at, and are {len(now.episodes)}"
    pairs = zip(then.episodes, now.episodes, strict=True)
    different = sum(_bits(first) != _bits(second) for first, second in pairs)
    return f"{different} of {len(then.episodes)} episodes to look at differ" if different else ""


def _flat(nested: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            flat |= {f"{name} {key}": each for key, each in _flat(value).items()}
        else:
            flat[name] = value
    return flat
