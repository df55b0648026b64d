"""Scorers by name, made with the arguments that each of them takes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from ...registry.arguments import keyword_arguments, require_known
from ...registry.errors import InvalidArgumentError
from ...registry.tables import SCORERS
from .language_codes import check_language
from .protocol import Scorer

SURFACE = ("name", "reads", "compares", "signature", "score", "components", "begin")


def make_named(
    names: Iterable[str], language: str, arguments: Mapping[str, Any]
) -> dict[str, Scorer]:
    """Make the scorers of some names, each name's once.

    Args:
        names: Names of the registry.
        language: Given to the scorers that take one.
        arguments: Each is given to the scorers that take it.

    Raises:
        UnknownNameError: If there is no scorer of a name.
        InvalidArgumentError: If the language is unknown, no scorer takes an argument, or one lacks
            an argument that it needs.
        PluginError: If a scorer can't be loaded.
    """
    check_language(language)
    classes = {name: SCORERS.get(name) for name in names}
    takes = {name: keyword_arguments(each) for name, each in classes.items()}
    if None not in takes.values():
        known = {argument for each in takes.values() for argument in each or ()} - {"language"}
        require_known("argument", arguments, known, f"the scorer {'*'.join(classes)!r}")
    scorers = {}
    for name, scorer_class in classes.items():
        given = {"language": language, **arguments}
        known_here = takes[name]
        if known_here is not None:
            given = {key: value for key, value in given.items() if key in known_here}
            for argument, default in known_here.items():
                if default is inspect.Parameter.empty and argument not in given:
                    raise InvalidArgumentError(
                        f"the scorer {name!r} needs the argument {argument!r}: pass {argument}=..."
                    )
        scorers[name] = check_scorer(scorer_class(**given))
    return scorers


def check_scorer(scorer: Any) -> Scorer:
    """Return a scorer.

    Raises:
        InvalidArgumentError: If it is a class, or lacks what `Scorer` defines.
    """
    missing = [each for each in SURFACE if not hasattr(scorer, each)]
    if isinstance(scorer, type) or missing:
        lack = "is a class, not an instance" if not missing else f"has no {', '.join(missing)}"
        raise InvalidArgumentError(
            f"{scorer!r} is no scorer, it {lack}: pass an instance of a class derived from "
            "lexigym.envs.scorers.protocol.Scorer."
        )
    checked: Scorer = scorer
    return checked
