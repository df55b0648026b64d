"""Tianshou's DQN learns an environment by its id, and never plays an illegal action."""

import json
import sys

import gymnasium
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net

import lexigym

env_id, world, steps = sys.argv[1:] or ("QA-v0", '{"level": "small"}', 20_000)


def make_env() -> gymnasium.Env:
    env = gymnasium.make(env_id, **json.loads(world))
    tokens = env.observation_space.dtype == "int64"
    return lexigym.adapt(lexigym.adapt(env, to="one_hot") if tokens else env, to="tianshou")


space, actions = make_env().observation_space["obs"], make_env().action_space
net = Net(state_shape=space.shape, action_shape=actions.n, hidden_sizes=[128])
policy = DiscreteQLearningPolicy(model=net, action_space=actions, eps_training=0.1)
dqn = DQN(policy=policy, optim=AdamOptimizerFactory(), target_update_freq=100)
envs = DummyVectorEnv([make_env] * 8)
params = OffPolicyTrainerParams(
    training_collector=Collector(dqn, envs, VectorReplayBuffer(10_000, 8)),
    collection_step_num_env_steps=64,
    update_step_num_gradient_steps_per_sample=1 / 8,
    epoch_num_steps=int(steps),
    max_epochs=1,
)
dqn.run_training(params)
result = Collector(dqn, envs).collect(n_episode=20, reset_before_collect=True)
print(f"tianshou on {env_id}: mean return {result.returns.mean():.2f}")
