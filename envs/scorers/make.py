"""A scorer from whatever names it."""

from __future__ import annotations

from typing import Any

from ...registry.arguments import require_known
from .compose import parse
from .named import check_scorer, make_named
from .protocol import Scorer


def make_scorer(scorer: str | Scorer, language: str = "en", **arguments: Any) -> Scorer:
    """Make a scorer.

    Args:
        scorer: A name, such as "bleu"; a composition, such as "keywords*fluency" (see
            `compose.parse`); or a scorer, which comes back as it is.
        language: Of the texts, for the scorers that depend on it.
        **arguments: Of the scorer; in a composition, each goes to the parts that take it.

    Raises:
        UnknownNameError: If there is no scorer of a name; the nearest is suggested.
        InvalidArgumentError: If the language or an argument is unknown, a composition is malformed,
            or an object is no scorer.
        PluginError: If a scorer can't be loaded.
    """
    if not isinstance(scorer, str):
        require_known("argument", arguments, (), "a scorer that is passed as an object")
        return check_scorer(scorer)
    if "*" in scorer or "+" in scorer:
        return parse(scorer, language, **arguments)
    return make_named([scorer], language, arguments)[scorer]
