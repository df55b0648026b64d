import copy

import pytest

import lexigym  # noqa: F401, registers the ids
from lexigym.leaderboard.experiment import load_experiment, parse_experiment, suites
from lexigym.registry.environments import find_spec
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError

SUITE = {
    "seeds": [0, 3],
    "agents": [
        {"name": "random"},
        {"name": "deep", "agent": "dqn", "hyperparameters": {"gamma": 0.9, "batch_size": 8}},
    ],
    "environments": [
        {"id": "CartPole-v1", "steps": 10},
        {
            "id": "CartPole-v1",
            "name": "long",
            "steps": 20,
            "num_envs": 2,
            "arguments": {"sutton_barto_reward": False},
            "evaluation": {"sutton_barto_reward": True},
            "hyperparameters": {"deep": {"gamma": 0.5}},
        },
    ],
}
BASE = """
seeds = [0, 1]
evaluation_episodes = 9
hyperparameters.dqn = { gamma = 0.9 }
[[agents]]
name = "dqn"
[[agents]]
name = "deep"
agent = "dqn"
[[environments]]
id = "CartPole-v1"
steps = 10
num_envs = 2
"""
CHANGES = """
base = "first.toml"
seeds = [7]
hyperparameters."sb3/dqn" = { gamma = 0.5 }
[[agents]]
name = "deep"
hyperparameters = { batch_size = 8 }
[[agents]]
name = "sb3/dqn"
[[environments]]
id = "CartPole-v1"
steps = 20
[[environments]]
name = "long"
id = "CartPole-v1"
steps = 30
"""


def test_a_suite_may_be_another_with_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.toml").write_text(BASE)
    (tmp_path / "second.toml").write_text(CHANGES)
    experiment = load_experiment("second.toml")
    assert (experiment.name, experiment.seeds, experiment.evaluation_episodes) == (
        "second",
        (7,),
        9,
    )
    assert [
        (run.agent, run.agent_name, run.environment, run.steps, run.num_envs, run.hyperparameters)
        for run in experiment.runs()
        if run.agent not in ("random", "oracle")
    ] == [
        (agent, kind, environment, steps, num_envs, hyperparameters)
        for agent, kind, hyperparameters in (
            ("dqn", "dqn", {"gamma": 0.9}),
            ("deep", "dqn", {"gamma": 0.9, "batch_size": 8}),
            ("sb3/dqn", "sb3/dqn", {"gamma": 0.5}),
        )
        for environment, steps, num_envs in (("CartPole-v1", 20, 2), ("long", 30, 1))
    ]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ('base = "first.tml"', UnknownNameError, "no suite or file is named 'first.tml'"),
        ("base = 3", UnknownNameError, "no suite or file is named 3"),
        ('base = "first.toml"\nseed = 3', InvalidArgumentError, "did you mean 'seeds'"),
        ('base = "first.toml"\nagents = 3', InvalidArgumentError, r"as \[\[agents\]\]"),
    ],
)
def test_a_suite_that_changes_another_is_checked(changes, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.toml").write_text(BASE)
    (tmp_path / "second.toml").write_text(changes)
    with pytest.raises(error, match=message):
        load_experiment("second.toml")


ENVIRONMENT = {"id": "CartPole-v1", "steps": 10}


def changed(**changes):
    return copy.deepcopy(SUITE) | changes


@pytest.mark.parametrize("name", suites())
def test_the_suites_that_ship_are_valid(name):
    experiment = load_experiment(name)
    # Random play and the oracle are among the agents.
    runs = experiment.runs()
    assert experiment.name == name
    columns = [len(each.environments or experiment.environments) for each in experiment.agents]
    assert len(runs) == sum(columns) * len(experiment.seeds)
    for run in runs:
        find_spec(run.environment_id)


def test_runs_are_the_product_and_the_references_learn_nothing():
    runs = parse_experiment("suite", SUITE).runs()
    assert [(run.agent, run.environment, run.seed, run.steps) for run in runs] == [
        (agent, environment, seed, 0 if agent != "deep" else steps)
        for agent in ("random", "oracle", "deep")
        for environment, steps in (("CartPole-v1", 10), ("long", 20))
        for seed in (0, 3)
    ]


def test_the_more_specific_setting_wins():
    short, long = (
        run
        for run in parse_experiment("suite", SUITE).runs()
        if run.agent == "deep"
        if not run.seed
    )
    assert short.agent_name == "dqn"
    assert short.hyperparameters == {"gamma": 0.9, "batch_size": 8}
    assert long.hyperparameters == {"gamma": 0.5, "batch_size": 8}
    assert long.arguments == {"sutton_barto_reward": False}
    assert long.evaluation_arguments == {"sutton_barto_reward": True}


def test_an_agent_may_be_left_out_of_an_environment():
    agents = [{"name": "dqn"}, {"name": "deep", "agent": "dqn", "environments": ["long"]}]
    runs = parse_experiment("suite", changed(agents=agents)).runs()
    assert {run.environment for run in runs if run.agent == "deep"} == {"long"}
    assert {run.environment for run in runs if run.agent == "dqn"} == {"CartPole-v1", "long"}


def test_an_environment_may_say_how_many_episodes_judge():
    environments = [ENVIRONMENT, ENVIRONMENT | {"name": "whole", "evaluation_episodes": "all"}]
    suite = changed(environments=environments, evaluation_episodes=7, curve_points=3)
    suite["agents"][1]["hyperparameters"] = {}
    runs = parse_experiment("suite", suite).runs()
    assert {(run.environment, run.evaluation_episodes) for run in runs} == {
        ("CartPole-v1", 7),
        ("whole", None),
    }
    # What learns nothing has no curve.
    assert {(run.agent, run.curve_points) for run in runs} == {
        ("random", 0),
        ("oracle", 0),
        ("deep", 3),
    }


def test_hyperparameters_of_an_agent_are_shared_by_its_rows():
    agents = [{"name": "dqn"}, {"name": "deep", "agent": "dqn", "hyperparameters": {"gamma": 0.9}}]
    suite = changed(agents=agents, hyperparameters={"dqn": {"gamma": 0.7, "batch_size": 16}})
    assert {
        (run.agent, run.environment): run.hyperparameters
        for run in parse_experiment("suite", suite).runs()
        if run.agent in ("dqn", "deep")
    } == {
        ("dqn", "CartPole-v1"): {"gamma": 0.7, "batch_size": 16},
        ("dqn", "long"): {"gamma": 0.7, "batch_size": 16},
        ("deep", "CartPole-v1"): {"gamma": 0.9, "batch_size": 16},
        ("deep", "long"): {"gamma": 0.5, "batch_size": 16},
    }


@pytest.mark.parametrize(
    ("suite", "error", "message"),
    [
        (changed(seed=[1]), InvalidArgumentError, "unknown key 'seed': did you mean 'seeds'"),
        (changed(seeds=[0, 1, 0]), InvalidArgumentError, "the seed 0 appears twice"),
        (changed(seeds=[]), InvalidArgumentError, "seeds must be a list"),
        (changed(hyperparameters={"dpn": {}}), UnknownNameError, "did you mean 'dqn'"),
        (changed(hyperparameters={"random": {}}), UnknownNameError, "'random', which is none"),
        (changed(hyperparameters={"dqn": 3}), InvalidArgumentError, "must be a table"),
        (changed(seeds=[-1]), InvalidArgumentError, "seeds must be a list"),
        (changed(seeds=[True]), InvalidArgumentError, "seeds must be a list"),
        (changed(seeds=3), InvalidArgumentError, "seeds must be a list"),
        (changed(agents={}), InvalidArgumentError, r"\[\[agents\]\]"),
        (changed(environments=[]), InvalidArgumentError, r"\[\[environments\]\]"),
        (changed(evaluation_episodes=0), InvalidArgumentError, "evaluation_episodes.*at least 1"),
        (changed(evaluation_episodes="9"), InvalidArgumentError, "or 'all', got '9'"),
        (changed(curve_points=-1), InvalidArgumentError, "curve_points must be at least 0, got -1"),
        (changed(curve_episodes=0), InvalidArgumentError, "curve_episodes must be at least 1"),
        (changed(agents=[{"name": "dnq"}]), UnknownNameError, "did you mean 'dqn'"),
        (
            changed(agents=[{"name": "dqn", "environments": ["lon"]}]),
            UnknownNameError,
            "to be run on 'lon', which is none .* did you mean 'long'",
        ),
        (
            changed(agents=[{"name": "dqn", "environments": "long"}]),
            InvalidArgumentError,
            "of type list, got 'long'",
        ),
        (
            changed(agents=[{"name": "random", "environments": ["long"]}]),
            InvalidArgumentError,
            "leave it out somewhere",
        ),
        (changed(agents=[{"agent": "dqn"}]), InvalidArgumentError, "an agent has no name"),
        (
            changed(agents=[{"name": "dqn"}, {"name": "dqn"}]),
            InvalidArgumentError,
            "the agent 'dqn' appears twice",
        ),
        (
            changed(agents=[{"name": "random", "hyperparameters": {"x": 1}}]),
            InvalidArgumentError,
            "set the scale",
        ),
        (
            changed(agents=[{"name": "dqn", "hyperparameters": {"seed": 1}}]),
            InvalidArgumentError,
            "list it in seeds",
        ),
        (
            changed(agents=[{"name": "oracle", "agent": "dqn"}]),
            InvalidArgumentError,
            "set the scale",
        ),
        (
            changed(environments=[{"id": "CartPol-v1", "steps": 1}]),
            UnknownNameError,
            "did you mean 'CartPole-v1'",
        ),
        (changed(environments=[{"id": "CartPole-v1"}]), InvalidArgumentError, "has no steps"),
        (
            changed(environments=[ENVIRONMENT, ENVIRONMENT]),
            InvalidArgumentError,
            "the environment 'CartPole-v1' appears twice",
        ),
        (
            changed(environments=[ENVIRONMENT | {"step": 1}]),
            InvalidArgumentError,
            "unknown key 'step': did you mean 'steps'",
        ),
        (
            changed(environments=[ENVIRONMENT | {"steps": True}]),
            InvalidArgumentError,
            "of type int, got True",
        ),
        (
            changed(environments=[ENVIRONMENT | {"hyperparameters": {"dep": {}}}]),
            UnknownNameError,
            "did you mean 'deep'",
        ),
        (
            changed(environments=[ENVIRONMENT | {"hyperparameters": {"deep": 3}}]),
            InvalidArgumentError,
            "table",
        ),
    ],
)
def test_a_mistake_is_named(suite, error, message):
    with pytest.raises(error, match=message):
        parse_experiment("suite", suite)


def test_an_error_names_the_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("seeds = [0")
    with pytest.raises(InvalidArgumentError, match=r"mine\.toml' is not valid TOML"):
        load_experiment(str(path))
    path.write_text("seeds = [0]")
    with pytest.raises(InvalidArgumentError, match=r"in the suite .*mine\.toml'"):
        load_experiment(str(path))
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        load_experiment("quikc")
