"""Two robots learn to reach their goals on one grid, by one agent that both share."""

import argparse

import gymnasium

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.envs.multiagent import robot_team_v0


def main(steps: int) -> None:
    # Any environments of PettingZoo will do, in either of its two forms.
    games = [robot_team_v0.parallel_env(size=3) for _ in range(8)]
    learned = lexigym.make_agent("independent", games, agent="dqn", shared=True, seed=0)
    learned.learn(steps)

    # The same game by id: one Gymnasium environment that moves for all players.
    env = gymnasium.make("robot_team_v0", size=3, split="test", render_mode="ansi")
    agents = {
        "random": lexigym.make_agent("random", env, seed=0),
        "independent": learned,
        "oracle": lexigym.make_agent("oracle", env),
    }
    for name, agent in agents.items():
        print(f"{name:<11} mean return {evaluate(agent, env, 100).mean():+.2f}")
    env.reset(seed=0)
    print(env.render())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4_000, help="decisions to learn from")
    main(**vars(parser.parse_args()))
