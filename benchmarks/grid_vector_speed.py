"""Steps per second of the vector form of GridRobot-v0, against two forms of FrozenLake.

All have n environments with autoreset, take the same random actions drawn beforehand and return
fresh arrays; they take turns in one process, and the median of the rounds counts. Peers:
`SyncVectorEnv` of `FrozenLake-v1` 8x8 and, if envpool is installed, its `FrozenLake8x8-v1`.
The first call is timed too; `--cold` compiles the kernels anew for it, in a cache of its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

import lexigym  # noqa: F401, registers GridRobot-v0

Step = Callable[[np.ndarray[Any, Any]], Any]


def steps_per_second(step: Step, actions: np.ndarray[Any, Any], calls: int) -> float:
    """Call `step` with the rows of `actions` in turn; count the steps of all environments."""
    rows = [actions[i % len(actions)] for i in range(calls)]
    start = time.perf_counter()
    for row in rows:
        step(row)
    return calls * actions.shape[1] / (time.perf_counter() - start)


def make_ours(num_envs: int) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    return gymnasium.make_vec(
        "GridRobot-v0", num_envs, vectorization_mode="vector_entry_point", observation="index"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num-envs", type=int, default=1024, help="environments stepped at once")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each peer")
    parser.add_argument(
        "--envpool-threads",
        type=int,
        default=1,
        help="envpool's threads, 0 for its default; 1 is fastest where cores are few",
    )
    parser.add_argument("--cold", action="store_true", help="compile anew for the first call")
    arguments = parser.parse_args()
    n = arguments.num_envs

    with tempfile.TemporaryDirectory() as cache:
        if arguments.cold:
            os.environ["NUMBA_CACHE_DIR"] = cache
        start = time.perf_counter()
        ours = make_ours(n)
        ours.reset(seed=0)
        ours.step(np.zeros(n, np.int64))
        kind = "compiled anew" if arguments.cold else "as cached"
        print(f"import, make, first reset and step ({kind}): {time.perf_counter() - start:.2f} s\n")

        lakes = gymnasium.make_vec(
            "FrozenLake-v1", n, vectorization_mode="sync", map_name="8x8", is_slippery=True
        )
        lakes.reset(seed=0)
        peers: dict[str, tuple[Step, int, Any]] = {
            "GridRobot-v0, vector form": (ours.step, 2000, np.int64),
            "FrozenLake-v1, SyncVectorEnv": (lakes.step, 20, np.int64),
        }
        if importlib.util.find_spec("envpool"):
            import envpool

            pool = envpool.make(
                "FrozenLake8x8-v1",
                env_type="gymnasium",
                num_envs=n,
                num_threads=arguments.envpool_threads,
            )
            pool.reset()
            peers["FrozenLake8x8-v1, envpool"] = (pool.step, 200, np.int32)

        actions = np.random.default_rng(0).integers(4, size=(100, n))
        speeds: dict[str, list[float]] = {name: [] for name in peers}
        for _ in range(arguments.rounds):
            for name, (step, calls, dtype) in peers.items():
                speeds[name].append(steps_per_second(step, actions.astype(dtype), calls))

    medians = {name: statistics.median(rounds) for name, rounds in speeds.items()}
    mine = medians["GridRobot-v0, vector form"]
    print(f"{f'{n} environments':30} {'steps/s':>14} {'ours is':>9}")
    for name, median in medians.items():
        print(f"{name:30} {median:14,.0f} {mine / median:8,.0f}x")


if __name__ == "__main__":
    main()
