"""Learn on GridRobot, save, load, and compare with the worst and the best that can be played."""

import gymnasium

import lexigym
from lexigym.agents.protocol import evaluate

env = gymnasium.make("GridRobot-v0")
agent = lexigym.make_agent("dqn", env, seed=0)  # another agent is another word: "sb3/dqn"
agent.learn(10_000)

agent.save("robot.zip")
agent = lexigym.load_agent("robot.zip")

players = {
    "random": lexigym.make_agent("random", env, seed=0),
    "trained": agent,
    "oracle": lexigym.make_agent("oracle", env),
}
for name, player in players.items():
    print(f"{name:>7}: mean return {evaluate(player, env, episodes=100).mean():.2f}")
