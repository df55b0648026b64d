"""Packages that only some scorers need, imported when these are used."""

from __future__ import annotations

import importlib
from typing import Any

from ...registry.errors import MissingDependencyError


def require(scorer: str, module: str, package: str) -> Any:
    """Import a module that a scorer can't do without.

    Raises:
        MissingDependencyError: If it isn't installed, or can't be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"the scorer {scorer!r} needs the package {package!r}, which can't be imported "
            f"({error}); run pip install {package}."
        ) from error
