"""Worlds with several players, with PettingZoo's names for modules and for the forms in them."""

from ...registry.errors import MissingDependencyError

try:
    import pettingzoo  # noqa: F401, so that all modules here find it
except ImportError as error:
    raise MissingDependencyError(
        "games of several players need pettingzoo: pip install 'lexigym[multiagent]'."
    ) from error
