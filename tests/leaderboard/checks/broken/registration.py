"""A module that registers something else each time it is imported."""

import gymnasium

known = gymnasium.registry.get("Counting-v0")
gymnasium.register(
    "Counting-v0",
    entry_point="broken.sound:Sound",
    max_episode_steps=1000 if known is None else known.max_episode_steps + 1,
)
