"""What a store holds as a pandas frame, for scripts and notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..registry.requirements import require
from .run import Result
from .scores import normalised
from .store import Store

if TYPE_CHECKING:
    import pandas as pd


def load(store: str | Path = "runs/leaderboard.sqlite", suite: str | None = None) -> pd.DataFrame:
    """Return the results of a store, a row for each run.

    The columns are `suite`, `environment` and `agent`, as the suite names them; `seed`; `score`, 0
    for random play and 1 for the oracle's, NaN where there is none; `mean_return`; `steps`;
    `learning_seconds` and `evaluation_seconds`; `error`, None if the run ended well; what was asked
    for, `environment_id`, `arguments`, `evaluation_arguments`, `agent_name`, `hyperparameters`,
    `num_envs`, `evaluation_episodes`; `returns`, one of each evaluation episode; `curve`, points of
    (steps, seconds, mean return) while it learned; `manifest`, what made it; and `key`, which names
    the run in the store.

    Args:
        store: The file.
        suite: The suite; None takes all.

    Raises:
        MissingDependencyError: If pandas isn't installed.
        StoreError: If there is no such file, or it can't be read.
        UnknownNameError: If it has no such suite.
    """
    pandas = require("pandas", "load", "pandas")
    rows: list[dict[str, Any]] = []
    with Store(store, make=False) as opened:
        for name in opened.suites() if suite is None else [suite]:
            results = opened.results_of(name)
            rows += [
                {"suite": name, "score": score} | _row(result)
                for result, score in zip(results, normalised(results), strict=True)
            ]
    return pandas.DataFrame(rows, columns=COLUMNS)


OF_A_RUN = (
    "environment",
    "agent",
    "seed",
    "steps",
    "environment_id",
    "arguments",
    "evaluation_arguments",
    "agent_name",
    "hyperparameters",
    "num_envs",
    "evaluation_episodes",
    "key",
)
OF_A_RESULT = (
    "mean_return",
    "learning_seconds",
    "evaluation_seconds",
    "error",
    "returns",
    "curve",
    "manifest",
)
COLUMNS = ["suite", *OF_A_RUN[:3], "score", *OF_A_RESULT[:4], *OF_A_RUN[3:], *OF_A_RESULT[4:]]


def _row(result: Result) -> dict[str, Any]:
    of_the_run = {name: getattr(result.run, name) for name in OF_A_RUN}
    return of_the_run | {name: getattr(result, name) for name in OF_A_RESULT}
