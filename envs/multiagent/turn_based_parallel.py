"""A game of turns in PettingZoo's parallel form: all players act, and who is to move is heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gymnasium import error
from pettingzoo import AECEnv
from pettingzoo.utils.conversions import turn_based_aec_to_parallel_wrapper

from .players import require_actions_of_all


class TurnBasedParallel(turn_based_aec_to_parallel_wrapper):  # type: ignore[misc]
    """PettingZoo's parallel form of a game of turns, with its arguments checked.

    One step is one turn. All players pass an action; only that of the player whose `info["turn"]`
    is 1 counts.

    Args:
        game: A game with "turn" in its infos.
    """

    def __init__(self, game: AECEnv[str, Any, Any]) -> None:
        super().__init__(game)
        self.agents: list[str] = []

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Take the turn of the player whose turn it is.

        Raises:
            InvalidArgumentError: If a player is unknown, one is missing, or the action that counts
                is forbidden.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        if not self.agents:
            raise error.ResetNeeded("no game is being played; call reset() before step().")
        require_actions_of_all(actions, self.agents)
        results: tuple[dict[str, Any], ...] = super().step(actions)
        for info in results[-1].values():
            # A text, and only from the second step on; "turn" tells the same.
            info.pop("active_agent", None)
        return results
