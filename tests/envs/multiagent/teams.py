"""Episodes of robot_team_v0 on layouts that are drawn as text."""

import itertools

import numpy as np

from lexigym.envs.multiagent import robot_team_v0
from lexigym.envs.multiagent.robot_team.layouts import TeamLayout

UP, RIGHT, DOWN, LEFT, STAY = range(5)
MOVES = [(-1, 0), (0, 1), (1, 0), (0, -1), (0, 0)]

# What a step pays by default.
FREE, BLOCKED, GOAL = -0.01, -0.06, 0.99


def next_cells_of(obstacles, size):
    """Where each action leads from every cell, by the definition."""
    free = {cell for cell in range(size * size) if not obstacles[cell]}
    table = np.empty((size * size, 5), np.int32)
    for cell, (action, (down, right)) in itertools.product(range(size * size), enumerate(MOVES)):
        row, column = cell // size + down, cell % size + right
        inside = 0 <= row < size and 0 <= column < size
        target = row * size + column
        table[cell, action] = target if inside and target in free else cell
    return table


def begin(text, **arguments):
    """Begin an episode on a drawn layout: # obstacle, capitals robots, their small letters goals.

    A cell may hold a robot and another's goal: two characters for each, dots for nothing.
    """
    rows = [line.split() for line in text.strip().splitlines()]
    size, tokens = len(rows), [token for row in rows for token in row]
    robots = sorted(letter for token in tokens for letter in token if letter.isupper())

    def find(letter):
        return next(cell for cell, token in enumerate(tokens) if letter in token)

    env = robot_team_v0.parallel_env(size=size, num_robots=len(robots), density=0, **arguments)
    env.reset(seed=0)
    obstacles = np.array([token == "#" for token in tokens], np.uint8)
    starts = np.array([find(letter) for letter in robots])
    goals = np.array([find(letter.lower()) for letter in robots])
    nothing = np.zeros((len(robots), 1), np.int32), np.zeros(len(robots), np.int64)
    env._enter(
        TeamLayout(
            obstacles,
            starts,
            goals,
            next_cells_of(obstacles, size),
            np.zeros((len(robots), size * size), np.int32),
            *nothing,
        )
    )
    return env


def play(env, *actions):
    """Take one action for each player; return the cells and the rewards."""
    paid = env.step(dict(zip(env.agents, actions, strict=True)))[1]
    return env._robots[0].tolist(), [round(reward, 3) for reward in paid.values()]
