"""Worlds with several players, with PettingZoo's names for modules and for the forms in them."""

from ...registry.requirements import require

# So that all modules here find it.
require("pettingzoo", "a game of several players", "lexigym[multiagent]")

from .pettingzoo_ids import register_games  # noqa: E402, after the error that tells what to install

register_games()
