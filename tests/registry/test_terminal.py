"""Texts of others in a terminal: shown, and never obeyed."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.registry.terminal import LINES, print_picture, printable

OBEYED = {*map(chr, (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)))}


@given(st.text(st.characters()))
def test_nothing_that_is_obeyed_is_left(text: str) -> None:
    shown = printable(text)
    assert not OBEYED & set(shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()
    # Of several lines, the same in each.
    lines = printable(text, keep=LINES)
    assert not (OBEYED - set(LINES)) & set(lines)
    assert lines.count("\n") == text.count("\n")


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_what_is_harmless_stays(text: str) -> None:
    assert printable(text) == text


def test_what_is_obeyed_is_spelled_out() -> None:
    assert printable("a\x1b]0;evil\x07") == r"a\x1b]0;evil\x07"
    assert printable("\u202eb\x9b\ud800") == r"\u202eb\x9b\ud800"
    assert printable("\U0001f469\u200d\U0001f467") == "\U0001f469\u200d\U0001f467"


def test_a_picture_is_printed_in_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, expected in (("ascii", "\x1b[1m\\u4e2d\\ud800\x1b[0m\n"), ("utf-8", None)):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, newline="\n"))
        print_picture("\x1b[1m中\ud800\x1b[0m")
        assert raw.getvalue().decode(encoding) == expected or expected is None
    assert raw.getvalue().decode() == "\x1b[1m中\\ud800\x1b[0m\n"
    # A notebook's has no encoding.
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    print_picture("中")
    assert text.getvalue() == "中\n"
