"""Runs as the page lists them, in columns, and what it shows of a single one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..run import Result
from .numbers import rounded, rounded_all, whole

BINS = 20
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


class Pool:
    """Values that many runs share, each kept once and named by its index.

    Attributes:
        values: What was added, in the order in which it first was.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._indices: dict[str, int] = {}

    def index(self, value: Any) -> int | None:
        """Return the index of a value of plain data, adding it if it is new; None for None."""
        if value is None:
            return None
        text = json.dumps(value)
        if text not in self._indices:
            self._indices[text] = len(self.values)
            self.values.append(value)
        return self._indices[text]


def columns(results: Sequence[Result], errors: Pool) -> dict[str, list[Any]]:
    """Return what a list of runs shows, as one list for each column.

    Args:
        results: One of each run.
        errors: Where the errors are kept.
    """
    return {
        "key": [result.run.key for result in results],
        "seed": [whole(result.run.seed) for result in results],
        "steps": [whole(result.run.steps) for result in results],
        "meanReturn": [rounded(result.mean_return) for result in results],
        "seconds": [
            rounded(result.learning_seconds + result.evaluation_seconds) for result in results
        ],
        "time": [_text(result.manifest.get("time", "")) for result in results],
        "error": [errors.index(result.error) for result in results],
    }


def details(result: Result, specs: Pool, makers: Pool, tracebacks: Pool) -> dict[str, Any]:
    """Return all that is shown of one run and isn't in its columns.

    Args:
        result: What it gave.
        specs: Where what runs of several seeds have in common is kept.
        makers: Where manifests are kept, without the time.
        tracebacks: Where tracebacks are kept.
    """
    return {
        "spec": specs.index(_spec(result)),
        "maker": makers.index(_maker(result.manifest)),
        "learningSeconds": rounded(result.learning_seconds),
        "evaluationSeconds": rounded(result.evaluation_seconds),
        "returns": _summary(result.returns),
        "curve": [rounded_all(point) for point in result.curve],
        "episodes": [
            {
                "seed": whole(episode.seed),
                "actions": [_action(action) for action in episode.actions],
                "return": rounded(episode.episode_return),
                "text": episode.text,
            }
            for episode in result.episodes
        ],
        "traceback": tracebacks.index(result.traceback),
    }


def _spec(result: Result) -> dict[str, Any]:
    run = result.run
    return {
        "environment": run.environment_id,
        "agent": run.agent_name,
        "arguments": _texts(run.arguments),
        "evaluationArguments": _texts(run.evaluation_arguments),
        "hyperparameters": _texts(run.hyperparameters),
        "environments": whole(run.num_envs),
        "evaluationEpisodes": run.evaluation_episodes,
        "evaluationSeed": whole(run.evaluation_seed),
        "curvePoints": run.curve_points,
        "curveEpisodes": run.curve_episodes,
    }


def _maker(manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _texts(value) if isinstance(value, dict) else _text(value)
        for name, value in manifest.items()
        if name != "time"
    }


def _summary(returns: Sequence[float]) -> dict[str, Any] | None:
    values = np.sort(np.array(returns, np.float64))
    if not values.size or not np.isfinite(values).all():
        return None
    low, high = values[0], values[-1]
    bins = ((values - low) * (BINS / (high - low or 1.0))).astype(np.intp).clip(max=BINS - 1)
    places = np.multiply(QUANTILES, values.size - 1)
    return {
        "count": values.size,
        "deviation": rounded(float(values.std())),
        "quantiles": rounded_all(np.interp(places, np.arange(values.size), values)),
        "bins": np.bincount(bins, minlength=BINS).tolist() if high > low else [values.size],
    }


def _action(action: Any) -> int | str:
    return whole(action) if isinstance(action, int) else _text(action)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    # As JSON, in which an infinity or a whole number of any size keeps its name.
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
