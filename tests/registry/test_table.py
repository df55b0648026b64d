import math
import warnings

import pytest

from lexigym.registry.errors import (
    DuplicateNameError,
    InvalidArgumentError,
    PluginError,
    UnknownNameError,
)
from lexigym.registry.table import Table


@pytest.fixture
def table() -> Table:
    return Table("thing", "lexigym.tests_without_plugins")


def test_a_string_is_imported_when_it_is_asked_for(table):
    table.register("root", "math:sqrt", "the square root")
    assert table.get("root") is math.sqrt
    assert table.names() == ["root"]
    assert table.entries()[0].summary == "the square root"


def test_an_object_is_itself(table):
    thing = object()
    table.register("thing", thing)
    assert table.get("thing") is thing


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("math:sqrt", "math:sqrt"),
        (DuplicateNameError, "lexigym.registry.errors:DuplicateNameError"),
    ],
)
def test_the_same_thing_twice_is_harmless(table, first, second):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table.register("same", first)
        table.register("same", second)
    assert table.names() == ["same"]


def test_another_thing_under_one_name_is_refused(table):
    table.register("root", "math:sqrt")
    with pytest.raises(DuplicateNameError, match=r"'root' is already 'math:sqrt'.*'math:cbrt'"):
        table.register("root", "math:cbrt")
    assert table.get("root") is math.sqrt


def test_an_unknown_name_suggests_the_nearest(table):
    table.register("translate", "math:sqrt")
    with pytest.raises(UnknownNameError, match=r"no thing is named 'transalte'.*'translate'"):
        table.get("transalte")
    assert "transalte" not in table
    assert None not in table


@pytest.mark.parametrize("name", ["", "a b", "a/", "/a", "*", "a/*/b", "ä", "a\n", ".a", "a;b"])
def test_a_malformed_name_is_refused(table, name):
    with pytest.raises(InvalidArgumentError, match="use letters, digits"):
        table.register(name, "math:sqrt")


@pytest.mark.parametrize("entry_point", ["math", "math:", ":sqrt", "math.sqrt", "math:a b"])
def test_a_malformed_entry_point_is_refused(table, entry_point):
    with pytest.raises(InvalidArgumentError, match="module:attribute"):
        table.register("root", entry_point)


@pytest.mark.parametrize("entry_point", ["no_such_module:thing", "math:no_such_thing"])
def test_what_cant_be_loaded_is_named(table, entry_point):
    table.register("broken", entry_point)
    with pytest.raises(PluginError, match=rf"'broken'.*{entry_point}"):
        table.get("broken")


def test_a_family_answers_every_name_below_it(table):
    def family(suffix: str) -> str:
        if suffix != "known":
            raise UnknownNameError(suffix)
        return f"made {suffix}"

    table.register("family/*", family)
    assert table.get("family/known") == "made known"
    assert "family/known" in table
    assert "family/unknown" not in table
    with pytest.raises(UnknownNameError):
        table.get("family/unknown")
    with pytest.raises(UnknownNameError):
        table.get("families/known")


def test_a_name_goes_before_its_family(table):
    table.register("family/*", lambda suffix: suffix)
    table.register("family/own", "math:sqrt")
    assert table.get("family/own") is math.sqrt
