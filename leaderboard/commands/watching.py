"""`lexigym watch`: an episode of a saved agent, in the terminal or as a moving picture."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.live import Live
from rich.text import Text

from ...agents.protocol import episode_seeds, takes_action_masks
from ...registry.agents import load_agent
from ...registry.atomic_file import atomic_file
from ...registry.environments import ENVIRONMENTS, find_spec, make_environment
from ...registry.errors import InvalidArgumentError
from ...registry.requirements import require
from ...registry.terminal import printable
from ..terminal import Terminal
from .training import environment_to_play

FRAMES_PER_SECOND = 4


def watch(arguments: argparse.Namespace) -> None:
    """Play one episode and show it."""
    out = None if arguments.out is None else Path(arguments.out)
    if out is not None:
        _require_writable_format(out)
    mode = "ansi" if out is None else "rgb_array"
    name, keywords = environment_to_play(arguments)
    _require_render_mode(name, mode)
    with make_environment(name, **keywords | {"render_mode": mode}) as env:
        agent = load_agent(arguments.checkpoint, env, trust=arguments.trust, agent=arguments.agent)
        explains = out is None and hasattr(agent, "explain")
        frames = _play(agent, env, next(episode_seeds(arguments.seed)), explains)
        frames_per_second = env.metadata.get("render_fps", FRAMES_PER_SECOND)
        if out is None:
            _show(frames, frames_per_second)
        else:
            _write(frames, frames_per_second, out)
            print(printable(f"wrote {out}"))


def _play(agent: Any, env: Any, seed: int, explains: bool) -> Iterator[Any]:
    """Play an episode greedily, and yield the picture of each state.

    An agent that explains itself, by `explain(observation, action_masks)` of the next action and
    `explain_text(observation, action_masks)` of all, adds what it says.
    """
    masked = takes_action_masks(agent)
    observation, info = env.reset(seed=seed)
    state, episode_start, done = None, np.ones(1, dtype=bool), False
    while not done:
        mask = info.get("action_mask") if masked else None
        frame = env.render()
        yield f"{frame}\n\n{agent.explain(observation, mask)}" if explains else frame
        keywords = {} if mask is None else {"action_masks": mask}
        action, state = agent.predict(
            observation, state, episode_start, deterministic=True, **keywords
        )
        observation, _, terminated, truncated, info = env.step(action)
        episode_start, done = np.zeros(1, dtype=bool), terminated or truncated
    frame = env.render()
    yield f"{frame}\n\n{agent.explain_text(observation, mask)}" if explains else frame


def _show(frames: Iterator[str], frames_per_second: float) -> None:
    console = Terminal(highlight=False)
    if not console.is_terminal:
        for frame in frames:
            console.print(Text.from_ansi(frame), end="\n\n")
        return
    with Live(console=console, auto_refresh=False) as live:
        for frame in frames:
            live.update(Text.from_ansi(frame), refresh=True)
            time.sleep(1 / frames_per_second)


def _write(frames: Iterator[Any], frames_per_second: float, path: Path) -> None:
    import imageio.v3 as imageio

    pictures = np.stack(list(frames))
    with atomic_file(path) as temporary:
        if path.suffix == ".gif":
            imageio.imwrite(temporary, pictures, duration=1000 / frames_per_second, loop=0)
        else:
            # Browsers play only pictures whose sides are even: hence the default macro block.
            imageio.imwrite(temporary, pictures, fps=frames_per_second, plugin="FFMPEG")


def _require_render_mode(name: str, mode: str) -> None:
    environment = ENVIRONMENTS.load(ENVIRONMENTS.entry_of(find_spec(name)))
    metadata = getattr(environment, "metadata", {"render_modes": [mode]})
    if mode not in metadata.get("render_modes", ()):
        other = "leave out --out" if mode == "rgb_array" else "pass --out FILE.gif"
        raise InvalidArgumentError(
            f"the environment {name!r} has no render mode {mode!r}: {other}, or add it."
        )


def _require_writable_format(path: Path) -> None:
    if path.suffix not in (".gif", ".mp4"):
        raise InvalidArgumentError(f"--out must end in .gif or .mp4, got {str(path)!r}: rename it.")
    if path.suffix == ".mp4":
        require("imageio_ffmpeg", "writing .mp4", "lexigym[video]", "write a .gif")
