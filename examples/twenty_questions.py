"""A guesser learns what to ask about a hidden element; the oracle answers truthfully."""

import argparse

import gymnasium

import lexigym
from lexigym.agents.protocol import evaluate


def main(steps: int) -> None:
    env = gymnasium.make(
        "twenty_questions_v0",
        category="elements",
        level="small",
        # Whom the environment itself plays; who is left learns.
        oracle_players=["answerer_0"],
        render_mode="ansi",
    )
    agent = lexigym.make_agent(
        "independent",
        env,
        agent="dqn",
        hyperparameters={"munchausen": False, "exploration_fraction": 0.6},
        seed=0,
    )
    agent.learn(steps)
    for name, each in {"independent": agent, "oracle": lexigym.make_agent("oracle", env)}.items():
        # Each element is hidden once.
        print(f"{name:<11} mean return {evaluate(each, env).mean():.2f}")
        print(env.render())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4_000, help="questions to learn from")
    main(**vars(parser.parse_args()))
