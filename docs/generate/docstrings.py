"""Docstrings in the style of Google, taken apart and written as Markdown."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from parts import code, quoted, table

# Lines of a section are filled to this width; one that ends early ends on purpose.
WIDTH = 92
HEADING = re.compile(r"([A-Z][\w ]*):")
VALUE = re.compile(r'`"\w+"`')
ITEM = re.compile(r'`"\w+"`: |\w+Error: |v\d+: |\d\. ')
PREFIXES: dict[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


@dataclass(frozen=True)
class Documentation:
    """A docstring in the style of Google, taken apart.

    Attributes:
        lead: The lines before the first section.
        sections: The lines of each section by its title, without indentation.
    """

    lead: list[str]
    sections: dict[str, list[str]]

    @classmethod
    def of(cls, thing: Any) -> Documentation:
        """Take apart the docstring of a class or function."""
        lead: list[str] = []
        sections: dict[str, list[str]] = {}
        current = lead
        for line in (inspect.getdoc(thing) or "").splitlines():
            heading = HEADING.fullmatch(line)
            if heading:
                current = sections.setdefault(heading[1], [])
            else:
                # A line at the margin after the sections belongs to the text before them.
                current = lead if line and not line.startswith(" ") else current
                current.append(line.strip())
        return cls(lead, sections)


def argument_parts(thing: Any, lines: Iterable[str]) -> list[str]:
    """Return the table of what a class or function takes, and what its section says besides.

    Args:
        thing: The class or function, whose signature tells the names and the defaults.
        lines: The section, an argument as "name: what it is".

    Raises:
        ValueError: If the section leaves out an argument.
    """
    defaults = {
        f"{PREFIXES.get(each.kind, '')}{each.name}": each.default
        for each in inspect.signature(thing).parameters.values()
    }
    meanings: dict[str, list[str]] = {}
    rest: list[str] = []
    current = rest
    for line in lines:
        name, _, meaning = line.partition(": ")
        if name in defaults:
            current = meanings.setdefault(name, [])
        elif line.startswith("`reset("):
            current = rest
        current.append(meaning if name in defaults else line)
    missing = [name for name in defaults if name not in meanings]
    if missing:
        raise ValueError(f"the docstring of {thing} leaves out {', '.join(missing)}; add it.")
    rows = [
        [code(name), default_text(default), " ".join(meanings[name]).strip()]
        for name, default in defaults.items()
    ]
    return [*([table(["argument", "default", "meaning"], rows)] if rows else []), *prose(rest)]


def default_text(default: Any) -> str:
    """Return a default as it is written in a table."""
    if default is inspect.Parameter.empty:
        return ""
    return code(quoted(default))


def prose(lines: Sequence[str], section: bool = True) -> list[str]:
    """Return paragraphs and lists of the lines of a docstring.

    In a section a line that ends early, though the next word would have fitted, ends a paragraph.
    """
    blocks: list[list[str]] = [[]]
    for line in lines:
        before = blocks[-1][-1] if blocks[-1] else ""
        ends_early = section and before and len(f"{before} {line.split(' ')[0]}") <= WIDTH
        begins = ITEM.match(line) or (before.endswith(".") and VALUE.match(line))
        if not line or ends_early or begins:
            blocks.append([])
        if line:
            blocks[-1].append(line)
    texts = (" ".join(block) for block in blocks if block)
    parts: list[str] = []
    for is_item, group in itertools.groupby(texts, lambda text: ITEM.match(text) is not None):
        members = list(group)
        # One item is no list.
        if is_item and len(members) > 1:
            parts.append(
                "\n".join(f"{'' if text[0].isdigit() else '- '}{text}" for text in members)
            )
        else:
            parts += members
    return parts
