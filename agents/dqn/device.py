"""Where an agent computes."""

from __future__ import annotations

import torch

from ...registry.errors import InvalidArgumentError


def resolve_device(name: str) -> torch.device:
    """Return the device of a name; "auto" is CUDA where there is one, else the CPU.

    Raises:
        InvalidArgumentError: If it can't be used here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InvalidArgumentError(
            f"the device {name!r} can't be used here ({str(error).splitlines()[0]}): pass 'cpu' or "
            "'auto'."
        ) from error
    return device
