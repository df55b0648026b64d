"""A Q-table, written for dm_env alone, learns an environment of the suite by its id."""

import collections
import json
import sys

import dm_env
import gymnasium
import numpy as np

import lexigym

env_id, world, steps = sys.argv[1:] or ("QA-v0", '{"level": "small"}', 20_000)
gym_env = gymnasium.make(env_id, **json.loads(world))
env: dm_env.Environment = lexigym.adapt(gym_env, to="dm_env", action_mask=True, seed=0)
q_table = collections.defaultdict(lambda: np.zeros(env.action_spec().num_values))
rng, returns, step = np.random.default_rng(0), [0.0], env.reset()
for _ in range(int(steps)):
    values = q_table[step.observation["observation"].tobytes()]
    explore, legal = rng.random() < 0.1, step.observation["action_mask"]
    scores = rng.random(len(values)) if explore else values
    action = int(np.where(legal, scores, -np.inf).argmax())
    following = env.step(action)
    if following.first():  # The step after the last one begins an episode, without a reward.
        returns.append(0.0)
    else:
        best = q_table[following.observation["observation"].tobytes()]
        best = np.where(following.observation["action_mask"], best, -np.inf).max()
        values[action] += 0.5 * (following.reward + following.discount * best - values[action])
        returns[-1] += following.reward
    step = following
print(f"dm_env on {env_id}: mean return {np.mean(returns[-100:]):.2f}")
