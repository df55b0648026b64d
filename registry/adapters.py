"""Environments in the form that a library takes, by the name of the library."""

from __future__ import annotations

from typing import Any

from .arguments import keyword_arguments, require_known
from .environments import make_environment
from .tables import ADAPTERS


def adapt(env: Any, to: str, **options: Any) -> Any:
    """Return an environment in the form that a library takes.

    Args:
        env: A Gymnasium environment or vector of the suite or of anyone else, or an id to make one
            of.
        to: A name of `lexigym list`: a library, such as "tianshou", or an encoding, "one_hot".
        **options: What `lexigym describe NAME` lists.

    Returns:
        What `lexigym describe NAME` tells.

    Raises:
        UnknownNameError: If there is no such adapter or environment.
        InvalidArgumentError: If the adapter has no such option, or refuses the environment.
        MissingDependencyError: If the library is not installed.
        PluginError: If the package that provides the adapter can't be loaded.
    """
    adapter = ADAPTERS.get(to)
    known = adapter_options(adapter)
    if known is not None:
        require_known("option", options, known, f"the adapter {to!r}")
    return adapter(make_environment(env) if isinstance(env, str) else env, **options)


def adapter_options(adapter: Any) -> dict[str, Any] | None:
    """Return the options of an adapter and their defaults, or None if it takes any."""
    arguments = keyword_arguments(adapter)
    # The first is the environment.
    return None if arguments is None else dict(list(arguments.items())[1:])
