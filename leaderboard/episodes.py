"""Episodes to look at: what an agent did, and how its environment looked at the end."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from rich.text import Text

from ..agents.recordings import play_episodes
from ..registry.environments import make_environment
from ..registry.terminal import LINES, printable
from .run import Episode

EPISODES = 3


def episodes_to_look_at(agent: Any, env: gymnasium.Env[Any, Any], seed: int) -> tuple[Episode, ...]:
    """Return the first episodes that `evaluate` plays for the same seed.

    Args:
        agent: The agent.
        env: Where it plays; drawn where its render mode is "ansi".
        seed: The root of the episodes' seeds.
    """
    shown = []
    for played in play_episodes(agent, env, EPISODES, seed=seed):
        actions = played.actions if isinstance(played.actions, np.ndarray) else np.empty(0)
        # Without the codes that colour it in a terminal.
        text = Text.from_ansi(str(env.render())).plain if env.render_mode == "ansi" else ""
        text = printable(text, keep=LINES)
        total = float(played.rewards.sum())
        shown.append(Episode(played.seed or 0, tuple(actions.tolist()), total, text))
    return tuple(shown)


def make_drawing_environment(id: str, arguments: dict[str, Any]) -> gymnasium.Env[Any, Any]:  # noqa: A002
    """Make an environment that draws itself as text, if it can and isn't to draw otherwise."""
    env = make_environment(id, **arguments)
    if env.render_mode is None and "ansi" in env.metadata.get("render_modes", ()):
        env.close()
        env = make_environment(id, **arguments | {"render_mode": "ansi"})
    return env
