"""The window of `render_mode="human"`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...registry.requirements import require


class Window:
    """A window that opens with the first picture and paces them; pickled, it is closed.

    Args:
        fps: Pictures per second.

    Raises:
        MissingDependencyError: If pygame is not installed.
    """

    def __init__(self, fps: int) -> None:
        self.fps = fps
        self._pygame = require("pygame", "render_mode='human'", "lexigym[window]")
        self._screen: Any = None
        self._clock: Any = None

    def __reduce__(self) -> tuple[type[Window], tuple[int]]:
        return Window, (self.fps,)

    def show(self, picture: npt.NDArray[np.uint8]) -> None:
        """Show a `(height, width, 3)` picture, waiting as long as the pace asks."""
        pygame = self._pygame
        height, width, _ = picture.shape
        if self._screen is None:
            pygame.display.init()
            pygame.display.set_caption("GridRobot")
            self._screen = pygame.display.set_mode((width, height))
            self._clock = pygame.time.Clock()
        self._screen.blit(pygame.surfarray.make_surface(picture.transpose(1, 0, 2)), (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self.fps)

    def close(self) -> None:
        """Close the window; the next picture opens another."""
        if self._screen is not None:
            self._pygame.display.quit()
            self._screen = None
