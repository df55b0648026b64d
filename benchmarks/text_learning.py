"""What agents learn from nothing on the small level of each language task, seed by seed.

Each line is one run of the suite `full`, without its curve: the greedy final policy on every
example of the test split, which shares no prompt with training, as a score between the random agent
(0) and the oracle (1). `dqn` values whole texts with a causal transformer; `sb3/dqn` reads them
with an attention encoder of the same size, and makes as many updates.
"""

from __future__ import annotations

import argparse
import dataclasses

import torch

from lexigym.leaderboard.execution import execute
from lexigym.leaderboard.experiment import load_experiment
from lexigym.leaderboard.run import Result, Run
from lexigym.leaderboard.statistics import normalise

TASKS = {
    "arithmetic": "QA-v0, arithmetic",
    "facts": "QA-v0, few facts",
    "stories": "TextGen-v0, small",
    "french": "Translation-v0, small",
    "chinese": "Translation-v0, small, Chinese",
}
REFERENCES = ("random", "oracle")


def executed(run: Run, seed: int) -> Result:
    result = execute(dataclasses.replace(run, seed=seed, curve_points=0))
    if result.error is not None:
        raise RuntimeError(result.traceback)
    return result


def main() -> None:
    runs = {(run.environment, run.agent): run for run in load_experiment("full").runs()}
    learners = dict.fromkeys(agent for _, agent in runs if agent not in REFERENCES)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="+", choices=sorted(TASKS))
    parser.add_argument("--agents", nargs="+", default=["dqn"], choices=list(learners))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bounds = {
        task: [executed(runs[TASKS[task], each], 0).mean_return for each in REFERENCES]
        for task in arguments.tasks
    }
    for seed in arguments.seeds:
        for task in arguments.tasks:
            for agent in arguments.agents:
                result = executed(runs[TASKS[task], agent], seed)
                score = float(normalise(result.mean_return, *bounds[task]))
                seconds = result.learning_seconds
                print(
                    f"{task:10} {agent:8} seed {seed}  {score:6.3f}  {seconds:6.1f} s", flush=True
                )


if __name__ == "__main__":
    main()
