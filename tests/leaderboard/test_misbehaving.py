"""Environments and agents that go wrong: each run has its line, and the runs beside it go on."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import multiprocessing
import re
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import psutil
import pytest

import lexigym
from lexigym.leaderboard.command_line import main
from lexigym.leaderboard.execution import execute
from lexigym.leaderboard.experiment import parse_experiment
from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.workers import execute_all
from lexigym.registry.errors import InvalidArgumentError
from lexigym.registry.tables import AGENTS as REGISTERED

HERE = Path(__file__).parent
MODULE = "misbehaving.environments"
MARK = "LEXIGYM_MISBEHAVING"
RUN = Run(
    environment="sound",
    environment_id=f"{MODULE}:Sound-v0",
    arguments={},
    evaluation_arguments={},
    agent="random",
    agent_name="random",
    hyperparameters={},
    seed=0,
    steps=0,
    num_envs=1,
    evaluation_episodes=4,
    evaluation_seed=0,
)
LEARNING = dataclasses.replace(RUN, agent_name="misbehaving/Calm", steps=8, num_envs=2)

UNKNOWN = "(of the environment '{id}' or the agent 'random')"
IT = "EnvironmentFaultError: the environment '{id}' "
FINITE = "rewards must be finite numbers: mend its reward, or wrap it to replace the value."
PAID = IT + "paid a reward of {} in step 2: " + FINITE
SHOWED = IT + "returned an observation that {}: it must be of the space."
FIVE = "the five (observation, reward, terminated, truncated, info) are due."

# What a random agent's run on an environment says.
ENVIRONMENTS = {
    "RaisesInInit": "RuntimeError: not today, nor tomorrow",
    "RaisesInReset": "ValueError: no beginning",
    "RaisesInStep": "KeyError: 'reward'",
    "RaisesInClose": "OSError: it sticks",
    "SaysNothing": f"AssertionError {UNKNOWN}",
    "LosesAProcess": f"EOFError {UNKNOWN}",
    "SaysTooMuch": ("ValueError: " + "word " * 1_000)[:1_000] + "...",
    "Exits": "SystemExit: 3",
    "Panics": "BaseException: index out of bounds",
    "PaysNaN": PAID.replace("{}", "nan"),
    "PaysInfinity": PAID.replace("{}", "-inf"),
    "PaysNone": PAID.replace("{}", "None"),
    "PaysText": PAID.replace("{}", "'1.0'"),
    "ShowsFloat64": SHOWED.replace("{}", "has dtype float64 instead of float32 in reset"),
    "ShowsThree": SHOWED.replace("{}", "has shape (3,) instead of (2,) in reset"),
    "ShowsAList": SHOWED.replace(
        "{}", "is [0.0, 0.0] of type list, which is not in Box(0.0, 1.0, (2,), float32) in reset"
    ),
    "ShowsNaN": SHOWED.replace("{}", "holds nan at (1,), which is not in [0.0, 1.0] in reset"),
    "LeavesItsSpace": SHOWED.replace(
        "{}", "holds 2.0 at (1,), which is not in [0.0, 1.0] in step 2"
    ),
    "LacksAPart": SHOWED.replace("{}", "has the parts ['a'] instead of ['a', 'b'] in step 1"),
    "ReturnsFour": f"{IT}returned 4 values in step 1: {FIVE}",
    "ReturnsNone": f"{IT}returned None of type NoneType in step 1: {FIVE}",
    "ResetsAsOfOld": f"{IT}returned array([0., 0.], dtype=float32) of type ndarray in reset: the "
    "pair (observation, info) is due.",
    "EndsInNone": f"{IT}returned terminated=False, truncated=None in step 1: both must be True or "
    "False.",
    "InformsByList": f"{IT}returned an info of type list in reset: a dict is due.",
    "MasksTooFew": f"{IT}gave an action mask of shape (2,) in reset: it must have shape (3,), an "
    "entry for each action.",
    "ForbidsAll": f"{IT}gave an action mask that allows nothing in step 1: one action must be "
    "legal.",
}
VECTOR = "EnvironmentFaultError: the vector of 2 environments '{id}' "
VECTORS = {
    "LosesAWorkerWhenMade": f"{IT}lost its worker 'Worker<LosesAWorkerWhenMade>-1', which was "
    "killed by SIGKILL.",
    "LosesAWorker": f"{IT}lost its worker 'Worker<LosesAWorker>-1', which was killed by SIGKILL.",
    "VectorPaysNaN": f"{VECTOR}paid a reward of nan in step 1 of environment 1: {FINITE}",
    "VectorPaysNothing": f"{VECTOR}paid rewards of shape () in step 1: they must have shape (2,).",
    "VectorPaysObjects": f"{VECTOR}paid rewards of array([None, None], dtype=object) in step 1: "
    + FINITE,
    "VectorShowsFloat64": f"{VECTOR}returned a batch of observations in reset that has dtype "
    "float64 instead of float32: it must be of the space.",
    "VectorLeavesItsSpace": f"{VECTOR}returned a batch of observations in step 2 that holds 2.5 at "
    "(0, 0), which is not in [0.0, 1.0]: it must be of the space.",
    "VectorReturnsFour": f"{VECTOR}returned 4 values in step 1: the five (observations, rewards, "
    "terminations, truncations, infos) are due.",
    "VectorResetsAsOfOld": f"{VECTOR}returned array([[0., 0.], [0., 0.]], dtype=float32) of type "
    "ndarray in reset: (observations, infos) are due.",
    "VectorEndsInOnes": f"{VECTOR}returned terminations of shape (2,) and dtype int64 in step 1: "
    "they must be 2 times True or False.",
    "VectorInformsByList": f"{VECTOR}returned infos of type list in step 1: a dict is due.",
    "VectorMasksOne": f"{VECTOR}gave action masks of shape (1, 3) in step 1: they must have shape "
    "(2, 3).",
    "VectorForbidsAll": f"{VECTOR}gave an action mask that allows nothing in step 1 of environment "
    "1: one action must be legal.",
    # Of single environments, of which the first to step is at fault.
    "PaysNaN": PAID.replace("{}", "nan"),
    "ShowsFloat64": ENVIRONMENTS["ShowsFloat64"],
    "ReturnsFour": ENVIRONMENTS["ReturnsFour"],
}
CHOSE = "AgentFaultError: the agent '{}' chose {}, which is no action of Discrete(3)."
# What an agent's run on the sound environment says; None if that is well.
AGENTS = {
    "Calm": None,
    "NumpyInt": None,
    "Forbidden": None,
    "Float": CHOSE.format("Float", "1.0 of type float"),
    "FloatArray": CHOSE.format("FloatArray", "array(1., dtype=float32) of type ndarray"),
    "Batch": CHOSE.format("Batch", "array([1]) of type ndarray"),
    "Nothing": CHOSE.format("Nothing", "None of type NoneType"),
    "Text": CHOSE.format("Text", "'1' of type str"),
    "TooLarge": CHOSE.format("TooLarge", "3 of type int"),
    "Negative": CHOSE.format("Negative", "array(-1) of type ndarray"),
    "NoPair": "AgentFaultError: the agent 'NoPair' answered 1: predict must return a pair of the "
    "action and the next state.",
    "Unwilling": "RuntimeError: it doesn't want to be",
}
# What only another process survives, as a regular expression.
LATE = r"it took longer than its 4 s \(timeout\): "
PROCESSES = {
    "Interrupts": re.escape(f"KeyboardInterrupt {UNKNOWN}").replace(r"\{id\}", MODULE + ".*"),
    "Vanishes": "its process ended itself with exit code 3, twice: at step 1 of an episode",
    "IsKilled": "its process was killed by SIGKILL, twice: in a reset",
    "Hangs": LATE + "at step 2 of an episode",
    "HoldsTheInterpreter": LATE + "in a reset",
    "NeverEnds": LATE + r"at step \d[\d,]+ of an episode",
}


def on(environment: str, run: Run = RUN) -> Run:
    return dataclasses.replace(
        run, environment=environment, environment_id=f"{MODULE}:{environment}-v0"
    )


def by(agent: str, run: Run = RUN) -> Run:
    return dataclasses.replace(run, agent=agent, agent_name=f"misbehaving/{agent}")


@pytest.fixture(scope="module", autouse=True)
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let this process, and those that it spawns, find the environments and agents."""
    site = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        patch.syspath_prepend(str(site))
        agents = importlib.import_module("misbehaving.agents")
        names = [
            name
            for name, kind in inspect.getmembers(agents, inspect.isclass)
            if kind.__module__ == agents.__name__
        ]
        metadata = site / "misbehaving-0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Name: misbehaving\nVersion: 0\n")
        lines = [f"misbehaving/{name} = {agents.__name__}:{name}" for name in names]
        (metadata / "entry_points.txt").write_text("\n".join(["[lexigym.agents]", *lines]))
        # This process may have looked for what is installed before.
        for name in names:
            lexigym.register_agent(f"misbehaving/{name}", f"{agents.__name__}:{name}")
        known = set(gymnasium.registry)
        yield
        for name in names:
            del REGISTERED._entries[f"misbehaving/{name}"]
        for name in set(gymnasium.registry) - known:
            del gymnasium.registry[name]
        for name in [name for name in sys.modules if name.startswith("misbehaving")]:
            del sys.modules[name]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_that_goes_wrong_fails_its_run_with_a_line(name: str) -> None:
    result = execute(on(name))
    assert result.error == ENVIRONMENTS[name].replace("{id}", result.run.environment_id)
    assert result.returns == ()
    assert "Traceback" in (result.traceback or "")


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_that_goes_wrong_fails_its_run_with_a_line(name: str) -> None:
    others = set(multiprocessing.active_children())
    result = execute(on(name, LEARNING))
    assert result.error == VECTORS[name].replace("{id}", result.run.environment_id)
    for left in set(multiprocessing.active_children()) - others:
        # One that was killed may be about to end.
        left.join(10)
        assert not left.is_alive()


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_that_goes_wrong_fails_its_run_with_a_line(name: str) -> None:
    assert execute(by(name)).error == AGENTS[name]


class Watcher:
    def __init__(self) -> None:
        self.results: dict[int, Result] = {}

    def started(self, index: int) -> None:
        pass

    def stepped(self, index: int, steps: int) -> None:
        assert steps >= 0

    def finished(self, index: int, result: Result) -> None:
        self.results[index] = result


def timeout(run: Run) -> float:
    slow = ("Hangs", "HoldsTheInterpreter", "NeverEnds", "WaitsForAWorker", "Sleepy")
    return 4.0 if {run.environment, run.agent} & {*slow} else 300.0


def marked(mark: str) -> list[psutil.Process]:
    """The processes that inherited a mark, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            # Python's own tracker of resources stays as long as this process.
            tracks = "resource_tracker" in " ".join(process.cmdline())
            if process.environ().get(MARK) == mark and not tracks:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_that_take_their_process_along_harm_no_other(
    jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    expected = PROCESSES if jobs == 2 else {name: PROCESSES[name] for name in ("Vanishes", "Hangs")}
    faulty = [on(name) for name in expected]
    lines = list(expected.values())
    if jobs == 2:
        faulty += [on("PaysNaN"), by("Sleepy", LEARNING), on("WaitsForAWorker", LEARNING)]
        lines += [
            re.escape(ENVIRONMENTS["PaysNaN"].replace("{id}", on("PaysNaN").environment_id)),
            LATE + "2 of 8 steps learned",
            LATE + "0 of 8 steps learned",
        ]
    sound = [dataclasses.replace(RUN, seed=seed) for seed in range(len(faulty))]
    # One well, one not, and so on.
    runs = [run for pair in zip(sound, faulty, strict=True) for run in pair]
    watcher = Watcher()
    assert execute_all(runs, jobs, watcher, lambda _: True, timeout=timeout) == {*range(len(runs))}
    results = watcher.results
    assert sorted(results) == list(range(len(runs)))
    for index, line in enumerate(lines):
        assert re.fullmatch(line, results[2 * index + 1].error or "")
        alone = execute(sound[index])
        assert (results[2 * index].error, results[2 * index].returns) == (None, alone.returns)
    until = time.monotonic() + 10
    while (left := marked(mark)) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []


SUITE = f"""
seeds = [0]
evaluation_episodes = 2
timeout = 0.5
[[agents]]
name = "random"
[[environments]]
id = "{MODULE}:Dawdles-v0"
steps = 1
"""


def suite(**changes: Any) -> dict[str, Any]:
    environment = {"id": "CartPole-v1", "steps": 10}
    environments = [environment | {"name": "quick", "timeout": 0.5}, environment]
    return {"seeds": [0], "agents": [{"name": "dqn"}], "environments": environments} | changes


def test_a_limit_is_that_of_the_environment_or_of_the_suite() -> None:
    for limit in (None, 600):
        experiment = parse_experiment("mine", suite() if limit is None else suite(timeout=limit))
        limits = {run.environment: experiment.timeout_of(run) for run in experiment.runs()}
        assert limits == {"quick": 0.5, "CartPole-v1": limit}


def test_a_limit_is_no_part_of_what_a_run_is() -> None:
    keys = [
        [run.key for run in parse_experiment("mine", table).runs()]
        for table in (suite(), suite(timeout=3))
    ]
    assert keys[0] == keys[1]
    # So it was before there were limits.
    assert keys[0][-1].startswith("abd817e81764")


@pytest.mark.parametrize("limit", [0, -1, True, "600", float("nan"), float("inf")])
def test_a_limit_is_a_number_of_seconds(limit: Any) -> None:
    environment = {"id": "CartPole-v1", "steps": 10, "timeout": limit}
    for table in (suite(timeout=limit), suite(environments=[environment])):
        with pytest.raises(InvalidArgumentError, match=r"timeout must be a number of seconds"):
            parse_experiment("mine", table)


@pytest.mark.slow
def test_a_suite_limits_the_time_of_its_runs_and_the_command_sets_another_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "suite.toml").write_text(SUITE)
    assert main(["bench", "suite.toml", "--jobs", "2"]) == 1
    printed = capfd.readouterr().out
    for agent in ("random", "oracle"):
        line = f"{agent} on {MODULE}:Dawdles-v0, seeds 0: it took longer than its 0.5 s (timeout)"
        assert f"failed: {line}\n" in printed
    # They are the same runs as before, which are tried again.
    assert main(["bench", "suite.toml", "--jobs", "2", "--timeout", "300"]) == 0
    assert main(["bench", "suite.toml", "--jobs", "2"]) == 0
    assert "2 of them found" in capfd.readouterr().out
