"""TensorBoard's event files of runs: what an agent logs itself, and what it is worth meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..registry.agents import known_hyperparameters
from ..registry.names import path_inside
from .run import Point, Run


def log_folder(root: str | Path, run: Run) -> Path:
    """Return the folder of a run: environment, agent and seed, as names that any system takes.

    Raises:
        InvalidArgumentError: If a link leads out of the root.
    """
    # The key, since labels may differ in what such names don't tell.
    return path_inside(root, run.environment, run.agent, f"seed-{run.seed}-{run.key[:8]}")


def log_argument(agent_class: Any, folder: Path | None) -> dict[str, str]:
    """Return the folder as a keyword argument of the agent, or nothing if it logs nothing."""
    known = known_hyperparameters(agent_class)
    if folder is None or known is None or "tensorboard_log" not in known:
        return {}
    return {"tensorboard_log": str(folder)}


@contextmanager
def curve_log(folder: Path | None) -> Iterator[Callable[[Point], None]]:
    """Give a function that logs points of a learning curve in a folder; None logs nothing."""
    if folder is None:
        yield lambda _: None
        return
    from torch.utils.tensorboard.writer import SummaryWriter

    with contextlib.closing(SummaryWriter(folder)) as writer:

        def log(point: Point) -> None:
            writer.add_scalar("evaluation/mean_return", point.mean_return, point.steps)
            writer.flush()

        yield log
