"""Agent-steps per second of robot_team_v0's parallel form, against MPE's simple_spread_v3.

Four players each, random actions drawn beforehand, resets included, all in one thread; the
environments take turns in one process, and the median of the rounds counts. Peer:
`simple_spread_v3` of mpe2, if it is installed; it has five actions too.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from typing import Any

import numpy as np

from lexigym.envs.multiagent import robot_team_v0

PLAYERS = 4


def play(env: Any, rows: list[list[int]]) -> int:
    """Play rows of actions, resetting where an episode ends; return the agent-steps made."""
    env.reset(seed=0)
    made = 0
    for row in rows:
        actions = dict(zip(env.agents, row, strict=True))
        made += len(actions)
        env.step(actions)
        if not env.agents:
            env.reset()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="steps of each turn")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each environment")
    arguments = parser.parse_args()

    full, local, spread = "robot_team_v0, full view", "robot_team_v0, local", "simple_spread_v3"
    envs: dict[str, tuple[Any, int]] = {
        full: (robot_team_v0.parallel_env(num_robots=PLAYERS, size=8), 1),
        local: (robot_team_v0.parallel_env(num_robots=PLAYERS, size=8, view="local"), 1),
    }
    if importlib.util.find_spec("mpe2"):
        from mpe2 import simple_spread_v3

        # A slow peer plays fewer steps, so that turns last about as long.
        envs[spread] = simple_spread_v3.parallel_env(N=PLAYERS), 10
    rows = np.random.default_rng(0).integers(5, size=(arguments.steps, PLAYERS)).tolist()
    speeds: dict[str, list[float]] = {name: [] for name in envs}
    for env, share in envs.values():
        play(env, rows[: len(rows) // share // 10])
    for _ in range(arguments.rounds):
        for name, (env, share) in envs.items():
            start = time.perf_counter()
            made = play(env, rows[: len(rows) // share])
            speeds[name].append(made / (time.perf_counter() - start))

    medians = {name: statistics.median(rounds) for name, rounds in speeds.items()}
    print(f"{'environment, 4 players':26} {'agent-steps/s':>14}")
    for name, median in medians.items():
        print(f"{name:26} {median:14,.0f}")
    if spread in medians:
        print()
        for name in (full, local):
            ratios = [
                mine / theirs for mine, theirs in zip(speeds[name], speeds[spread], strict=True)
            ]
            print(
                f"{name} / {spread}: {medians[name] / medians[spread]:.1f} "
                f"(rounds {min(ratios):.1f} to {max(ratios):.1f})"
            )


if __name__ == "__main__":
    main()
