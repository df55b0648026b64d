"""A dialogue, drawn: for terminals, and as a picture for videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...text.picture import COLUMNS, Scene
from ...text.picture import draw_picture as draw_scene
from ...text.picture import draw_text as draw_lines
from .dialogue import ANSWERS, Dialogue

# A picture shows the last so many questions, or as many as may be asked.
QUESTIONS = 20

Lines = list[tuple[str, str]]


@dataclass(frozen=True)
class Drawn(Scene):
    """Lines in place of the scene of a text."""

    spoken: tuple[tuple[str, str], ...]

    @property
    def lines(self) -> Lines:
        """The lines, each with what it shows."""
        return list(self.spoken)


def drawn(lines: Lines) -> Drawn:
    """Return what the pictures of texts take."""
    return Drawn("", "", (), 0.0, {}, tuple(lines))


def draw_text(dialogue: Dialogue) -> str:
    """Return the dialogue as lines, coloured by the escape codes that terminals know.

    Yes is green, no is grey, and an answer with an exclamation mark is not true.
    """
    return draw_lines(drawn(lines_of(dialogue)))


def draw_picture(dialogue: Dialogue) -> npt.NDArray[np.uint8]:
    """Return the dialogue as `(height, width, 3) uint8`, of one size for one environment."""
    first, *others = lines_of(dialogue)
    shown = min(dialogue.max_questions, QUESTIONS) + 1
    lines = [first, *others[-shown:]]
    lines += [("prompt", "")] * (shown + 1 - len(lines))
    return draw_scene(drawn([(kind, cut(line)) for kind, line in lines]))


def lines_of(dialogue: Dialogue) -> Lines:
    """Return the lines, each with its colour by the names that the pictures of texts have."""
    table, truths = dialogue.table, dialogue.truths
    lines = [("prompt", f"hidden   {table.entities[dialogue.entity]}")]
    for place, question in enumerate(dialogue.asked):
        kind, answer = "prompt", "..."
        if place < len(dialogue.answers):
            given = dialogue.answers[place]
            kind = "score" if given else "reference"
            answer = ANSWERS[given] + ("" if given == truths[question] else "!")
        lines.append((kind, f"{place + 1:>2} {answer:<5} {table.questions[question]}"))
    if dialogue.named >= 0:
        kind, verdict = ("score", "right") if dialogue.right else ("reference", "wrong")
        lines.append((kind, f"named    {table.entities[dialogue.named]}: {verdict}"))
    return lines


def cut(line: str) -> str:
    """Return the line, its end cut off if there is no room for it."""
    return line if len(line) <= COLUMNS else f"{line[: COLUMNS - 1]}…"
