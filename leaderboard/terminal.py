"""The terminal, to which whatever others wrote goes through one place."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ..registry.terminal import LINES, printable


class Terminal(Console):
    """A console that shows texts and obeys none: codes and colours are those of rich alone."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield what is shown, its control characters spelled out but for the ends of lines."""
        for segment in super().render(renderable, options):
            if segment.control is None:
                segment = segment._replace(text=printable(segment.text, keep=LINES))
            yield segment
