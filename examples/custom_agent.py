"""An agent of your own, registered under a name: tabular Q-learning (Watkins 1989)."""

import argparse

import gymnasium
import numpy as np

import lexigym
from lexigym.agents.checkpoint import read_config, read_tensors, write_checkpoint
from lexigym.agents.protocol import evaluate


class QLearning:
    """The update: Q(s, a) moves towards r + gamma max_a' Q(s', a')."""

    def __init__(self, env, *, learning_rate=0.5, gamma=0.99, epsilon=0.2, seed=0):
        self.env, self.generator, self.seed = env, np.random.default_rng(seed), seed
        self.learning_rate, self.gamma, self.epsilon = learning_rate, gamma, epsilon
        if env is not None:
            self.table = np.zeros((env.observation_space.n, env.action_space.n))

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        """Choose the action of the highest value, or sometimes another."""
        values = self.table[observation]
        actions = values.argmax(axis=-1)
        if not deterministic:
            explores = self.generator.random(actions.shape) < self.epsilon
            random = self.generator.integers(values.shape[-1], size=actions.shape)
            actions = np.where(explores, random, actions)
        return (actions if np.ndim(observation) else int(actions)), state

    def learn(self, total_timesteps, callback=None, progress_bar=False):
        """Move each value towards its target, one step after the other."""
        observation, _ = self.env.reset(seed=self.seed)
        for _ in range(total_timesteps):
            action, _ = self.predict(observation)
            following, reward, terminated, truncated, _ = self.env.step(action)
            bootstrap = 0.0 if terminated else self.gamma * self.table[following].max()
            error = reward + bootstrap - self.table[observation, action]
            self.table[observation, action] += self.learning_rate * error
            observation = self.env.reset()[0] if terminated or truncated else following
        return self

    def save(self, path):
        """Write the table and the agent's name."""
        write_checkpoint(path, {"agent": "q-learning"}, {"model": {"table": self.table}})

    @classmethod
    def load(cls, path, env=None):
        """Read what `save` wrote; playing needs no environment."""
        read_config(path, agent="q-learning")  # refuses a checkpoint of another agent
        agent = cls(env)
        agent.table = read_tensors(path, "model")["table"].numpy()
        return agent


lexigym.register_agent("q-learning", QLearning, "a table of values, one per cell and action")


def main(steps: int) -> None:
    env = gymnasium.make("GridRobot-v0", observation="index")
    lexigym.make_agent("q-learning", env, epsilon=0.3).learn(steps).save("q-learning.zip")
    agent = lexigym.load_agent("q-learning.zip")
    oracle = lexigym.make_agent("oracle", env)
    print(f"q-learning: mean return {evaluate(agent, env, episodes=100).mean():.3f}")
    print(f"    oracle: mean return {evaluate(oracle, env, episodes=100).mean():.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000, help="environment steps to learn from")
    main(**vars(parser.parse_args()))
