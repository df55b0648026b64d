"""Games declare how many steps they can take, when all players are moved by one environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

import lexigym  # noqa: F401, registers the ids


@pytest.mark.parametrize(
    ("game", "arguments"),
    [
        ("twenty_questions_v0", {"level": "small"}),
        ("twenty_questions_v0", {"max_questions": 3}),
        ("translation_relay_v0", {"message_length": 2}),
        ("translation_relay_v0", {"max_new_tokens": 9}),
        ("robot_team_v0", {"size": 3}),
        ("robot_team_v0", {"max_steps": 5}),
    ],
)
def test_the_longest_game_takes_all_steps(game: str, arguments: dict[str, Any]) -> None:
    env = gymnasium.make(game, **arguments)
    _, info = env.reset(seed=0)
    steps, over = 0, False
    while not over:
        action = {
            player: _going_on(player, info.get("action_mask", {}).get(player))
            for player in env.unwrapped.players
        }
        _, _, terminated, truncated, info = env.step(action)
        steps, over = steps + 1, terminated or truncated
    assert steps == env.get_wrapper_attr("max_steps")


def _going_on(player: str, mask: Any) -> int:
    """Return a legal action that ends nothing, if there is one."""
    if mask is None or not mask.any():
        return 0
    # Questions come before names and symbols before the end, but the end before words.
    return int(np.flatnonzero(mask)[-1 if player == "listener_0" else 0])
