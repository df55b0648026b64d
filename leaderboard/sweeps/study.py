"""The trials of a sweep, kept by Optuna in a SQLite file: what was tried is not tried again."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium

from ...registry.agents import find_agent, known_hyperparameters
from ...registry.errors import InvalidArgumentError, LexigymError
from ...registry.requirements import require
from ..process import Process
from .search_space import defaults_within, drawn_hyperparameters
from .sweep import Stream, Sweep, run_trial

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

# Attributes of a study, and of its trials.
SWEEP = "sweep"
ERROR, TRACEBACK, PROCESS = "error", "traceback", "process"

# Golovin et al. (2017) describe the rule. The first trials, and the first look at each, are spared.
TRIALS_NOT_PRUNED = 5
REPORTS_NOT_PRUNED = 1


@contextmanager
def open_study(path: Path, sweep: Sweep) -> Iterator[Study]:
    """Give the study of a sweep, made if it isn't there, with no trial under way.

    Args:
        path: The SQLite file.
        sweep: What is tuned.

    Raises:
        MissingDependencyError: If Optuna is not installed.
        InvalidArgumentError: If the file can't be used, or holds another sweep.
        LexigymError: If another process is at it.
    """
    optuna = require("optuna", "tune", "lexigym[tune]")
    from sqlalchemy import QueuePool
    from sqlalchemy.exc import SQLAlchemyError

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # In a URL characters of the path may mean something to SQLAlchemy, and to Optuna.
            storage = optuna.storages.RDBStorage(
                "sqlite://",
                {
                    "creator": lambda: sqlite3.connect(path, check_same_thread=False),
                    "poolclass": QueuePool,
                },
            )
            study = optuna.create_study(
                storage=storage,
                study_name=SWEEP,
                direction="maximize",
                load_if_exists=True,
                pruner=optuna.pruners.MedianPruner(TRIALS_NOT_PRUNED, REPORTS_NOT_PRUNED),
            )
        except (SQLAlchemyError, optuna.exceptions.OptunaError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise InvalidArgumentError(
                f"the storage {str(path)!r} can't be used ({reason}): pass another --storage."
            ) from error
        _require_same_sweep(study, sweep, path)
        _end_interrupted_trials(study, path)
        yield study
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()
        optuna.logging.set_verbosity(verbosity)


def finished_trials(study: Study) -> list[FrozenTrial]:
    """Return the trials that were carried through, pruned or failed, but not the interrupted."""
    return [
        trial
        for trial in study.get_trials()
        if trial.state.is_finished() and (trial.state.name != "FAIL" or ERROR in trial.user_attrs)
    ]


def run_trials(
    study: Study,
    sweep: Sweep,
    space: dict[str, BaseDistribution],
    env: gymnasium.Env[Any, Any],
    count: int,
    seconds: float | None = None,
) -> Iterator[FrozenTrial]:
    """Run the trials that are missing, and yield each when it is over.

    The first tries the agent's defaults, so that no sweep ends below them on its own episodes.

    Args:
        study: Where they are kept.
        sweep: What is tuned.
        space: What its `search` stands for.
        env: Where agents are judged.
        count: How many finished trials there shall be, with those that were found.
        seconds: No trial but the first begins later than this; None sets no limit.
    """
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    started = time.monotonic()
    for index in range(len(finished_trials(study)), count):
        # A sampler for each, so that an interruption doesn't change what is tried after it.
        study.sampler = TPESampler(seed=sweep.derived_seed(Stream.SAMPLER, index))
        if index == 0 and not study.get_trials(states=[TrialState.WAITING]):
            defaults = known_hyperparameters(find_agent(sweep.agent, {})) or {}
            study.enqueue_trial(defaults_within(space, defaults))
        trial = study.ask(space)
        trial.set_user_attr(PROCESS, [*Process.this()])
        yield _run(study, sweep, trial, drawn_hyperparameters(trial.params, space), env)
        if seconds is not None and time.monotonic() - started >= seconds:
            return


def _run(
    study: Study,
    sweep: Sweep,
    trial: Trial,
    drawn: dict[str, Any],
    env: gymnasium.Env[Any, Any],
) -> FrozenTrial:
    from optuna.trial import TrialState

    def report(index: int, mean_return: float) -> bool:
        trial.report(mean_return, index)
        return not trial.should_prune()

    try:
        mean_return = run_trial(sweep, sweep.hyperparameters | drawn, env, report)
    except Exception as error:
        trial.set_user_attr(TRACEBACK, traceback.format_exc())
        trial.set_user_attr(ERROR, " ".join(f"{type(error).__name__}: {error}".split()))
        return study.tell(trial, state=TrialState.FAIL)
    if mean_return is None:
        return study.tell(trial, state=TrialState.PRUNED)
    return study.tell(trial, mean_return)


def _require_same_sweep(study: Study, sweep: Sweep, path: Path) -> None:
    # In the form in which it comes back.
    wanted = json.loads(json.dumps(dataclasses.asdict(sweep), default=str))
    kept = study.user_attrs.get(SWEEP)
    if kept is None:
        study.set_user_attr(SWEEP, wanted)
        return
    for name, value in wanted.items():
        if kept.get(name) != value:
            raise InvalidArgumentError(
                f"the sweep in {str(path)!r} has {name}={kept.get(name)!r}, not {value!r}: pass "
                "another --storage to begin a new one."
            )


def _end_interrupted_trials(study: Study, path: Path) -> None:
    from optuna.trial import TrialState

    for trial in study.get_trials(states=[TrialState.RUNNING]):
        owner = Process(*trial.user_attrs[PROCESS]) if PROCESS in trial.user_attrs else None
        if owner is not None and owner != Process.this() and owner.is_alive_here():
            raise LexigymError(
                f"process {owner.number} is at the sweep in {str(path)!r}: wait for it, or pass "
                "another --storage."
            )
        study.tell(trial.number, state=TrialState.FAIL)
