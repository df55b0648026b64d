"""The game drawn as texts are, with the message that was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....registry.terminal import print_picture
from ...text.picture import Scene, draw_picture, draw_text


@dataclass(frozen=True)
class RelayScene(Scene):
    """What is drawn of a game; what shows the speaker's words has one colour."""

    message: str

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The lines, each with what it shows."""
        prompt, *others = super().lines
        return [prompt, (prompt[0], f"message    {self.message}"), *others]


def show(scene: RelayScene, mode: str) -> Any:
    """Return the scene as a picture ("rgb_array") or a text ("ansi"), or print it ("human")."""
    if mode == "rgb_array":
        return draw_picture(scene)
    if mode == "ansi":
        return draw_text(scene)
    print_picture(draw_text(scene))
    return None
