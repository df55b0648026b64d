"""Texts of others, made fit for a terminal, which would obey some of their characters."""

from __future__ import annotations

import re
import sys

# The control characters of ASCII and Latin-1, with which an escape code begins; line ends and marks
# of order that few programs show; and halves of characters, which no encoding has.
CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

# What pictures, tracebacks and other texts of several lines may keep.
LINES = "\n\t"


def printable(text: str, keep: str = "") -> str:
    r"""Return a text, in one line, what a terminal would obey spelled out but for some characters.

    >>> printable("a\x1b]0;b\x07\n")
    'a\\x1b]0;b\\x07\\n'
    """
    if text.isprintable():
        return text
    return CONTROL.sub(lambda found: found[0] if found[0] in keep else repr(found[0])[1:-1], text)


def print_picture(picture: str) -> None:
    """Print lines that may be coloured; what the terminal's encoding lacks is spelled out."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(picture.encode(encoding, "backslashreplace").decode(encoding), flush=True)
