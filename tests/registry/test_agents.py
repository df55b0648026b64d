import json
import zipfile

import gymnasium
import pytest

import lexigym
from lexigym.registry.agents import known_hyperparameters
from lexigym.registry.checkpoint import environment_of, read_config
from lexigym.registry.environments import make_vector_environment
from lexigym.registry.errors import CheckpointError, InvalidArgumentError, UnknownNameError


def test_an_agent_by_name_and_environment_by_id():
    agent = lexigym.make_agent("random", "CartPole-v1", seed=3)
    action, _ = agent.predict(gymnasium.make("CartPole-v1").reset(seed=0)[0])
    assert action in (0, 1)


def test_an_unknown_agent_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="no agent is named 'randm': did you mean 'random'"):
        lexigym.make_agent("randm", "CartPole-v1")


def test_an_unknown_hyperparameter_suggests_the_nearest_and_lists_all():
    with pytest.raises(
        InvalidArgumentError, match=r"'sede': did you mean 'seed'\? \(known: seed\)"
    ):
        lexigym.make_agent("random", "CartPole-v1", sede=1)


def test_the_signature_tells_what_a_class_does_not():
    class Signed:
        def __init__(self, env: object, width: int = 3, *, depth: int = 2) -> None: ...

    class Open:
        def __init__(self, env: object, **anything: object) -> None: ...

    assert known_hyperparameters(Signed) == {"width": 3, "depth": 2}
    assert known_hyperparameters(Open) is None


def test_an_agent_loads_by_its_file_alone(tmp_path):
    with gymnasium.make("CartPole-v1") as env:
        lexigym.make_agent("random", env, seed=3).save(tmp_path / "random.zip")
    agent = lexigym.load_agent(tmp_path / "random")
    assert agent.predict(env.observation_space.sample())[0] in (0, 1)


def write(path, config, name="config.json"):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, config if isinstance(config, str) else json.dumps(config))
    return path


HEADER = {"format": "lexigym-checkpoint", "version": 1, "agent": "random"}


@pytest.mark.parametrize(
    "config", ["{", "[]", {}, HEADER | {"format": "other"}, HEADER | {"agent": 3}]
)
def test_a_foreign_checkpoint_is_refused(tmp_path, config):
    with pytest.raises(CheckpointError, match=r"agent\.zip' is not a whole lexigym checkpoint"):
        lexigym.load_agent(write(tmp_path / "agent.zip", config))


def test_a_zip_of_something_else_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="not a whole lexigym checkpoint"):
        lexigym.load_agent(write(tmp_path / "agent.zip", HEADER, name="data.pkl"))


def test_a_truncated_checkpoint_is_refused(tmp_path):
    path = write(tmp_path / "agent.zip", HEADER)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CheckpointError, match="not a whole lexigym checkpoint"):
        lexigym.load_agent(path)


def test_no_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"nothing\.zip' can't be read"):
        lexigym.load_agent(tmp_path / "nothing")


def test_a_checkpoint_of_an_absent_agent_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"'nobody/here', which nothing here provides"):
        lexigym.load_agent(write(tmp_path / "agent.zip", HEADER | {"agent": "nobody/here"}))


def test_a_checkpoint_tells_its_environment():
    with gymnasium.make("CartPole-v1", max_episode_steps=9, sutton_barto_reward=True) as env:
        config = {"environment": env.spec.to_json()}
    expected = {"sutton_barto_reward": True, "max_episode_steps": 9}
    assert environment_of(config, "x") == ("CartPole-v1", expected)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("CartPole-v1", {}), ("MountainCar-v0", {}), ("GridRobot-v0", {"size": 4})],
)
def test_a_checkpoint_of_a_vector_tells_the_single_environment(name, arguments):
    env = make_vector_environment(name, 3, **arguments)
    config = {"environment": env.spec.to_json()}
    env.close()
    assert environment_of(config, "x") == (name, arguments)


def test_a_checkpoint_cant_name_code():
    spec = json.loads(gymnasium.spec("CartPole-v1").to_json()) | {"entry_point": "os:system"}
    name, _ = environment_of({"environment": json.dumps(spec)}, "x")
    assert gymnasium.spec(name).entry_point != "os:system"
    with pytest.raises(CheckpointError, match="doesn't tell its environment"):
        environment_of({"environment": json.dumps(spec | {"id": "os:CartPole-v1"})}, "x")


@pytest.mark.parametrize("environment", [None, "", "{", "3", "{}"])
def test_a_checkpoint_without_environment_asks_for_one(environment):
    with pytest.raises(CheckpointError, match="doesn't tell its environment"):
        environment_of({"environment": environment}, "agent.zip")


def test_a_wrapped_environment_is_refused():
    env = gymnasium.wrappers.FlattenObservation(gymnasium.make("CartPole-v1"))
    with pytest.raises(CheckpointError, match="FlattenObservation"):
        environment_of({"environment": env.spec.to_json()}, "agent.zip")


def test_a_checkpoint_may_be_a_directory(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(HEADER))
    assert read_config(tmp_path) == HEADER
