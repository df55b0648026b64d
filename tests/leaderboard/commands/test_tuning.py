"""`lexigym tune`, in this process unless it is killed: what it finds, keeps, writes and refuses."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import psutil
import pytest

import lexigym
from lexigym.leaderboard.command_line import main
from lexigym.leaderboard.experiment import load_experiment
from lexigym.leaderboard.sweeps.sweep import Stream, Sweep, run_trial

optuna = pytest.importorskip("optuna")
sqlalchemy = pytest.importorskip("sqlalchemy")
pytest.importorskip("tomlkit")

# What an aim should be, so that an agent that is judged on another split is found out.
BEST = {"train": 5.0, "validation": 0.7, "test": -5.0}
STEPS = 20


class Target(gymnasium.Env[np.float32, Any]):
    """One action, the better the nearer to the best one of the split."""

    def __init__(self, split: str = "train", scale: float = 1.0) -> None:
        self.best, self.scale = BEST[split], scale
        self.observation_space = gymnasium.spaces.Discrete(1)
        self.action_space = gymnasium.spaces.Box(-9, 9, ())

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: Any) -> Any:
        return 0, -self.scale * (float(action) - self.best) ** 2, True, False, {}

    def oracle_action(self) -> float:
        return self.best


class Aimer:
    """Always does `aim`; every agent that learned is remembered with its steps."""

    learned: ClassVar[list[Aimer]] = []
    before_learning: ClassVar[Callable[[], None]] = staticmethod(lambda: None)

    def __init__(
        self, env: Any, aim: float = 0.0, limit: float = 9.0, seed: int | None = None
    ) -> None:
        self.aim, self.limit, self.seed = aim, limit, seed
        self.num_timesteps = 0

    def predict(self, observation: Any, *_: Any, deterministic: bool = False) -> Any:
        return self.aim, None

    def learn(self, total_timesteps: int, callback: Any = None) -> Aimer:
        self.learned.append(self)
        self.before_learning()
        if self.aim > self.limit:
            raise ValueError(f"{self.aim} is\nout of reach")
        for _ in range(total_timesteps):
            self.num_timesteps += 1
            if callback(self) is False:
                break
        return self


class SelfAware(Aimer):
    """Knows what to search."""

    @classmethod
    def search_space(cls) -> dict[str, str]:
        return {"aim": "-1.0..2.0", "limit": "[8.5, 9.0]"}


lexigym.register_environment("Target-v0", Target)
lexigym.register_agent("aimer", Aimer)
lexigym.register_agent("self-aware", SelfAware)

STUDY = ("Target-v0", "aimer", "--steps", str(STEPS), "--episodes", "2")
AIM = ("--search", "aim=-1.0..2.0")


@pytest.fixture
def tune(capsys, tmp_path, monkeypatch):
    """Run the command in an empty folder, and return what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(Aimer, "learned", [])

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["tune", *arguments]) == code
        out, error = capsys.readouterr()
        if code == 2:
            assert error.startswith("lexigym: error: ")
            assert error.count("\n") == 1
            return error
        return out

    return run


@pytest.fixture(autouse=True)
def _without_waiting_for_the_disk():
    """Leave it to the system when to write, since no test cuts the power."""

    def connected(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", connected)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", connected)


def trials_in(path: str = "runs/tune/Target-v0-aimer.sqlite") -> list[Any]:
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    trials = optuna.load_study(study_name="sweep", storage=storage).get_trials()
    storage.remove_session()
    storage.engine.dispose()
    return trials


def aims(path: str = "runs/tune/Target-v0-aimer.sqlite") -> list[float]:
    """What was tried, without what was interrupted."""
    return [
        trial.params["aim"]
        for trial in trials_in(path)
        if trial.state.name != "FAIL" or "error" in trial.user_attrs
    ]


def test_it_finds_the_best_on_the_validation_split_and_writes_it(tune):
    printed = tune(*STUDY, *AIM, "--trials", "15", "--set", "limit=8", "--env-set", "scale=2.0")
    path = "runs/tune/Target-v0-aimer.toml"
    assert printed.splitlines()[-1] == f"wrote {path}"
    assert "trial 15/15: " in printed
    experiment = load_experiment(path)
    tuned = experiment.agents[-1].hyperparameters
    assert tuned["aim"] == pytest.approx(BEST["validation"], abs=0.1)
    assert tuned["limit"] == 8
    assert f"{-2 * (tuned['aim'] - 0.7) ** 2:.4g} on 2 episodes" in experiment.description
    assert "the best of 15 trials" in experiment.description
    assert "'validation'" in experiment.description
    runs = experiment.runs()
    assert {run.seed for run in runs} == {0, 1, 2, 3, 4}
    assert [run.agent for run in runs[::5]] == ["random", "oracle", "aimer", "aimer, tuned"]
    assert [run.hyperparameters for run in runs[10::5]] == [{"limit": 8}, tuned]
    for run in runs:
        assert run.environment_id == "Target-v0"
        assert run.arguments == {"scale": 2.0}
        assert run.evaluation_arguments == {"scale": 2.0, "split": "test"}
    assert runs[-1].steps == STEPS
    assert runs[-1].agent_name == "aimer"


def test_another_split_to_judge_on(tune):
    options = ("--trials", "10", "--out", "x.toml")
    tune(*STUDY, "--search", "aim=0.0..9.0", "--eval-set", "split=train", *options)
    experiment = load_experiment("x.toml")
    assert experiment.agents[-1].hyperparameters["aim"] == pytest.approx(5, abs=1.5)
    assert experiment.runs()[0].evaluation_arguments == {"split": "test"}
    assert "split='test' would choose" in tune(*STUDY, *AIM, "--eval-set", "split=test", code=2)


def test_an_environment_without_splits_is_judged_as_it_is(tune):
    sized = ("--env-set", "sutton_barto_reward=true", "--eval-set", "sutton_barto_reward=false")
    command = ("CartPole-v1", "dqn", "--search", "batch_size=8..16", *sized)
    tune(*command, "--steps", "30", "--episodes", "1", "--trials", "1", "--out", "x.toml")
    (environment,) = load_experiment("x.toml").environments
    assert environment.arguments == {"sutton_barto_reward": True}
    assert environment.evaluation == {"sutton_barto_reward": False}


def test_what_is_worse_than_most_is_pruned(tune):
    printed = tune(*STUDY, *AIM, "--trials", "12", "--reports", "4")
    states = [trial.state.name for trial in trials_in()]
    assert states[:5] == ["COMPLETE"] * 5
    assert "PRUNED" in states
    for state, agent in zip(states, Aimer.learned, strict=True):
        # The first report is spared, and the second made half-way.
        assert agent.num_timesteps == (STEPS // 2 if state == "PRUNED" else STEPS)
    assert printed.count(": pruned at ") == states.count("PRUNED")


def test_the_defaults_are_tried_first(tune):
    tune(*STUDY, *AIM, "--search", "limit=[8.5, 9.0]", "--trials", "1")
    assert trials_in()[0].params == {"aim": 0.0, "limit": "9.0"}
    # Unless they are outside of what is searched.
    outside = ("--search", "aim=1..2", "--search", "limit=[7.5, 8.5]")
    tune(*STUDY, *outside, "--trials", "1", "--storage", "x.sqlite")
    assert trials_in("x.sqlite")[0].params["aim"] in (1, 2)


def test_one_report_prunes_nothing(tune):
    tune(*STUDY, *AIM, "--trials", "7", "--reports", "1")
    assert {agent.num_timesteps for agent in Aimer.learned} == {STEPS}


def test_the_same_seed_tries_the_same(tune):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        options = ("--storage", f"{name}.sqlite", "--out", f"{name}.toml", "--seed", seed)
        tune(*STUDY, *AIM, "--trials", "6", *options)
    assert aims("a.sqlite") == aims("b.sqlite") != aims("c.sqlite")
    assert Path("a.toml").read_text() == Path("b.toml").read_text()


def test_it_goes_on_and_does_nothing_twice(tune):
    tune(*STUDY, *AIM, "--trials", "13", "--storage", "whole.sqlite", "--out", "whole.toml")
    tune(*STUDY, *AIM, "--trials", "4")
    Aimer.learned.clear()
    assert "found 4 trials in runs/tune/Target-v0-aimer.sqlite" in tune(*STUDY, *AIM, "--trials=13")
    assert len(Aimer.learned) == 9
    assert aims() == aims("whole.sqlite")
    written = Path("runs/tune/Target-v0-aimer.toml").read_text()
    assert written == Path("whole.toml").read_text()
    tune(*STUDY, *AIM, "--trials", "13")
    assert len(Aimer.learned) == 9


def interrupting(at: int, interrupt: Callable[[], None]) -> Any:
    def before_learning() -> None:
        if len(Aimer.learned) == at:
            interrupt()

    return staticmethod(before_learning)


def test_an_interrupt_changes_nothing_of_what_follows(tune, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Aimer, "before_learning", interrupting(4, interrupt))
        tune(*STUDY, *AIM, "--trials", "6", code=130)
    tune(*STUDY, *AIM, "--trials", "6")
    tune(*STUDY, *AIM, "--trials", "6", "--storage", "whole.sqlite")
    assert aims() == aims("whole.sqlite")
    assert len(trials_in()) == 7


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_sweep_is_completed(tune):
    program = f"""
import importlib.util, os, signal, sys
sys.path[:0] = {[path for path in sys.path if path]}
spec = importlib.util.spec_from_file_location("test_tuning", {__file__!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
module.Aimer.before_learning = module.interrupting(4, kill)
module.main({["tune", *STUDY, *AIM, "--trials", "6"]})
"""
    process = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert [trial.state.name for trial in trials_in()] == ["COMPLETE"] * 3 + ["RUNNING"]
    tune(*STUDY, *AIM, "--trials", "6")
    assert trials_in()[3].state.name == "FAIL"
    tune(*STUDY, *AIM, "--trials", "6", "--storage", "whole.sqlite")
    assert aims() == aims("whole.sqlite")


def test_a_sweep_that_another_process_is_at_is_left_alone(tune):
    tune(*STUDY, *AIM, "--trials", "1")
    path = "sqlite:///runs/tune/Target-v0-aimer.sqlite"
    storage = optuna.storages.RDBStorage(path)
    trial = optuna.load_study(study_name="sweep", storage=storage).ask()
    parent = psutil.Process(os.getppid())
    trial.set_user_attr("process", [socket.gethostname(), parent.pid, parent.create_time()])
    storage.remove_session()
    storage.engine.dispose()
    assert f"process {parent.pid} is at the sweep" in tune(*STUDY, *AIM, code=2)
    assert trials_in()[-1].state.name == "RUNNING"


def test_a_failing_trial_is_kept_and_the_others_go_on(tune):
    printed = tune(*STUDY, *AIM, "--trials", "10", "--set", "limit=0.5")
    trials = trials_in()
    failed = [trial for trial in trials if trial.state.name == "FAIL"]
    assert 0 < len(failed) < len(trials) == 10
    for trial in failed:
        assert trial.user_attrs["error"] == f"ValueError: {trial.params['aim']} is out of reach"
        assert "in learn" in trial.user_attrs["traceback"]
    lines = [line for line in printed.splitlines() if ": failed with aim=" in line]
    assert len(lines) == len(failed)
    assert all(line.endswith("is out of reach") for line in lines)
    assert load_experiment("runs/tune/Target-v0-aimer.toml").agents[-1].hyperparameters["aim"] < 0.5


def test_if_all_fail_the_first_reason_is_told(tune):
    error = tune(*STUDY, *AIM, "--trials", "2", "--set", "limit=-2", code=2)
    assert "all 2 trials failed, the first with ValueError: " in error
    assert not list(Path("runs/tune").glob("*.toml"))


def test_time_that_is_up_begins_no_other_trial(tune, monkeypatch):
    clock = iter(range(0, 10_000, 4))
    monkeypatch.setattr("lexigym.leaderboard.sweeps.study.time.monotonic", lambda: next(clock))
    tune(*STUDY, *AIM, "--trials", "9", "--timeout", "8")
    assert len(aims()) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--steps", "21"), "has steps=20, not 21: pass another --storage"),
        (("--seed", "1"), "has seed=0, not 1"),
        (("--set", "limit=8"), "has hyperparameters={}, not {'limit': 8}"),
        (("--search", "limit=8..9"), "has search={'aim': '-1.0..2.0'}, not "),
        (("--env-set", "scale=3"), "has arguments={}, not {'scale': 3}"),
    ],
)
def test_another_sweep_in_the_same_storage_is_refused(tune, change, message):
    tune(*STUDY, *AIM, "--trials", "1")
    assert message in tune(*STUDY, *AIM, *change, code=2)
    assert len(aims()) == 1


@pytest.mark.parametrize("name", ["what?", "a b", "{x}", "50%25", "#1"])
def test_a_storage_of_any_name(tune, name):
    tune(*STUDY, *AIM, "--trials", "1", "--storage", f"{name}.sqlite")
    assert Path(f"{name}.sqlite").read_bytes().startswith(b"SQLite format 3")
    assert "found 1 trials" in tune(*STUDY, *AIM, "--trials", "1", "--storage", f"{name}.sqlite")


def test_a_storage_that_is_none_is_refused(tune):
    Path("x.sqlite").write_text("This is no database, but it is long enough to be taken for one.")
    error = tune(*STUDY, *AIM, "--storage", "x.sqlite", code=2)
    assert "the storage 'x.sqlite' can't be used (" in error
    assert Path("x.sqlite").read_text().startswith("This is no database")


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (["aim"], "'aim' is not of the form NAME=SPEC"),
        (["=0..1"], "'=0..1' is not of the form NAME=SPEC"),
        (["aim=0.5"], "aim=0.5 is neither a range such as 1e-5..1e-2 nor a list"),
        (["aim=a..b"], "the bounds of aim=a..b must be numbers"),
        (["aim=0.."], "the bounds of aim=0.. must be numbers"),
        (["aim=0..inf"], "the bounds of aim=0..inf must be finite"),
        (["aim=2..1"], "the range aim=2..1 is empty"),
        (["aim=[]"], "the list aim=[] is empty"),
        (["aim=[1, 2"], "the choices aim=[1, 2 are no list of plain TOML values"),
        (["aim=[2001-01-01]"], "are no list of plain TOML values"),
        (["aim=[1]\nb = 2"], "are no list of plain TOML values"),
        (["aim=0..1", "aim=0..2"], "names aim twice, as 0..1 and 0..2"),
        (["amm=0..1"], "did you mean 'aim'?"),
        (["seed=0..9"], "use --seed"),
    ],
)
def test_a_wrong_search_is_one_line(tune, search, message):
    options = [part for each in search for part in ("--search", each)]
    assert message in tune(*STUDY, *options, code=2)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Targt-v0", "aimer", *AIM), "did you mean 'Target-v0'"),
        (("Target-v0", "aimr", *AIM), "did you mean 'aimer'"),
        (("Target-v0", "aimer", *AIM, "--set", "aim=1"), "aim is both in --set and in --search"),
        (("Target-v0", "aimer", *AIM, "--set", "seed=1"), "use --seed"),
        (("Target-v0", "aimer", *AIM, "--eval-set", "scal=1"), "did you mean 'scale'"),
        (("Target-v0", "aimer"), "nothing is known to search for the agent 'aimer'"),
        (("CartPole-v1", "random"), "nothing is known to search for the agent 'random'"),
    ],
)
def test_other_wrong_arguments_are_one_line(tune, arguments, message):
    assert message in tune(*arguments, code=2)


@pytest.mark.parametrize("package", ["optuna", "tomlkit"])
def test_a_missing_package_names_the_extra(tune, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    message = tune(*STUDY, *AIM, code=2)
    assert f"tune needs {package} (" in message
    assert "pip install 'lexigym[tune]'" in message


def test_choices_may_be_any_plain_value(tune):
    lists = ("--search", "net_arch=[[8], [16, 16]]", "--search", 'memory=["auto", "transitions"]')
    tune("GridRobot-v0", "dqn", *lists, "--steps", "9", "--trials", "2", "--out", "x.toml")
    tuned = load_experiment("x.toml").agents[-1].hyperparameters
    assert tuned["net_arch"] in ([8], [16, 16])
    assert tuned["memory"] in ("auto", "transitions")


def test_an_agent_may_say_what_to_search(tune):
    tune("Target-v0", "self-aware", "--steps", "5", "--trials", "3", "--out", "x.toml")
    assert load_experiment("x.toml").agents[-1].hyperparameters.keys() == {"aim", "limit"}


@pytest.mark.parametrize("agent", ["dqn", "sb3/dqn"])
def test_agents_of_the_suite_are_tuned_and_pruned(tune, agent):
    options = ("--steps", "60", "--episodes", "1", "--trials", "3", "--seeds", "2")
    printed = tune(
        *("GridRobot-v0", agent, "--env-set", "size=4", "--num-envs", "2"),
        *("--set", "batch_size=4", "--set", "learning_starts=20", *options),
    )
    assert "failed" not in printed.partition("wrote")[0]
    (path,) = Path("runs/tune").glob("*.toml")
    assert load_experiment(str(path)).agents[-1].hyperparameters["batch_size"] == 4
    sweep = sweep_of(environment="GridRobot-v0", agent=agent, steps=60)
    with gymnasium.make("GridRobot-v0") as env:
        assert run_trial(sweep, {"learning_starts": 20}, env, lambda index, _: index < 1) is None


def sweep_of(**changes: Any) -> Sweep:
    values: dict[str, Any] = {
        "environment": "Target-v0",
        "arguments": {},
        "evaluation": {},
        "agent": "aimer",
        "hyperparameters": {},
        "search": {"aim": "0.0..1.0"},
        "steps": STEPS,
        "num_envs": 1,
        "seeds": 1,
        "episodes": 1,
        "reports": 4,
        "seed": 0,
    }
    return Sweep(**values | changes)


def test_a_trial_is_the_mean_over_agents_of_different_seeds(monkeypatch):
    monkeypatch.setattr(Aimer, "learned", [])
    reports: list[tuple[int, float]] = []

    def report(index: int, mean_return: float) -> bool:
        reports.append((index, mean_return))
        return True

    sweep = sweep_of(seeds=3)
    assert run_trial(sweep, {"aim": 2.0}, Target(), report) == -9
    assert reports == [(index, -9) for index in range(12)]
    seeds = [agent.seed for agent in Aimer.learned]
    assert seeds == [sweep.derived_seed(Stream.AGENT, index) for index in range(3)]
    assert len(set(seeds)) == 3
    # The last report of one agent may spare the others, that of the last agent nothing.
    assert run_trial(sweep, {"aim": 2.0}, Target(), lambda index, _: index != 3) is None
    assert run_trial(sweep, {"aim": 2.0}, Target(), lambda index, _: index != 11) == -9
    assert len(Aimer.learned) == 3 + 1 + 3
