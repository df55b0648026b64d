"""What a message shows of what others wrote: in one line, and not more than fits."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lexigym.registry.errors import MAX_SHOWN, shortened


@given(st.text(st.characters()) | st.lists(st.text()) | st.builds(ValueError, st.text()))
def test_it_is_short_and_one_line(value: Any) -> None:
    shown = shortened(value)
    assert len(shown) <= MAX_SHOWN + len("...")
    assert "\n" not in shown


def test_a_text_is_shown_with_its_spaces() -> None:
    assert shortened(" a  b") == "' a  b'"
    assert shortened(ValueError("a\n  b")) == "a b"
    assert shortened(KeyError("a")) == "KeyError('a')"


def test_what_is_nested_too_deeply_is_told() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert shortened(value) == "a list that is nested too deeply"
