"""How a grid looks: a picture of pixels and a text of characters.

Pictures are made of square tiles, each drawn once from the inequalities of its shapes, sampled
finely and averaged so that edges are smooth.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Mask = npt.NDArray[np.bool_]

PICTURE_SIDE = 480
SMALLEST_TILE = 4
SAMPLES = 4

GROUND: Colour = (247, 245, 240)
FREE: Colour = (235, 231, 223)
OBSTACLE: Colour = (71, 82, 102)
OBSTACLE_TOP: Colour = (92, 105, 128)
GOAL: Colour = (214, 236, 214)
STAR: Colour = (240, 178, 41)
ROBOT: Colour = (47, 111, 221)
ROBOT_TOP: Colour = (86, 144, 240)
EYE: Colour = (255, 255, 255)
PUPIL: Colour = (24, 32, 52)

ROBOTS = "▲▶▼◀"


def draw_picture(obstacles: npt.NDArray[np.uint8], goal: int, robot: int, facing: int) -> Picture:
    """Draw a map and the robot on it, `(side, side, 3) uint8`, about 480 pixels wide.

    Args:
        obstacles: `(cells,)`.
        goal: The goal's cell.
        robot: The robot's cell.
        facing: The robot's last move, 0 up, 1 right, 2 down, 3 left.
    """
    size = round(len(obstacles) ** 0.5)
    side = max(SMALLEST_TILE, PICTURE_SIDE // size)
    kinds = obstacles.astype(np.int64)
    kinds[goal] = 2
    tiles = np.stack(
        [draw_tile("free", side), draw_tile("obstacle", side), draw_tile("goal", side)]
    )
    board: Picture = tiles[kinds]
    board[robot] = draw_tile("goal" if robot == goal else "free", side, facing)
    rows = board.reshape(size, size, side, side, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(rows.reshape(size * side, size * side, 3))


def draw_text(obstacles: npt.NDArray[np.uint8], goal: int, robot: int, facing: int) -> str:
    """Draw the same as lines of characters in a frame: █ obstacle, ★ goal, ▲▶▼◀ robot."""
    size = round(len(obstacles) ** 0.5)
    characters = ["█" if obstacle else "·" for obstacle in obstacles]
    characters[goal] = "★"
    characters[robot] = ROBOTS[facing]
    edge = "─" * (2 * size + 1)
    lines = [f"│ {' '.join(characters[row * size : (row + 1) * size])} │" for row in range(size)]
    return "\n".join([f"┌{edge}┐", *lines, f"└{edge}┘"])


@lru_cache(maxsize=256)
def draw_tile(kind: str, side: int, facing: int | None = None) -> Picture:
    """Draw one tile, `(side, side, 3) uint8`: "free", "obstacle" or "goal", and a robot on it."""
    centres = (np.arange(side * SAMPLES) + 0.5) / (side * SAMPLES) * 2 - 1
    x, y = np.meshgrid(centres, centres)
    tile = np.empty((side * SAMPLES, side * SAMPLES, 3))
    tile[:] = GROUND
    if kind == "obstacle":
        tile[rounded(x, y, 0.92, 0.26)] = OBSTACLE
        tile[rounded(x, y + 0.1, 0.8, 0.2) & (y < 0.62)] = OBSTACLE_TOP
    else:
        tile[rounded(x, y, 0.94, 0.16)] = GOAL if kind == "goal" else FREE
    if kind == "goal":
        tile[star(x, y + 0.03, 0.68)] = STAR
    if facing is not None:
        draw_robot(tile, x, y, facing)
    pixels = tile.reshape(side, SAMPLES, side, SAMPLES, 3).mean(axis=(1, 3))
    return np.asarray(np.rint(pixels), np.uint8)


def draw_robot(
    tile: npt.NDArray[np.float64],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    facing: int,
) -> None:
    """Draw the robot onto a tile: a rounded body whose face looks where it last moved."""
    # Turned so that "ahead" points up whatever the direction.
    across, ahead = [(x, -y), (y, x), (-x, y), (-y, -x)][facing]
    tile[rounded(x, y, 0.72, 0.34)] = ROBOT
    tile[rounded(x, y, 0.6, 0.26)] = ROBOT_TOP
    tile[(ahead > 0.72) & (ahead < 0.88) & (np.abs(across) < 0.88 - ahead)] = ROBOT
    for eye in (-0.26, 0.26):
        tile[disc(across - eye, ahead - 0.2, 0.2)] = EYE
        tile[disc(across - eye, ahead - 0.29, 0.1)] = PUPIL


def rounded(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], half_side: float, radius: float
) -> Mask:
    """Return where a centred square with rounded corners is."""
    straight = half_side - radius
    outside = np.hypot(np.maximum(np.abs(x) - straight, 0), np.maximum(np.abs(y) - straight, 0))
    return np.asarray(outside <= radius)


def disc(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], radius: float) -> Mask:
    """Return where a centred disc is."""
    return np.asarray(x * x + y * y <= radius * radius)


def star(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], radius: float) -> Mask:
    """Return where a centred five-pointed star is: in at least four of its five half-planes."""
    angles = np.pi * (0.5 + 0.4 * np.arange(5))
    inner = radius * np.cos(0.4 * np.pi)
    # The edges of a pentagram lie opposite to its points.
    inside = sum((-x * np.cos(angle) + y * np.sin(angle) <= inner).astype(int) for angle in angles)
    return np.asarray(inside >= 4)
