"""Steps per second of GridRobot-v0 through `gymnasium.make`, against FrozenLake and MiniGrid.

Random actions drawn beforehand, resets included, all in one thread; the environments take turns,
and the median of the rounds counts. Peers: `FrozenLake-v1` 8x8 (the same kind of observation, a
cell's number) and, if minigrid is installed, `MiniGrid-Empty-8x8-v0` (an image).
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from typing import Any

import gymnasium
import numpy as np

import lexigym  # noqa: F401, registers GridRobot-v0


def steps_per_second(env: gymnasium.Env[Any, Any], actions: list[int]) -> float:
    """Play `actions`, resetting where an episode ends."""
    env.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return len(actions) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50_000, help="steps of each turn")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each environment")
    arguments = parser.parse_args()

    index, image = "GridRobot-v0, index", "GridRobot-v0, image"
    lake, room = "FrozenLake-v1, 8x8", "MiniGrid-Empty-8x8-v0"
    envs = {
        index: gymnasium.make("GridRobot-v0", observation="index"),
        image: gymnasium.make("GridRobot-v0", observation="image"),
        lake: gymnasium.make("FrozenLake-v1", map_name="8x8"),
    }
    if importlib.util.find_spec("minigrid"):
        import minigrid  # noqa: F401, registers its ids

        envs[room] = gymnasium.make(room)
    # The first four actions exist everywhere; MiniGrid has more, which would end no episode either.
    actions = np.random.default_rng(0).integers(4, size=arguments.steps).tolist()
    speeds: dict[str, list[float]] = {name: [] for name in envs}
    for _ in range(arguments.rounds):
        for name, env in envs.items():
            # A slow peer plays fewer steps, so that turns last about as long.
            share = actions[: arguments.steps // 10] if name == room else actions
            speeds[name].append(steps_per_second(env, share))

    medians = {name: statistics.median(rounds) for name, rounds in speeds.items()}
    print(f"{'environment':24} {'steps/s':>12}")
    for name, median in medians.items():
        print(f"{name:24} {median:12,.0f}")
    print(f"\n{index} / {lake}: {medians[index] / medians[lake]:.1f}")
    if room in medians:
        print(f"{image} / {room}: {medians[image] / medians[room]:.1f}")


if __name__ == "__main__":
    main()
