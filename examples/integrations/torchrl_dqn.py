"""TorchRL's DQN learns an environment by its id, and never plays an illegal action."""

import json
import sys

import torch
from tensordict.nn import TensorDictSequential
from torchrl.collectors import Collector
from torchrl.data import LazyTensorStorage, TensorDictReplayBuffer
from torchrl.envs import GymEnv
from torchrl.modules import EGreedyModule, QValueActor
from torchrl.objectives import DQNLoss, SoftUpdate

import lexigym

env_id, world, steps = sys.argv[1:] or ("QA-v0", '{"level": "small"}', 20_000)
env = lexigym.adapt(GymEnv(env_id, **json.loads(world)), to="torchrl")
actions, seen = env.action_spec, env.observation_spec["observation"]
size = int(seen.space.high.max()) + 1
encode = [torch.nn.Embedding(size, 16), torch.nn.Flatten(-2)] * (seen.dtype == torch.int64)
q_network = [*encode, torch.nn.LazyLinear(128), torch.nn.ReLU(), torch.nn.LazyLinear(actions.n)]
mask = {"action_mask_key": "action_mask"}
greedy = QValueActor(torch.nn.Sequential(*q_network), spec=actions, **mask)
explore = EGreedyModule(actions, annealing_num_steps=int(steps) // 2, **mask)
greedy(env.reset())  # makes the lazy layers
loss = DQNLoss(greedy, action_space=actions, delay_value=True)
optimizer, target = torch.optim.Adam(loss.parameters(), 1e-3), SoftUpdate(loss, tau=0.01)
memory = TensorDictReplayBuffer(storage=LazyTensorStorage(10_000), batch_size=64)
policy = TensorDictSequential(greedy, explore)
frames = {"frames_per_batch": 16, "total_frames": int(steps)}
for batch in Collector(env, policy, auto_register_policy_transforms=True, **frames):
    memory.extend(batch)
    explore.step(len(batch))
    optimizer.zero_grad()
    loss(memory.sample())["loss"].backward()
    optimizer.step()
    target.step()
returns = [env.rollout(1_000, greedy)["next", "reward"].sum().item() for _ in range(20)]
print(f"torchrl on {env_id}: mean return {sum(returns) / 20:.2f}")
