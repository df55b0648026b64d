"""What the README says to type works as written, in both languages."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lexigym.leaderboard.parser import build_parser

ROOT = Path(__file__).parent.parent
README, CHINESE = "README.md", "README.zh-CN.md"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str = r"\w*") -> list[str]:
    """Return the code blocks of a Markdown file, of one language or of all."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.DOTALL | re.MULTILINE)


def quickstart() -> str:
    (block,) = blocks(README, "python")
    return block


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["dqn", "sb3/dqn"])
def test_the_quickstart_runs_with_either_word(agent, tmp_path):
    program = quickstart().replace('make_agent("dqn"', f'make_agent("{agent}"')
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        # Networks this small gain nothing from threads that wait for each other.
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    means = dict(re.findall(r"(\w+): mean return (\S+)", process.stdout))
    assert set(means) == {"random", "trained", "oracle"}
    if agent == "dqn":  # the other's defaults are for longer training
        assert float(means["random"]) < float(means["trained"]) <= float(means["oracle"])


def test_the_quickstart_is_short():
    assert len(quickstart().splitlines()) <= 20


def test_the_quickstart_is_the_example():
    example = text_of("examples/quickstart.py")
    assert ast.get_docstring(ast.parse(example))
    assert example.endswith(f'"""\n\n{quickstart()}')


def test_both_languages_have_the_same_code():
    def code(name: str) -> list[str]:
        # A comment is prose, and translated.
        return [re.sub(r" +# .*", "", block) for block in blocks(name)]

    assert blocks(README, "python") == blocks(CHINESE, "python")
    assert code(README) == code(CHINESE)


def test_both_languages_have_the_same_sections_and_tables():
    def shape(name: str) -> list[str]:
        prose = re.sub(r"^```.*?^```$", "", text_of(name), flags=re.DOTALL | re.MULTILINE)
        return re.findall(r"^(#+|\|)", prose, re.MULTILINE)

    assert shape(README) == shape(CHINESE)


def test_the_checks_run_the_test_command_as_written():
    (command,) = [block for block in blocks(README, "sh") if "pytest" in block]
    assert command.count("\n") == 1
    assert command in text_of(".ci/run")


def test_the_commands_are_those_of_the_command_line():
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("lexigym ")]
    assert len(commands) > 5
    for line in commands:
        build_parser().parse_args(shlex.split(line, comments=True)[1:])


def test_the_plugin_groups_exist():
    from lexigym.registry.tables import TABLES

    (block,) = blocks(README, "toml")
    groups = tomllib.loads(block)["project"]["entry-points"]
    assert set(groups) <= {table.group for table in TABLES}


@pytest.mark.parametrize("name", [README, CHINESE, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(name))
    assert [link for link in links if not (ROOT / link).exists()] == []
