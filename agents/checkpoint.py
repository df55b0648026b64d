"""Checkpoints: a zip of JSON and safetensors, written in one step; nothing is executed on load."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Container, Mapping
from pathlib import Path
from typing import IO, Any

import numpy.typing as npt
import torch

from ..registry.atomic_file import atomic_file
from ..registry.checkpoint import (
    FORMAT,
    MAX_CONFIG_BYTES,
    MEMBER_NAME,
    VERSION,
    fitting,
    open_member,
    read_config,
)
from ..registry.errors import CheckpointError, shortened
from ..registry.plain_json import infinity, read_plain
from .tensor_file import read_tensor_file, write_tensor_file

__all__ = ["fitting", "read_config", "read_tensors", "require_finite", "write_checkpoint"]


def write_checkpoint(
    path: str | Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, Mapping[str, torch.Tensor | npt.NDArray[Any]]],
) -> Path:
    """Write a checkpoint in one atomic step: whatever fails, an earlier file at `path` survives.

    Args:
        path: The file; ".zip" is appended to a name without a suffix, as Stable-Baselines3 does.
        config: What JSON can hold, with the agent's name under "agent".
        tensors: For each member the tensors or arrays of numbers in it, of any shape; they are
            streamed to the file, not copied in memory.

    Returns:
        The path that was written.

    Raises:
        CheckpointError: If the content can't be represented, or if the file can't be written, as
            when the disk is full (the cause is then an `OSError`).
    """
    path = Path(path)
    if not path.suffix:
        path = path.with_name(f"{path.name}.zip")
    try:
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            _write_zip(file, config, tensors)
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} could not be written ({error.strerror or error}); any "
            "earlier file there is intact: make room, or save to another place."
        ) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} can't hold this agent: {shortened(error)}; its "
            "configuration must be plain JSON and its tensors numbers."
        ) from error
    return path


def read_tensors(path: str | Path, name: str) -> dict[str, torch.Tensor] | None:
    """Read the member `<name>.safetensors` onto the CPU; None if the checkpoint has none.

    Raises:
        CheckpointError: If `path` is not a whole checkpoint, or the member is damaged.
    """
    with open_member(path, f"{name}.safetensors") as member:
        return None if member is None else read_tensor_file(*member)


def require_finite(
    tensors: Mapping[str, torch.Tensor], path: str | Path, buffers: Container[str] = ()
) -> None:
    """Refuse weights that are not numbers: what holds them plays nothing and learns nothing.

    Args:
        tensors: The weights by name.
        path: Of the checkpoint, to be named.
        buffers: The names of those that may be infinite, as masks are.

    Raises:
        CheckpointError: If one is NaN, or infinite.
    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            continue
        wrong = tensor.isnan() if name in buffers else ~tensor.isfinite()
        if wrong.any():
            raise CheckpointError(
                f"{shortened(name)} in the checkpoint {str(path)!r} is not finite "
                f"({float(tensor[wrong][0])}): the training has diverged, or the file was edited; "
                "go back to an earlier checkpoint, and lower the learning rate."
            )


def _write_zip(
    file: IO[bytes],
    config: Mapping[str, Any],
    tensors: Mapping[str, Mapping[str, torch.Tensor | npt.NDArray[Any]]],
) -> None:
    text = json.dumps({**config, "format": FORMAT, "version": VERSION}, indent=2)
    # Or it would be refused, when the agent is long gone.
    read_plain(text, infinity)
    if len(text) > MAX_CONFIG_BYTES:
        raise ValueError(f"its configuration is longer than {MAX_CONFIG_BYTES} bytes")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # A date of its own would make two checkpoints of one state differ.
        archive.writestr(zipfile.ZipInfo("config.json"), text)
        for name, member in tensors.items():
            entry = zipfile.ZipInfo(f"{name}.safetensors")
            if not MEMBER_NAME.fullmatch(entry.filename):
                raise ValueError(f"{name!r} is not a name for a member")
            with archive.open(entry, "w", force_zip64=True) as stream:
                write_tensor_file(stream, member)
