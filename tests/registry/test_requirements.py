"""Optional packages: imported where they are, and named with their remedy where they are not."""

from __future__ import annotations

import json.decoder
import sys
from pathlib import Path

import pytest

from lexigym.registry.errors import LexigymError, MissingDependencyError
from lexigym.registry.requirements import require


def test_what_is_installed_is_imported() -> None:
    assert require("json", "reading", "json") is json
    assert require("json.decoder", "reading", "json") is json.decoder


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inner.most"])
def test_what_is_missing_is_named_with_its_remedy(module: str) -> None:
    with pytest.raises(MissingDependencyError) as caught:
        require(module, "flying", "no-such-package")
    assert str(caught.value) == (
        "flying needs no_such_package (No module named 'no_such_package'): "
        "pip install no-such-package."
    )
    assert isinstance(caught.value, LexigymError)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_an_extra_is_quoted_for_the_shell_and_an_alternative_told() -> None:
    with pytest.raises(MissingDependencyError, match=r"pip install 'lexigym\[fly\]', or walk\.$"):
        require("no_such_package", "flying", "lexigym[fly]", "walk")


def test_what_is_broken_tells_how_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "raise ImportError('libwings.so:\\n  cannot open')"
    (tmp_path / "broken_package.py").write_text(source)
    (tmp_path / "without_wings.py").write_text("import wings_that_are_missing")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(MissingDependencyError) as caught:
        require("broken_package", "flying", "broken-package")
    assert str(caught.value) == (
        "flying needs broken_package (libwings.so: cannot open): pip install broken-package."
    )
    with pytest.raises(MissingDependencyError, match="No module named 'wings_that_are_missing'"):
        require("without_wings", "flying", "without-wings")


def test_an_error_that_is_not_about_an_import_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_package.py").write_text("1 / 0")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ZeroDivisionError):
        require("failing_package", "flying", "failing-package")
