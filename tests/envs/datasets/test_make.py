"""Datasets by name, by file and as objects; the catalogue; reasoning-gym's generators."""

import subprocess
import sys
import types

import pytest

import lexigym  # noqa: F401, registers the names
from lexigym.envs.datasets import catalog
from lexigym.envs.datasets.arithmetic import Arithmetic
from lexigym.envs.datasets.make import make_dataset
from lexigym.envs.datasets.schema import Dataset, DatasetError, Example
from lexigym.registry.errors import (
    InvalidArgumentError,
    MissingDependencyError,
    UnknownNameError,
)
from lexigym.registry.tables import DATASETS, register_dataset


@pytest.fixture(autouse=True)
def registered():
    for entry in catalog.DATASETS:
        register_dataset(*entry)


def test_a_name_makes_its_dataset():
    dataset = make_dataset("arithmetic", level="standard", root=2)
    assert isinstance(dataset, Arithmetic)
    assert (dataset.level, dataset.root) == ("standard", 2)


@pytest.mark.parametrize("form", [str, lambda path: path])
def test_a_file_makes_its_dataset(tmp_path, form):
    path = tmp_path / "data.csv"
    path.write_text("prompt,answer\na,b\n")
    dataset = make_dataset(form(path), language="de", licence="CC0-1.0")
    assert (dataset.language, dataset.licence) == ("de", "CC0-1.0")


def test_an_object_is_returned_as_it_is():
    dataset = Dataset("tiny", "en", "en", "MIT", "a test", {"test": [Example("a", ("b",))]})
    assert make_dataset(dataset) is dataset
    with pytest.raises(InvalidArgumentError, match="takes no arguments, got level"):
        make_dataset(dataset, level="small")
    with pytest.raises(InvalidArgumentError, match="it lacks name"):
        make_dataset(["a"])


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'arithmetic'"):
        make_dataset("arithmetics")
    with pytest.raises(UnknownNameError, match="absent"):
        make_dataset("absent.csv")


def test_an_unknown_argument_is_told_the_nearest(tmp_path):
    with pytest.raises(InvalidArgumentError, match="'arithmetic' has no argument 'levle'"):
        make_dataset("arithmetic", levle="small")
    path = tmp_path / "data.csv"
    path.write_text("prompt,answer\na,b\n")
    with pytest.raises(InvalidArgumentError, match="did you mean 'language'"):
        make_dataset(path, langage="de")


@pytest.mark.parametrize("entry", catalog.DATASETS, ids=lambda entry: entry[0])
def test_every_entry_can_be_loaded(entry):
    assert callable(DATASETS.load(DATASETS.find(entry[0])))


def test_the_catalogue_imports_nothing():
    program = (
        "before = set(sys.modules); import lexigym.envs.datasets.catalog\n"
        "print(*[each for each in sys.modules if each.startswith('lexigym.envs.datasets.')])"
    )
    path = [path for path in sys.path if path]
    output = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{program}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert output.split() == ["lexigym.envs.datasets.catalog"]


@pytest.fixture
def reasoning_gym(monkeypatch):
    """A stand-in for reasoning-gym with four generators."""
    calls = iter(range(10**9))

    def create_dataset(name, seed, size, factor=2):
        if factor < 0:
            raise ValueError("factor must be positive")
        answer = {"double": factor * seed, "silent": None, "fickle": next(calls)}[name]
        return [{"question": f"Double\n\n{seed}!", "answer": answer} for _ in range(size)]

    factory = types.ModuleType("reasoning_gym.factory")
    factory.DATASETS = dict.fromkeys(["double", "silent", "fickle"])
    factory.create_dataset = create_dataset
    monkeypatch.setitem(sys.modules, "reasoning_gym", types.ModuleType("reasoning_gym"))
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)


def test_generators_of_reasoning_gym_are_datasets(reasoning_gym):
    dataset = make_dataset("reasoning-gym/double", factor=3, root=1)
    example = dataset.example("train", 7)
    assert example == make_dataset("reasoning-gym/double", factor=3, root=1).example("train", 7)
    seed = int(example.prompt.removeprefix("Double ").removesuffix("!"))
    assert example.references == (str(3 * seed),)
    assert dataset.size("test") == 500
    assert example.prompt in set(dataset.texts())


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("doubel", {}, UnknownNameError, "did you mean 'double'"),
        ("double", {"factor": -1}, InvalidArgumentError, "factor must be positive"),
        ("double", {"foo": 1}, InvalidArgumentError, "unexpected keyword argument 'foo'"),
        ("double", {"seed": 1}, InvalidArgumentError, "takes no 'seed'"),
        ("fickle", {}, DatasetError, "another example for the same seed"),
    ],
)
def test_what_reasoning_gym_refuses_is_told(reasoning_gym, name, arguments, error, message):
    with pytest.raises(error, match=message):
        make_dataset(f"reasoning-gym/{name}", **arguments)


def test_a_generator_without_answers_is_told(reasoning_gym):
    with pytest.raises(DatasetError, match="gives no answers"):
        make_dataset("reasoning-gym/silent").example("train", 0)


def test_without_reasoning_gym_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", None)
    with pytest.raises(MissingDependencyError, match="pip install reasoning-gym"):
        make_dataset("reasoning-gym/chain_sum")
