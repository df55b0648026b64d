"""DQN in one file, in CleanRL's manner, right about masks and, in SAME_STEP mode, final_obs."""

import copy
import json
import sys

import gymnasium as gym
import numpy as np
import torch
from torch import nn

import lexigym

env_id, world, steps = sys.argv[1:] or ("QA-v0", '{"level": "small"}', 20_000)
envs = gym.make_vec(env_id, 8, "vector_entry_point", autoreset_mode="SameStep", **json.loads(world))
recorder = envs = gym.wrappers.vector.RecordEpisodeStatistics(envs)
if envs.single_observation_space.dtype == np.int64:  # tokens
    envs = lexigym.adapt(envs, to="one_hot")
inputs, size = int(np.prod(envs.single_observation_space.shape)), int(envs.single_action_space.n)
q = nn.Sequential(nn.Flatten(), nn.Linear(inputs, 128), nn.ReLU(), nn.Linear(128, size))
optimizer, target = torch.optim.Adam(q.parameters()), copy.deepcopy(q)
(seen, infos), memory, ones = envs.reset(seed=0), [], np.ones((8, size))
for step in range(int(steps) // 8):
    target.load_state_dict((target if step % 100 else q).state_dict())
    illegal = torch.as_tensor(infos.get("action_mask", ones) == 0)
    values = torch.where(torch.rand(8, 1) < 0.1, torch.rand(8, size), q(torch.as_tensor(seen)))
    actions = values.masked_fill(illegal, -torch.inf).argmax(1).numpy()
    following, rewards, terminated, truncated, infos = envs.step(actions)
    ends, masks = following.copy(), infos.get("action_mask", ones).copy()
    for i in np.flatnonzero(terminated | truncated):  # `following` is of the next episode there.
        ends[i], masks[i] = infos["final_obs"][i], infos["final_info"].get("action_mask", ones)[i]
    new = zip(seen, actions, rewards, ends, masks, terminated, strict=True)
    seen, memory = following, [*memory[-10_000:], *new]
    batch = zip(*(memory[i] for i in torch.randint(len(memory), (64,))), strict=True)
    state, action, reward, end, mask, done = (torch.as_tensor(np.array(part)) for part in batch)
    goal = reward + 0.99 * ~done * target(end).masked_fill(mask == 0, -torch.inf).amax(1).detach()
    optimizer.zero_grad()
    (q(state).gather(1, action[:, None])[:, 0] - goal).square().mean().backward()
    optimizer.step()
print(f"cleanrl on {env_id}: mean return {np.mean(recorder.return_queue):.2f}")
