"""A speaker and a listener agree on a code: each is an agent of its own, and BLEU pays both."""

import argparse

import gymnasium

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.envs.multiagent import translation_relay_v0


def main(steps: int) -> None:
    games = [translation_relay_v0.env() for _ in range(8)]
    # Which agent plays whom can be told player by player.
    players = {"speaker_0": "dqn", "listener_0": "dqn"}
    agent = lexigym.make_agent("independent", games, agent=players, seed=0)
    agent.learn(steps)

    env = gymnasium.make("translation_relay_v0", render_mode="ansi")
    # All sentences of the split, once each.
    print(f"mean return {evaluate(agent, env).mean():.2f}, of 1.00 that the oracles earn")
    print(env.render())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4_000, help="symbols and tokens to learn from")
    main(**vars(parser.parse_args()))
