"""One word swaps the agent: everything else in this script stays as it is."""

import argparse

import gymnasium

import lexigym
from lexigym.agents.protocol import evaluate

AGENTS = "random", "dqn", "sb3/dqn", "sb3/ppo", "oracle"


def main(steps: int) -> None:
    env = gymnasium.make("GridRobot-v0", size=5)
    for name in AGENTS:
        agent = lexigym.make_agent(name, env).learn(steps)
        returns = evaluate(agent, env, episodes=50)
        print(f"{name:<8} mean return {returns.mean():+.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2_000, help="what each agent learns from")
    main(**vars(parser.parse_args()))
