"""`lexigym tune`: a sweep over hyperparameters, from the command to the file that `bench` takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ...registry.agents import find_agent
from ...registry.arguments import keyword_arguments
from ...registry.environments import ENVIRONMENTS, find_spec, make_environment
from ...registry.errors import InvalidArgumentError, LexigymError
from ...registry.names import path_inside
from ...registry.requirements import require
from ..sweeps.search_space import default_specs, drawn_hyperparameters, parse_search, search_space
from ..sweeps.study import ERROR, finished_trials, open_study, run_trials
from ..sweeps.sweep import Sweep
from ..sweeps.tuned_experiment import tuned_experiment, write_experiment
from ..terminal import Terminal

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

FOLDER = Path("runs") / "tune"
TRIALS_SHOWN = 5


def tune(arguments: argparse.Namespace) -> None:
    """Search for the hyperparameters of the highest mean return, and write an experiment of them.

    Trials that an earlier call has finished in the same storage count, so that an interrupted sweep
    goes on where it stopped.

    Raises:
        MissingDependencyError: If Optuna or tomlkit is not installed.
        InvalidArgumentError: If an argument is refused, or the storage holds another sweep.
        LexigymError: If no trial could be carried through.
    """
    # Now rather than after hours of learning, as all that may be missing or refused.
    for package in ("optuna", "tomlkit"):
        require(package, "tune", "lexigym[tune]")
    console = Terminal(highlight=False)
    sweep = _sweep(arguments)
    space = search_space(sweep.search)
    out, storage = _path(arguments, "out", ".toml"), _path(arguments, "storage", ".sqlite")
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        make_environment(sweep.environment, **sweep.evaluation) as env,
        open_study(storage, sweep) as study,
    ):
        found = len(finished_trials(study))
        if found:
            console.print(f"found {found} trials in {storage}", markup=False, soft_wrap=True)
        trials = run_trials(study, sweep, space, env, arguments.trials, arguments.timeout)
        for number, trial in enumerate(trials, found + 1):
            line = f"trial {number}/{arguments.trials}: {_describe(trial, space)}"
            console.print(line, markup=False, soft_wrap=True)
        finished = finished_trials(study)
    ranking = _ranking(finished)
    console.print(_table(ranking[:TRIALS_SHOWN], space))
    best = drawn_hyperparameters(ranking[0].params, space)
    description = _description(finished, ranking[0], sweep)
    write_experiment(out, tuned_experiment(sweep, best, description))
    console.print(f"wrote {out}", markup=False, soft_wrap=True)


def _sweep(arguments: argparse.Namespace) -> Sweep:
    fixed, specs = dict(arguments.set), parse_search(arguments.search)
    for name in fixed.keys() & specs.keys():
        raise InvalidArgumentError(f"{name} is both in --set and in --search: drop one.")
    if "seed" in fixed | specs:
        raise InvalidArgumentError(
            "the seed is no hyperparameter to set or to search: use --seed, and --seeds."
        )
    if not specs:
        defaults = default_specs(find_agent(arguments.agent, fixed))
        specs = {name: spec for name, spec in defaults.items() if name not in fixed}
    find_agent(arguments.agent, fixed | specs)
    if not specs:
        raise InvalidArgumentError(
            f"nothing is known to search for the agent {arguments.agent!r}: say what, as in "
            "--search learning_rate=1e-5..1e-2."
        )
    environment_arguments = dict(arguments.env_set)
    return Sweep(
        environment=arguments.environment,
        arguments=environment_arguments,
        evaluation=environment_arguments | _evaluation(arguments),
        agent=arguments.agent,
        hyperparameters=fixed,
        search=specs,
        steps=arguments.steps,
        num_envs=arguments.num_envs,
        seeds=arguments.seeds,
        episodes=arguments.episodes,
        reports=arguments.reports,
        seed=arguments.seed,
    )


def _evaluation(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of the environment in which trials are judged, on top of its others."""
    evaluation = dict(arguments.eval_set)
    if evaluation.get("split") == "test":
        raise InvalidArgumentError(
            "--eval-set split='test' would choose by what the choice is to be tested on: leave it "
            "out, and the split 'validation' is taken."
        )
    entry = ENVIRONMENTS.entry_of(find_spec(arguments.environment))
    if "split" in (keyword_arguments(ENVIRONMENTS.load(entry)) or ()):
        return {"split": "validation"} | evaluation
    return evaluation


def _path(arguments: argparse.Namespace, option: str, suffix: str) -> Path:
    given = getattr(arguments, option)
    if given is not None:
        return Path(given)
    environment = find_spec(arguments.environment).id
    return path_inside(FOLDER, f"{environment}-{arguments.agent}{suffix}")


def _ranking(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials that were carried through, the best first."""
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    if not complete:
        raise LexigymError(
            f"all {len(trials)} trials failed, the first with {trials[0].user_attrs[ERROR]}: mend "
            "that, or search elsewhere with another --storage."
        )
    return sorted(complete, key=lambda trial: trial.value or 0.0, reverse=True)


def _describe(trial: FrozenTrial, space: dict[str, BaseDistribution]) -> str:
    drawn = drawn_hyperparameters(trial.params, space)
    settings = ", ".join(f"{name}={_written(value)}" for name, value in drawn.items())
    match trial.state.name:
        case "FAIL":
            return f"failed with {settings}: {trial.user_attrs[ERROR]}"
        case "PRUNED":
            return f"pruned at {trial.value:.4g} with {settings}"
    return f"mean return {trial.value:.4g} with {settings}"


def _description(trials: list[FrozenTrial], best: FrozenTrial, sweep: Sweep) -> str:
    states = [trial.state.name for trial in trials]
    split = f" of the split {sweep.evaluation['split']!r}" if "split" in sweep.evaluation else ""
    return (
        f"{sweep.agent} as it is and as `lexigym tune` has found it: the best of {len(trials)} "
        f"trials ({states.count('PRUNED')} pruned, {states.count('FAIL')} failed), each of "
        f"{sweep.steps} steps under {sweep.seeds} seed{'s' * (sweep.seeds > 1)}, root seed "
        f"{sweep.seed}; its mean return was {best.value:.4g} on {sweep.episodes} episodes{split}."
    )


def _table(trials: list[FrozenTrial], space: dict[str, BaseDistribution]) -> Table:
    # A column for each trial, since names are longer than values.
    table = Table(title="best trials", title_justify="left")
    table.add_column()
    for rank in range(1, len(trials) + 1):
        table.add_column(str(rank), justify="right")
    table.add_row("mean return", *(_written(trial.value) for trial in trials), end_section=True)
    drawn = [drawn_hyperparameters(trial.params, space) for trial in trials]
    for name in space:
        table.add_row(name, *(Text(_written(each[name])) for each in drawn))
    return table


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
