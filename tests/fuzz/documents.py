"""JSON with values in wrong places: what mutated bytes, which are mostly no JSON, seldom reach."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

EDITS = b"\x00"
# Each may double the document.
MOST_EDITS = 8
DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 2, -1, 0.0, -0.5, 1.5, 1e308, 5e-324, math.inf, -math.inf, math.nan),
    *(2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 1 << 26),
    *("", " ", "x", "x\ny", "\ud800", "\u202e", "\x00", "1", "a" * 300, "{}", "é", "e\u0301"),
    *(
        [],
        {},
        [[]],
        [None],
        [0, 1],
        ["a"],
        [-1, 2.5],
        {"a": 1},
        {"": []},
        [{}],
        [1 << 20] * 3,
        DEEP,
    ),
)


def document_of(
    data: bytes, documents: Sequence[Any], words: Sequence[Any] = (), write: Any = json.dumps
) -> bytes:
    """Return bytes as they are or, if they begin with a zero, what they make of a document.

    Args:
        data: The bytes: after the zero one that chooses the document, then four for each edit.
        documents: What to edit.
        words: What to put in, besides `VALUES`.
        write: What makes a text of the result.
    """
    if not data.startswith(EDITS) or len(data) < 2:
        return data
    document = json.loads(json.dumps(documents[data[1] % len(documents)]))
    for start in range(2, min(len(data) - 3, 4 * MOST_EDITS), 4):
        document = _edited(document, iter(data[start : start + 4]), (*VALUES, *words))
    text: str = write(document)
    return text.encode(errors="surrogatepass")


def _edited(document: Any, choices: Iterator[int], values: Sequence[Any]) -> Any:
    """Replace, remove, double or wrap one of the nodes."""
    holder = [document]
    nodes = list(_nodes(holder))
    # Two bytes, for documents of more than 256 nodes.
    change = nodes[(next(choices) * 256 + next(choices)) % len(nodes)]
    change(next(choices), values[next(choices) % len(values)])
    return holder[0] if holder else None


def _nodes(parent: Any) -> Iterator[Callable[[int, Any], None]]:
    """Yield what changes a node, for each below this one, also in texts that are JSON."""
    for key in list(range(len(parent)) if isinstance(parent, list) else parent):
        yield lambda how, value, key=key: _change(parent, key, how % 8, value)
        child = parent[key]
        if isinstance(child, str) and child.startswith(("{", "[")):
            try:
                inner = [json.loads(child)]
            except ValueError:
                continue
            for change in _nodes(inner):
                yield lambda how, value, change=change, inner=inner, key=key: _change_text(
                    parent, key, inner, lambda: change(how, value)
                )
        elif isinstance(child, (list, dict)):
            yield from _nodes(child)


def _change_text(parent: Any, key: Any, inner: list[Any], change: Callable[[], None]) -> None:
    change()
    if inner:
        # As lexigym writes a run's spec.
        parent[key] = json.dumps(inner[0], sort_keys=True, separators=(",", ":"))


def _change(parent: Any, key: Any, how: int, value: Any) -> None:
    if how == 0:
        del parent[key]
    elif how == 1:
        parent[key] = [parent[key], deepcopy(parent[key])]
    elif how == 2 and isinstance(parent, dict):
        parent[value if isinstance(value, str) else "x"] = deepcopy(parent[key])
    elif how == 3 and isinstance(parent, list):
        parent.append(deepcopy(parent[key]))
    elif how == 4 and type(parent[key]) is int:
        parent[key] += 1
    else:
        parent[key] = deepcopy(value)
