"""How much memory a network may take while it is built, where a file says how large it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

FACTORIES = (torch.empty, torch.zeros, torch.ones)
# What a network may take besides its weights, such as a causal mask.
SPARE_NUMBERS = 1 << 24


class AllocatingAtMost(TorchFunctionMode):
    """Within it, networks that are much larger than some weights can't be built.

    A checkpoint tells the size of its network in a few digits: without a limit, one of a kilobyte
    could fill all memory before its weights are found not to fit.

    Args:
        weights: Those that the network is built for. Of each, two may be made: a weight that is
            shared by two layers is made for both.

    Raises:
        ValueError: If more is asked for.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._left = SPARE_NUMBERS + 2 * sum(each.numel() for each in weights.values())

    def __torch_function__(
        self, func: Any, types: Iterable[Any], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Count what is asked for."""
        kwargs = kwargs or {}
        if func in FACTORIES:
            size = kwargs.get("size", args)
            if len(size) == 1 and not isinstance(size[0], int):
                (size,) = size
            self._left -= math.prod(size)
            if self._left < 0:
                raise ValueError("its configuration tells of a network far larger than its weights")
        return func(*args, **kwargs)
