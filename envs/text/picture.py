"""A text that is being written, drawn: for terminals, and as a picture for videos."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import logger

from ...registry.terminal import printable

WIDTH, LINE, MARGIN, FONT_SIZE = 640, 26, 14, 18
COLUMNS = 64

BOLD, DIM, GREEN, CYAN, RESET = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
TERMINAL = {"prompt": CYAN, "text": BOLD, "reference": DIM, "score": GREEN}
COLOURS = {
    "prompt": (20, 90, 140),
    "text": (20, 20, 20),
    "reference": (130, 130, 130),
    "score": (30, 120, 50),
}
PAPER = (250, 249, 245)

# From here on a character needs a font of its own, of which systems have one of these.
IDEOGRAPHS = "\u2e80"
CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
)


@dataclass(frozen=True)
class Scene:
    """What is drawn of an episode."""

    prompt: str
    text: str
    references: Sequence[str]
    score: float
    parts: Mapping[str, float]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The lines, each with what it shows."""
        parts = "".join(f"  {name} {value:.2f}" for name, value in self.parts.items())
        return [
            ("prompt", f"prompt     {self.prompt}"),
            ("text", f"text       {self.text}"),
            *[("reference", f"reference  {reference}") for reference in self.references],
            ("score", f"score      {self.score:.3f}{parts}"),
        ]


def draw_text(scene: Scene) -> str:
    """Return the lines of the scene, coloured by the escape codes that terminals know."""
    return "\n".join(f"{TERMINAL[kind]}{printable(line)}{RESET}" for kind, line in scene.lines)


def draw_picture(scene: Scene) -> npt.NDArray[np.uint8]:
    """Return the scene as `(height, width, 3) uint8`, of one size for one example."""
    # Imported here because only pictures need it.
    from PIL import Image, ImageDraw

    rows: list[tuple[str, str]] = []
    for kind, line in scene.lines:
        wrapped = textwrap.wrap(line, COLUMNS) or [""]
        # The text has room for two lines from the start, so that a video's frames agree.
        wrapped += [""] * (2 - len(wrapped)) if kind == "text" else []
        rows += [(kind, part) for part in wrapped]
    image = Image.new("RGB", (WIDTH, LINE * len(rows) + 2 * MARGIN), PAPER)
    written = "".join(line for _, line in scene.lines)
    canvas, font = ImageDraw.Draw(image), _font(any(each >= IDEOGRAPHS for each in written))
    for row, (kind, line) in enumerate(rows):
        canvas.text((MARGIN, MARGIN + LINE * row), line, fill=COLOURS[kind], font=font)
    return np.asarray(image, dtype=np.uint8).copy()


@cache
def _font(chinese: bool) -> Any:
    from PIL import ImageFont

    if chinese:
        for name in CHINESE_FONTS:
            with suppress(OSError):
                return ImageFont.truetype(name, FONT_SIZE)
        logger.warn(
            "no font for Chinese characters was found, so they are drawn as boxes: install one, "
            f"such as Debian's fonts-noto-cjk; these are looked for: {', '.join(CHINESE_FONTS)}."
        )
    return ImageFont.load_default(FONT_SIZE)
