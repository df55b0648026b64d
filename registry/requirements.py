"""Optional packages, imported when what needs them is used."""

from __future__ import annotations

import importlib
import shlex
from types import ModuleType

from .errors import MissingDependencyError, shortened


def require(module: str, purpose: str, install: str, instead: str = "") -> ModuleType:
    """Import a module of an optional package.

    Args:
        module: Its full name, such as "pyarrow.parquet".
        purpose: What needs it, for the error.
        install: What pip installs it by: a package, or an extra such as "lexigym[parquet]".
        instead: What can be done without it, if anything.

    Raises:
        MissingDependencyError: If it can't be imported, because it is missing or broken.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package, _, _ = module.partition(".")
        remedy = f"pip install {shlex.quote(install)}" + (f", or {instead}" if instead else "")
        raise MissingDependencyError(
            f"{purpose} needs {package} ({shortened(error)}): {remedy}."
        ) from error
