"""What a caller may say of players: checks of names, and of actions for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...registry.errors import InvalidArgumentError, did_you_mean


def known_player(player: Any, players: Sequence[str]) -> str:
    """Return a name that is one of the players', or raise an `InvalidArgumentError`."""
    if player not in players:
        raise InvalidArgumentError(
            f"there is no player {player!r}; {did_you_mean(str(player), players)}"
        )
    return str(player)


def require_actions_of_all(actions: Any, players: Sequence[str]) -> None:
    """Raise an `InvalidArgumentError` unless there is an action for each player, and no other."""
    if not isinstance(actions, Mapping):
        raise InvalidArgumentError(f"the actions must be a dictionary by player, got {actions!r}.")
    for player in actions:
        known_player(player, players)
    for player in players:
        if player not in actions:
            raise InvalidArgumentError(
                f"the action of {player!r} is missing, got those of "
                f"{', '.join(actions) or 'nobody'}: pass one for each player, even if it does "
                "nothing now."
            )
