"""The players' names, which end in numbers as PettingZoo recommends."""

from __future__ import annotations

from typing import Any

from ....registry.errors import InvalidArgumentError, did_you_mean

SPEAKER, LISTENER = PLAYERS = ("speaker_0", "listener_0")


def known(player: Any) -> str:
    """Return a player's name, or raise an `InvalidArgumentError`."""
    if player not in PLAYERS:
        raise InvalidArgumentError(
            f"there is no player {player!r}; {did_you_mean(str(player), PLAYERS)}"
        )
    return str(player)
