"""Discrete actions of which some are forbidden for now."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ...registry.errors import InvalidArgumentError


class LegalDiscrete(spaces.Discrete):
    """`Discrete(n)` that samples among the actions that the mask of the moment allows.

    So what samples blindly, as much code for several players does, still plays by the rules. It
    contains the forbidden actions, too.

    Args:
        n: How many actions there are.

    Attributes:
        legal: `(n,) int8`, 1 for those that are legal now; whoever owns the space sets it.
    """

    legal: npt.NDArray[np.int8]

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.legal = np.ones(n, np.int8)

    def sample(self, mask: Any = None, probability: Any = None) -> np.int64:
        """Return a random action; without a mask and probabilities, a legal one."""
        if mask is None and probability is None:
            mask = self.legal
        return super().sample(mask, probability)

    def check(self, player: str, action: Any) -> int:
        """Return a legal action as an int.

        Raises:
            InvalidArgumentError: If it is no integer of the space, or forbidden now.
        """
        try:
            chosen = index(action)
            legal = self.legal[chosen] if chosen >= 0 else None
        except (TypeError, IndexError):
            legal = None
        if legal is None:
            raise InvalidArgumentError(
                f"the action of {player} must be an integer from 0 to {int(self.n) - 1}, got "
                f"{action!r}."
            )
        if not legal:
            raise InvalidArgumentError(
                f"{player} may not take action {chosen} now: choose one that "
                f"infos[{player!r}]['action_mask'] allows."
            )
        return chosen
