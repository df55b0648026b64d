"""RLlib's PPO or DQN learns an environment by its id, and never plays an illegal action."""

import argparse
import json

from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from lexigym.agents.adapters.rllib import register
from lexigym.agents.adapters.rllib_modules import MaskedDQN, MaskedPPO

ALGORITHMS = {"ppo": (PPOConfig, MaskedPPO), "dqn": (DQNConfig, MaskedDQN)}


def main(id: str, algorithm: str, arguments: str, steps: int, workers: int) -> None:  # noqa: A002
    make_config, module_class = ALGORITHMS[algorithm]
    world = json.loads(arguments)
    config = (
        make_config()
        .environment(register(id), env_config=world)
        .env_runners(num_env_runners=workers)
        .rl_module(rl_module_spec=RLModuleSpec(module_class=module_class))
        .evaluation(evaluation_config={"env_config": world | {"split": "test"}, "explore": False})
    )
    trained = config.build_algo()
    while trained.train()["num_env_steps_sampled_lifetime"] < steps:
        pass
    result = trained.evaluate()["env_runners"]
    print(f"{algorithm} on {id}: mean return {result['episode_return_mean']:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("id", nargs="?", default="QA-v0")
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="ppo")
    parser.add_argument("--arguments", default='{"level": "small"}', help="of the environment")
    parser.add_argument("--steps", type=int, default=4_000, help="what is learned from")
    parser.add_argument("--workers", type=int, default=0, help="processes; 0 is this one")
    main(**vars(parser.parse_args()))
