from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.leaderboard.markdown import escape, markdown_table
from lexigym.leaderboard.run import Result
from lexigym.leaderboard.scores import summarise

from .test_scores import results, run


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_the_table_has_a_line_for_each_agent() -> None:
    lines = markdown_table(summarise(results())).splitlines()
    assert cells(lines[0]) == ["agent", "all", r"\[a\]", "b"]
    assert cells(lines[1]) == ["---", "---:", "---:", "---:"]
    assert [cells(line)[0] for line in lines[2:]] == ["oracle", "good", "bad", "random"]
    assert cells(lines[3])[2] == r"0.75 \[0.75, 0.75\]"


def test_what_is_missing_is_told() -> None:
    failed = Result(run("alone", "b", 0), error="ValueError: no")
    once = Result(run("once", "b", 0), (5.0,))
    rows = summarise([*results(), failed, once])
    lines = {cells(line)[0]: cells(line) for line in markdown_table(rows).splitlines()}
    assert lines["alone"] == ["alone", "(1 failed)", "-", "(1 failed)"]
    assert lines["once"] == ["once", "-", "-", "0.75"]


def test_one_environment_needs_no_column_for_all() -> None:
    rows = summarise([each for each in results() if each.run.environment == "b"])
    assert cells(markdown_table(rows).splitlines()[0]) == ["agent", "b"]


def test_nothing_is_a_table_without_rows() -> None:
    assert markdown_table([]) == "| agent |\n| --- |\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("a\n| b", r"a \| b"),
        ("<script>", r"\<script\>"),
        ("[x](http://y)", r"\[x\](http://y)"),
        ("lm_dqn*", r"lm\_dqn\*"),
    ],
)
def test_special_characters_are_escaped(text: str, expected: str) -> None:
    assert escape(text) == expected


@given(st.text())
def test_a_name_stays_in_its_cell(name: str) -> None:
    row = next(iter(summarise([Result(run("x", "b", 0), (1.0,))])))
    table = markdown_table([type(row)(name, row.overall, row.cells, 0.0, 0.0)])
    assert [len(cells(line)) for line in table.split("\n")[:-1]] == [2, 2, 2]
