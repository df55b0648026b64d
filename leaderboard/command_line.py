"""The command `lexigym`: each command has a module of its own, and all fail in the same way."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence

import gymnasium

from ..registry.errors import LexigymError
from ..registry.terminal import printable
from .parser import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 if a run failed, 2 for an error, 130."""
    _spell_out_what_an_encoding_lacks()
    arguments = build_parser().parse_args(argv)
    module, _, function = arguments.command.partition(":")
    try:
        # Imported when used, so that `lexigym --help` is quick.
        command = getattr(importlib.import_module(f".commands.{module}", __package__), function)
        return int(command(arguments) or 0)
    except KeyboardInterrupt:
        print("lexigym: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        message = " ".join(str(error).split())
        if not isinstance(error, (LexigymError, gymnasium.error.Error, OSError)):
            message = f"{type(error).__name__}: {message} (--debug shows where)"
        print(f"lexigym: error: {printable(message)}", file=sys.stderr)
        return 2


def _spell_out_what_an_encoding_lacks() -> None:
    """Let no print fail in a terminal that knows ASCII alone, nor at half a character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
