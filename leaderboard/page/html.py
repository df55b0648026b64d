"""One HTML file of style, script and data, which loads nothing and runs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from ...registry.atomic_file import atomic_file
from ..store import Store
from .data import PageData, page_data

FILE = "index.html"
STYLES = ("colours.css", "layout.css", "tables.css", "figures.css", "runs.css", "media.css")
# Each uses what those before it define.
SCRIPTS = (
    "elements.js",
    "formats.js",
    "records.js",
    "filters.js",
    "downloads.js",
    "tables.js",
    "axes.js",
    "tooltips.js",
    "line_charts.js",
    "interval_charts.js",
    "figures.js",
    "scores.js",
    "learning_curves.js",
    "comparisons.js",
    "run_list.js",
    "run_page.js",
    "page.js",
)
# In a script element these could end it, or begin a comment; U+2028 and U+2029 are escaped anyway.
ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def write_page(store: Store, directory: str | Path, suites: Sequence[str] | None = None) -> Path:
    """Write the page of a store, and return its path, `index.html` in the directory.

    Args:
        store: Where the results are.
        directory: Made if it doesn't exist.
        suites: Their names, in the order of the page; None takes all.

    Raises:
        UnknownNameError: If the store has no such suite.
        StoreError: If the store can't be read.
    """
    names = store.suites() if suites is None else suites
    text = page_html(page_data({name: store.results_of(name) for name in names}))
    path = Path(directory) / FILE
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def page_html(data: PageData) -> str:
    """Return the page, the same for the same data."""
    style, script = ("\n".join(map(_asset, names)) for names in (STYLES, SCRIPTS))
    blocks: list[tuple[str, Any]] = [("board", data.board), ("shared", data.shared)]
    blocks += [(f"part-{index}", part) for index, part in enumerate(data.parts)]
    return Template(_asset("page.html")).substitute(
        policy=content_security_policy(style, script),
        style=style,
        script=script,
        data="\n".join(_data_block(name, value) for name, value in blocks),
    )


def content_security_policy(style: str, script: str) -> str:
    """Return a policy under which only these two work, so that even a mistake can't run data."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_fingerprint(style)}'",
            f"script-src '{_fingerprint(script)}'",
            # Figures are drawn as images to be downloaded.
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def embedded_json(value: Any) -> str:
    """Return a value as JSON that is safe within a script element, in ASCII."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def _data_block(name: str, value: Any) -> str:
    return f'<script type="application/json" id="data-{name}">{embedded_json(value)}</script>'


def _fingerprint(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")
