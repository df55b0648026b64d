"""What may be a name, and that what is made of any label stays where it belongs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lexigym
from lexigym.registry import tables
from lexigym.registry.environments import find_spec
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError
from lexigym.registry.names import (
    file_name,
    is_name,
    label_fault,
    path_inside,
    require_label,
    require_name,
)
from lexigym.registry.table import Table

BAD = [
    *("", ".", "..", "../x", "/etc/x", "a/../b", "a//b", "a/", "~", "-rf", "_a", "a b", "a\\b"),
    *("a:b", "C:", "a\0", "a\n", "a\x1b]0;evil\x07", "\u202ea", "\ud800", "é", "\uff11", "=1+1"),
    *("x" * 101, "a/*/b"),
]
REGISTER: list[Callable[..., None]] = [
    lexigym.register_agent,
    lexigym.register_environment,
    lexigym.register_dataset,
    lexigym.register_scorer,
    lexigym.register_tokenizer,
    tables.register_adapter,
    tables.register_model,
]


@pytest.mark.parametrize("register", REGISTER)
@pytest.mark.parametrize("name", [*BAD, 3, None])
def test_no_kind_of_thing_can_have_a_bad_name(register: Callable[..., None], name: Any) -> None:
    errors = (InvalidArgumentError, gymnasium.error.Error)
    before = [table._entries.copy() for table in tables.TABLES]
    with pytest.raises(errors) as caught:
        register(name, "math:sqrt")
    assert str(caught.value).isprintable()
    assert [table._entries for table in tables.TABLES] == before
    assert name not in gymnasium.registry


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_is_told_what_it_may_be(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"use letters, digits and \. _ - / only, at"):
        require_name("thing", name)


def test_every_name_that_ships_is_one() -> None:
    for table in tables.TABLES:
        for name in table.names():
            assert is_name(name.removesuffix("/*")), name


def test_a_family_is_asked_for_names_alone() -> None:
    asked: list[str] = []
    table = Table("thing", "lexigym.tests_without_plugins")
    table.register("family/*", asked.append)
    for rest in ("..", "../../x", "a/../b", "/x", "a\0"):
        with pytest.raises(UnknownNameError, match="no thing is named"):
            table.get(f"family/{rest}")
    table.get("family/a/b")
    assert asked == ["a/b"]


@pytest.mark.parametrize("module", ["..", ".x", "a b", "os;x", "/x", "a..b", "\x1b"])
def test_what_is_no_module_is_not_imported(module: str) -> None:
    with pytest.raises(UnknownNameError, match="is no module: write") as caught:
        find_spec(f"{module}:GridRobot-v0")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("GridRobot-v0, new maps", "GridRobot-v0,-new-maps"),
        ("ns/name-v0", "ns-name-v0"),
        ("sb3/dqn", "sb3-dqn"),
        ("a.b", "a.b"),
        (".hidden", "hidden"),
        ("新地图", "新地图"),
        ("", "-"),
        ("..", "-"),
        ("../../etc", "-..-etc"),
        ("a\0\x1b[b:c\\d", "a-b-c-d"),
        ("\ud800", "-"),
        *(("NUL", "_NUL"), ("com1.zip", "_com1.zip"), ("CONIN", "CONIN"), ("a.con", "a.con")),
    ],
)
def test_a_label_is_the_name_of_one_file(label: str, name: str) -> None:
    assert file_name(label) == name


@given(st.lists(st.text(st.characters()), min_size=1, max_size=3))
def test_a_path_of_labels_stays_in_its_folder(labels: list[str]) -> None:
    folder = Path("a") / "b"
    path = path_inside(folder, *labels)
    assert path.parents[len(labels) - 1] == folder
    assert os.path.normpath(path) == str(path)
    assert all(0 < len(os.fsencode(part)) <= 200 and part.isprintable() for part in path.parts)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs" / "world").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidArgumentError, match=r"leads out of .*runs', by a link: remove"):
        path_inside(tmp_path / "runs", "world", "x.zip")
    (tmp_path / "runs" / "inner").symlink_to(tmp_path / "runs")
    assert path_inside(tmp_path / "runs", "inner", "x.zip").name == "x.zip"


def test_a_label_is_any_text_that_can_be_shown() -> None:
    for label in (
        "GridRobot-v0, new maps",
        "sb3/dqn",
        "新地图",
        "\U0001f469\u200d\U0001f467",
        "=1",
    ):
        require_label("agent", label)
    for label in ("a\x1b]0;evil\x07", "a\nb", "\x9b", "a\u202eb", "\u2066", "\ud800"):
        assert label_fault(label)
        with pytest.raises(InvalidArgumentError, match=r"the agent '.*' holds U\+") as caught:
            require_label("agent", label)
        assert str(caught.value).isprintable()
    with pytest.raises(InvalidArgumentError, match="the agent ' ' is empty"):
        require_label("agent", " ")


def test_a_plugin_with_a_bad_name_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "evil-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[lexigym.tests_of_names]\n../x = math:sqrt\na\x1b = math:sqrt\ngood = math:sqrt\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    table = Table("thing", "lexigym.tests_of_names")
    with pytest.warns(UserWarning, match="of the package 'evil' is left out") as warned:
        assert table.names() == ["good"]
    told = [str(each.message) for each in warned]
    assert len(told) == len(table.rejected) == 2
    assert all(each.isprintable() and "use letters, digits" in each for each in told)
