"""MaskablePPO of sb3-contrib learns an environment by its id, and never plays an illegal action."""

import json
import sys

import gymnasium
import numpy as np
from sb3_contrib import QRDQN, MaskablePPO
from sb3_contrib.common.maskable.evaluation import evaluate_policy

import lexigym

ALGORITHMS = {
    "maskable-ppo": (MaskablePPO, {"n_steps": 64}),
    "qrdqn": (QRDQN, {"learning_starts": 100, "buffer_size": 10_000}),  # It knows no masks.
}


def main(env_id="QA-v0", arguments='{"level": "small"}', steps="20_000", algorithm="maskable-ppo"):
    mode = {"vectorization_mode": "vector_entry_point", "autoreset_mode": "SameStep"}
    env = gymnasium.make_vec(env_id, 8, **mode, **json.loads(arguments))
    if env.single_observation_space.dtype == np.int64:  # tokens
        env = lexigym.adapt(env, to="one_hot")
    make_model, hyperparameters = ALGORITHMS[algorithm]
    model = make_model("MlpPolicy", lexigym.adapt(env, to="sb3"), seed=0, **hyperparameters)
    model.learn(int(steps))
    masked = {"use_masking": algorithm == "maskable-ppo"}
    mean, _ = evaluate_policy(model, model.get_env(), n_eval_episodes=20, **masked)
    print(f"{algorithm} on {env_id}: mean return {mean:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
