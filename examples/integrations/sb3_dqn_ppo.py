"""Stable-Baselines3 learns an environment by its id: one alone, or many in each call."""

import functools
import json
import sys

import gymnasium
import numpy as np
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.evaluation import evaluate_policy

import lexigym

ALGORITHMS = {
    "dqn": (DQN, {"learning_starts": 100, "buffer_size": 10_000}),
    "ppo": (PPO, {"n_steps": 64}),
}


def main(
    env_id="QA-v0", arguments='{"level": "small"}', steps="20_000", algorithm="ppo", num_envs="8"
):
    mode = {"vectorization_mode": "vector_entry_point", "autoreset_mode": "SameStep"}
    make = functools.partial(gymnasium.make_vec, num_envs=int(num_envs), **mode)
    env = (make if int(num_envs) > 1 else gymnasium.make)(env_id, **json.loads(arguments))
    if env.observation_space.dtype == np.int64:  # Tokens are names, not quantities.
        env = lexigym.adapt(env, to="one_hot")
    make_model, hyperparameters = ALGORITHMS[algorithm]
    model = make_model("MlpPolicy", lexigym.adapt(env, to="sb3"), seed=0, **hyperparameters)
    mean, _ = evaluate_policy(model.learn(int(steps)), model.get_env(), n_eval_episodes=20)
    print(f"{algorithm} on {env_id}: mean return {mean:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
