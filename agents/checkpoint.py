"""Checkpoints: a zip or a directory of JSON and safetensors, from which nothing is ever executed.

A checkpoint holds `config.json`, with the keys `format`, `version` and `agent` and whatever else
the agent needs, and members `<name>.safetensors`. Members of a zip are stored uncompressed, so that
unpacking one by hand gives an equally good checkpoint.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy.typing as npt
import torch

from ..registry.checkpoint import FORMAT
from ..registry.errors import CheckpointError
from .tensor_file import read_tensor_file, write_tensor_file

VERSION = 1
MEMBER_NAME = re.compile(r"config\.json|[A-Za-z0-9_-]+\.safetensors")


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
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                _write_zip(file, config, tensors)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} could not be written ({error.strerror or error}); any "
            "earlier file there is intact: make room, or save to another place."
        ) from error
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} can't hold this agent: {error}; its configuration must "
            "be plain JSON and its tensors numbers."
        ) from error
    return path


def read_config(path: str | Path, agent: str | None = None) -> dict[str, Any]:
    """Read and check a checkpoint's `config.json`.

    Args:
        path: The file or directory; ".zip" may be left out.
        agent: The agent it must be of; None takes any.

    Raises:
        CheckpointError: If `path` is not a whole checkpoint of a version known here, or is another
            agent's.
    """
    with _open_member(path, "config.json") as member:
        config = None if member is None else json.loads(member[0].read())
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise _not_a_checkpoint(path, f"it has no config.json of format {FORMAT!r}")
    if config.get("version") != VERSION:
        raise CheckpointError(
            f"{str(path)!r} has checkpoint version {config.get('version')!r}, but this lexigym "
            f"reads version {VERSION}: install the lexigym that wrote it, or a newer one."
        )
    if not isinstance(config.get("agent"), str):
        raise _not_a_checkpoint(path, "its config.json names no agent")
    if agent is not None and config["agent"] != agent:
        raise CheckpointError(
            f"{str(path)!r} is a checkpoint of {config['agent']!r}, not of {agent!r}: load it with "
            "lexigym.load_agent."
        )
    return config


def read_tensors(path: str | Path, name: str) -> dict[str, torch.Tensor] | None:
    """Read the member `<name>.safetensors` onto the CPU; None if the checkpoint has none.

    Raises:
        CheckpointError: If `path` is not a whole checkpoint, or the member is damaged.
    """
    with _open_member(path, f"{name}.safetensors") as member:
        return None if member is None else read_tensor_file(*member)


def _write_zip(
    file: IO[bytes],
    config: Mapping[str, Any],
    tensors: Mapping[str, Mapping[str, torch.Tensor | npt.NDArray[Any]]],
) -> None:
    text = json.dumps({**config, "format": FORMAT, "version": VERSION}, indent=2)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        # A date of its own would make two checkpoints of one state differ.
        archive.writestr(zipfile.ZipInfo("config.json"), text)
        for name, member in tensors.items():
            entry = zipfile.ZipInfo(f"{name}.safetensors")
            if not MEMBER_NAME.fullmatch(entry.filename):
                raise ValueError(f"{name!r} is not a name for a member")
            with archive.open(entry, "w", force_zip64=True) as stream:
                write_tensor_file(stream, member)


@contextmanager
def _open_member(path: str | Path, name: str) -> Iterator[tuple[IO[bytes], int] | None]:
    """Open a member for reading and tell its size; whatever is wrong is a `CheckpointError`."""
    path = Path(path)
    if not path.suffix and not path.exists():
        path = path.with_name(f"{path.name}.zip")
    try:
        with ExitStack() as stack:
            member: tuple[IO[bytes], int] | None = None
            if path.is_dir():
                if (path / name).is_file():
                    stream: IO[bytes] = stack.enter_context((path / name).open("rb"))
                    member = stream, (path / name).stat().st_size
            else:
                archive = stack.enter_context(zipfile.ZipFile(path))
                _check_entries(archive, path.stat().st_size)
                if name in archive.namelist():
                    stream = stack.enter_context(archive.open(name))
                    member = stream, archive.getinfo(name).file_size
            yield member
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} can't be read ({error.strerror or error}): pass the "
            "path that an agent was saved to."
        ) from error
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError, struct.error) as error:
        raise _not_a_checkpoint(path, str(error)) from error


def _check_entries(archive: zipfile.ZipFile, archive_size: int) -> None:
    """Refuse, before anything is read, what `write_checkpoint` doesn't write."""
    entries = archive.infolist()
    for entry in entries:
        if not MEMBER_NAME.fullmatch(entry.filename):
            raise ValueError(f"it has a member {entry.filename!r}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise ValueError(f"its member {entry.filename!r} is compressed")
    if len(set(archive.namelist())) != len(entries):
        raise ValueError("it has two members of one name")
    if sum(entry.file_size for entry in entries) > archive_size:
        raise ValueError("its members are larger than the file")


def _sync_directory(directory: Path) -> None:
    """Make the renaming durable, where directories can be synced at all."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_a_checkpoint(path: str | Path, reason: str) -> CheckpointError:
    return CheckpointError(
        f"{str(path)!r} is not a whole lexigym checkpoint ({reason}): pass a file or directory "
        "that an agent was saved to."
    )
