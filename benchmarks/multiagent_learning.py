"""What independent agents learn in the games of several players, seed by seed.

Each line is one training and the seconds that it took: the greedy final play of all, beside the
random agent (0) and the oracle (1) in the same games: of robot_team_v0 on layouts that no training
saw, of twenty_questions_v0 with each entity hidden once, of translation_relay_v0 with each sentence
sent once, those that were trained on and those that were not.
"""

from __future__ import annotations

import argparse
import time
from typing import Any, NamedTuple

import gymnasium
import torch
from gymnasium.vector import AutoresetMode

import lexigym
from lexigym.agents.protocol import evaluate


class Training(NamedTuple):
    """What is learned, how, and where it is judged."""

    id: str
    arguments: dict[str, Any]
    num_envs: int
    steps: int
    shared: bool
    hyperparameters: dict[str, Any]
    splits: tuple[str, ...]
    # None plays each example of the split once.
    episodes: int | None


TRAININGS = {
    "robot-team": Training(
        "robot_team_v0",
        {},
        16,
        160_000,
        True,
        {
            "net_arch": (256, 256),
            "batch_size": 128,
            "gradient_steps": 2,
            "learning_rate": 5e-4,
            "target_update_interval": 1_000,
            "exploration_fraction": 0.3,
        },
        ("test",),
        200,
    ),
    "twenty-questions": Training(
        "twenty_questions_v0",
        {"level": "small", "oracle_players": ["answerer_0"]},
        8,
        60_000,
        False,
        {
            "net_arch": (256, 256),
            "gamma": 0.97,
            "prioritized": True,
            "munchausen": False,
            "exploration_fraction": 0.6,
        },
        (),
        None,
    ),
    "translation-relay": Training(
        "translation_relay_v0",
        {},
        8,
        160_000,
        False,
        {
            "net_arch": (128, 128),
            "batch_size": 64,
            "gradient_steps": 4,
            "gamma": 0.8,
            "reward_scale": 10.0,
            "huber_threshold": 10.0,
            # What the other meant long ago is worth nothing.
            "buffer_size": 10_000,
            "exploration_fraction": 0.5,
        },
        ("train", "test"),
        None,
    ),
}


def learned(training: Training, agent: str, seed: int) -> tuple[Any, float]:
    """Return the agents after their training, and how many seconds that took."""
    env = gymnasium.make_vec(
        training.id,
        training.num_envs,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
        **training.arguments,
    )
    players = lexigym.make_agent(
        "independent",
        env,
        agent=agent,
        shared=training.shared,
        hyperparameters=training.hyperparameters if agent == "dqn" else None,
        seed=seed,
    )
    start = time.perf_counter()
    players.learn(training.steps)
    return players, time.perf_counter() - start


def normalised(agent: Any, env: gymnasium.Env[Any, Any], episodes: int | None) -> float:
    random, oracle, mine = (
        evaluate(each, env, episodes).mean()
        for each in (
            lexigym.make_agent("random", env, seed=0),
            lexigym.make_agent("oracle", env),
            agent,
        )
    )
    return float((mine - random) / (oracle - random))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="+", choices=sorted(TRAININGS))
    parser.add_argument("--agent", default="dqn", help="dqn has settings of its own")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for seed in arguments.seeds:
        for name in arguments.games:
            training = TRAININGS[name]
            players, seconds = learned(training, arguments.agent, seed)
            for split in training.splits or (None,):
                chosen = {} if split is None else {"split": split}
                env = gymnasium.make(training.id, **training.arguments | chosen)
                score = normalised(players, env, training.episodes)
                title = f"{training.id} {split or ''}"
                print(f"{title:28} seed {seed}  {score:8.3f}  {seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
