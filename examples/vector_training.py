"""Learn on many random maps at once, and be judged on maps never seen in training."""

import argparse

import gymnasium

import lexigym
from lexigym.agents.callbacks import EvaluationCallback

WORLD = {"layout": "random", "size": 4, "density": 0.2}


def main(steps: int, num_envs: int) -> None:
    envs = gymnasium.make_vec(
        "GridRobot-v0", num_envs, vectorization_mode="vector_entry_point", **WORLD
    )
    # One call steps all the environments; updates are what takes time, hence a few per call.
    agent = lexigym.make_agent("dqn", envs, gradient_steps=num_envs // 4, seed=0)
    judge = EvaluationCallback(
        gymnasium.make("GridRobot-v0", split="test", **WORLD),
        frequency=steps // 4,
        best_model_path="best.zip",
    )
    agent.learn(steps, callback=judge)
    for timesteps, mean_return in zip(judge.timesteps, judge.mean_returns, strict=True):
        print(f"{timesteps:>7,} steps: mean return {mean_return:+.2f} on unseen maps")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12_000, help="steps over all environments")
    parser.add_argument("--num-envs", type=int, default=16, help="environments at once")
    main(**vars(parser.parse_args()))
