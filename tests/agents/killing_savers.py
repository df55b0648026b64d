"""A process whose children save an agent again and again, until each is killed at some moment."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

import lexigym

KILLS = 50
# What a save takes is measured; a kill comes within so many of them.
SAVES = 3


def save_forever(agent: Any, path: Path, ready: int) -> None:
    agent.save(path, training_state=True)
    os.write(ready, b"!")
    while True:
        agent.num_timesteps += 1
        agent.save(path, training_state=True)


def killed_at(seconds: float, agent: Any, path: Path) -> None:
    """Let a child save, and kill it so many seconds after its first save."""
    came, ready = os.pipe()
    child = os.fork()
    if child == 0:
        save_forever(agent, path, ready)
    os.read(came, 1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(came)
    os.close(ready)


def main(path: Path) -> None:
    """Print how many children were killed in the middle of a save."""
    hyperparameters = {"net_arch": [32], "learning_starts": 20, "buffer_size": 2_000, "seed": 0}
    agent = lexigym.make_agent("dqn", "GridRobot-v0", device="cpu", **hyperparameters).learn(2_000)
    agent.save(path, training_state=True)
    started = time.perf_counter()
    agent.save(path, training_state=True)
    seconds = time.perf_counter() - started
    generator = random.Random(0)
    halves = 0
    for _ in range(KILLS):
        before = lexigym.load_agent(path).num_timesteps
        agent.num_timesteps = before + 1
        killed_at(generator.uniform(0, SAVES * seconds), agent, path)
        loaded = lexigym.load_agent(path, "GridRobot-v0")
        # A whole one, of this child or of one before.
        assert loaded.num_timesteps > before
        assert len(loaded.memory) == len(agent.memory)
        left = [each for each in path.parent.iterdir() if each != path]
        # Each save removes what those before it left.
        assert len(left) <= 1, left
        halves += len(left)
    agent.save(path, training_state=True)
    assert list(path.parent.iterdir()) == [path]
    print(halves)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
