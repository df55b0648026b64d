"""A real package, installed into a folder, found through its entry points."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def python(plugin_folder):
    """Run a program where the package is installed, and return what it prints."""

    def run(*arguments: str, code: int = 0) -> str:
        path = os.pathsep.join([str(plugin_folder), *filter(None, sys.path)])
        process = subprocess.run(
            [sys.executable, "-W", "ignore::UserWarning", *arguments],
            env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"},
            capture_output=True,
            text=True,
        )
        assert process.returncode == code, process.stderr
        return process.stdout + process.stderr

    return run


def test_its_environment_and_agent_are_found_without_importing_it(python):
    program = """
import sys, gymnasium, lexigym
assert "lexigym_corridor" not in sys.modules
assert gymnasium.spec("Corridor-v0").entry_point == "lexigym_corridor:Corridor"
assert "lexigym_corridor" not in sys.modules
agent = lexigym.make_agent("corridor/right", gymnasium.make("Corridor-v0", length=4), laziness=1)
assert agent.laziness == 1
from lexigym.agents.protocol import evaluate
print(evaluate(agent, gymnasium.make("Corridor-v0", length=4), 2))
"""
    assert python("-c", program) == "[-3. -3.]\n"


def test_what_is_broken_is_named_when_it_is_used(python):
    program = """
import lexigym
from lexigym.registry.errors import InvalidArgumentError, PluginError
for name, env in (("corridor/absent", "Corridor-v0"), ("random", "Absent-v0")):
    try:
        lexigym.make_agent(name, env)
    except PluginError as error:
        print(error)
try:
    lexigym.make_agent("corridor/right", "Corridor-v0", lazines=1)
except InvalidArgumentError as error:
    print(error)
"""
    lines = python("-c", program).splitlines()
    assert "agent 'corridor/absent' of the package 'lexigym-corridor'" in lines[0]
    assert "environment 'Absent-v0' of the package 'lexigym-corridor'" in lines[1]
    assert "did you mean 'laziness'? (known: laziness, seed)" in lines[2]


def test_a_clash_leaves_the_built_in_and_warns_once(python):
    program = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import lexigym
    from lexigym.registry.tables import AGENTS, ENVIRONMENTS
    for _ in range(2):
        AGENTS.names(), ENVIRONMENTS.names()
import gymnasium
assert gymnasium.spec("GridRobot-v0").entry_point.startswith("lexigym.")
assert AGENTS.find("dqn").entry_point.startswith("lexigym.")
for each in caught:
    print(each.message)
"""
    lines = python("-c", program).splitlines()
    assert len(lines) == 2
    assert "'GridRobot-v0' of the package 'lexigym-corridor' is left out" in lines[0]
    assert "'dqn' of the package 'lexigym-corridor' is left out" in lines[1]


def test_list_shows_all_of_it(python):
    listing = python("-m", "lexigym", "list")
    assert "broken" in listing
    for name in ("Corridor-v0", "corridor/right", "sb3/*", "random", "lexigym_corridor_absent"):
        assert name in listing
    assert listing.count("left out") == 2


def test_describe_reads_its_docstring(python):
    description = python("-m", "lexigym", "describe", "Corridor-v0")
    assert "Walk right to the end" in description
    assert "length" in description
    assert "laziness" in python("-m", "lexigym", "describe", "corridor/right")
