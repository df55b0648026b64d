"""How a team looks: a picture of pixels and a text of characters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...grid.picture import (
    EYE,
    FREE,
    GROUND,
    PICTURE_SIDE,
    PUPIL,
    ROBOTS,
    SAMPLES,
    SMALLEST_TILE,
    Colour,
    Picture,
    disc,
    draw_tile,
    rounded,
    star,
)

# Okabe and Ito (2008), whose colours stay apart for colour-blind eyes; black last.
COLOURS: tuple[Colour, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
    (0, 0, 0),
)
EDGE: Colour = (24, 32, 52)

Robot = tuple[int, int] | None


def draw_text(
    obstacles: npt.NDArray[np.uint8], goals: Sequence[int], robots: Sequence[Robot]
) -> str:
    """Draw a team as lines of characters in a frame: ██ obstacle, ★2 goal, ▼2 robot number 2.

    Args:
        obstacles: `(cells,)`.
        goals: The cell of each robot's goal.
        robots: For each its cell and its last move, None if it has arrived: its goal goes too.
    """
    size = round(len(obstacles) ** 0.5)
    tokens = ["██" if obstacle else " ·" for obstacle in obstacles]
    for i, goal in enumerate(goals):
        if robots[i] is not None:
            tokens[goal] = f"★{i}"
    for i, robot in enumerate(robots):
        if robot is not None:
            tokens[robot[0]] = f"{ROBOTS[robot[1]]}{i}"
    edge = "─" * (3 * size + 1)
    lines = [f"│ {' '.join(tokens[row * size : (row + 1) * size])} │" for row in range(size)]
    return "\n".join([f"┌{edge}┐", *lines, f"└{edge}┘"])


def draw_picture(
    obstacles: npt.NDArray[np.uint8], goals: Sequence[int], robots: Sequence[Robot]
) -> Picture:
    """Draw the same, `(side, side, 3) uint8`, about 480 pixels wide: a colour for each robot."""
    size = round(len(obstacles) ** 0.5)
    side = max(SMALLEST_TILE, PICTURE_SIDE // size)
    tiles = np.stack([draw_tile("free", side), draw_tile("obstacle", side)])
    board: Picture = tiles[obstacles.astype(np.int64)]
    owners = {goal: i for i, goal in enumerate(goals) if robots[i] is not None}
    for goal, owner in owners.items():
        board[goal] = draw_team_tile(side, owner, None, None)
    for i, robot in enumerate(robots):
        if robot is not None:
            cell, facing = robot
            board[cell] = draw_team_tile(side, owners.get(cell), i, facing)
    rows = board.reshape(size, size, side, side, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(rows.reshape(size * side, size * side, 3))


@lru_cache(maxsize=512)
def draw_team_tile(side: int, owner: int | None, robot: int | None, facing: int | None) -> Picture:
    """Draw one tile, `(side, side, 3) uint8`: whose goal it is, and which robot is on it."""
    centres = (np.arange(side * SAMPLES) + 0.5) / (side * SAMPLES) * 2 - 1
    x, y = np.meshgrid(centres, centres)
    tile = np.empty((side * SAMPLES, side * SAMPLES, 3))
    tile[:] = GROUND
    tile[rounded(x, y, 0.94, 0.16)] = FREE
    if owner is not None:
        tile[rounded(x, y, 0.94, 0.16) & ~rounded(x, y, 0.84, 0.1)] = COLOURS[owner]
        tile[star(x, y + 0.03, 0.74)] = EDGE
        tile[star(x, y + 0.03, 0.66)] = COLOURS[owner]
    if robot is not None and facing is not None:
        # Turned so that "ahead" points up whatever the direction.
        across, ahead = [(x, -y), (y, x), (-x, y), (-y, -x)][facing]
        tile[rounded(x, y, 0.7, 0.34)] = EDGE
        tile[rounded(x, y, 0.65, 0.3)] = COLOURS[robot]
        for eye in (-0.26, 0.26):
            tile[disc(across - eye, ahead - 0.2, 0.21)] = EDGE
            tile[disc(across - eye, ahead - 0.2, 0.18)] = EYE
            tile[disc(across - eye, ahead - 0.27, 0.1)] = PUPIL
    pixels = tile.reshape(side, SAMPLES, side, SAMPLES, 3).mean(axis=(1, 3))
    return np.asarray(np.rint(pixels), np.uint8)
