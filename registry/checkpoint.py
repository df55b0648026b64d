"""Reading checkpoints without torch: what they say of themselves, and nothing that executes.

A checkpoint is a zip or a directory of `config.json`, with the keys `format`, `version` and `agent`
and whatever else the agent needs, and of members `<name>.safetensors`. Members of a zip are stored
uncompressed, so that unpacking one by hand gives an equally good checkpoint, and none can be larger
than the file. Whatever a file holds, reading it takes no more memory than some times its size.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import gymnasium

from .errors import (
    CheckpointError,
    LexigymError,
    MissingDependencyError,
    PluginError,
    shortened,
)
from .plain_json import infinity, read_plain

FORMAT = "lexigym-checkpoint"
VERSION = 1
MEMBER_NAME = re.compile(r"config\.json|[A-Za-z0-9_-]+\.safetensors")

# Parsed JSON can take some twenty times as much memory as its text.
MAX_CONFIG_BYTES = 1 << 24
# What is read in one go; the table of contents of a zip always is.
PIECE_BYTES = 1 << 20

# What the spec of a vector has besides the arguments of the environments in it.
VECTOR_ARGUMENTS = (
    "num_envs",
    "vectorization_mode",
    "vector_kwargs",
    "wrappers",
    "autoreset_mode",
)


def read_config(path: str | Path, agent: str | None = None) -> dict[str, Any]:
    """Read and check a checkpoint's `config.json`.

    Args:
        path: The file or directory; ".zip" may be left out.
        agent: The agent it must be of; None takes any.

    Raises:
        CheckpointError: If `path` is not a whole checkpoint of a version known here, or is another
            agent's.
    """
    with open_member(path, "config.json") as member:
        config = None
        if member is not None:
            stream, size = member
            if size > MAX_CONFIG_BYTES:
                raise ValueError(f"its config.json is longer than {MAX_CONFIG_BYTES} bytes")
            text = b"".join(iter(lambda: stream.read(PIECE_BYTES), b""))
            config = read_plain(text, infinity)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise _not_a_checkpoint(path, f"it has no config.json of format {FORMAT!r}")
    if config.get("version") != VERSION:
        raise CheckpointError(
            f"{str(path)!r} has checkpoint version {shortened(config.get('version'))}, but this "
            f"lexigym reads version {VERSION}: install the lexigym that wrote it, or a newer one."
        )
    if not isinstance(config.get("agent"), str):
        raise _not_a_checkpoint(path, "its config.json names no agent")
    if agent is not None and config["agent"] != agent:
        raise CheckpointError(
            f"{str(path)!r} is a checkpoint of {shortened(config['agent'])}, not of {agent!r}: "
            "load it with lexigym.load_agent."
        )
    return config


def environment_of(config: dict[str, Any], path: str | Path) -> tuple[str, dict[str, Any]]:
    """Return the id and the arguments of the environment that a checkpoint's agent learned on.

    The saved spec names the code that builds it, and a file from elsewhere could name any code; so
    only the id and the arguments are taken, and the registry says what the id stands for.

    Raises:
        CheckpointError: If there is none, or it has wrappers, which an id can't restore.
    """
    try:
        spec = read_plain(str(config.get("environment") or "null"), float)
        if spec is None:
            raise ValueError("it names none")
        name, arguments, wrappers = spec["id"], spec["kwargs"], spec["additional_wrappers"]
        if not isinstance(name, str) or ":" in name or not isinstance(arguments, dict):
            raise ValueError(f"{shortened(name)} is no id that the registry could hold")
        wrapper_names = [wrapper["name"] for wrapper in wrappers]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} doesn't tell its environment ({shortened(error)}): name "
            "one."
        ) from error
    if wrapper_names:
        raise CheckpointError(
            f"the agent in {str(path)!r} learned on {name!r} in the wrappers "
            f"{shortened(wrapper_names)}, which an id can't restore: make that environment in "
            "Python and pass it to lexigym.load_agent."
        )
    arguments = {key: value for key, value in arguments.items() if key not in VECTOR_ARGUMENTS}
    registered = gymnasium.registry.get(name)
    limit = spec.get("max_episode_steps")
    if registered is not None and limit != registered.max_episode_steps:
        arguments.setdefault("max_episode_steps", limit)
    return name, arguments


@contextmanager
def open_member(path: str | Path, name: str) -> Iterator[tuple[IO[bytes], int] | None]:
    """Open a member for reading and tell its size; None if there is none.

    Raises:
        CheckpointError: If `path` is not a whole checkpoint, or what is read is damaged.
    """
    path = located(path)
    try:
        with ExitStack() as stack:
            member: tuple[IO[bytes], int] | None = None
            if path.is_dir():
                file = path / name
                _check_file(file)
                if file.exists():
                    member = stack.enter_context(file.open("rb")), file.stat().st_size
            else:
                archive = stack.enter_context(_open_archive(path))
                _check_entries(archive, path)
                if name in archive.namelist():
                    stream = stack.enter_context(archive.open(name))
                    member = stream, archive.getinfo(name).file_size
            yield member
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} can't be read ({error.strerror or error}): pass the "
            "path that an agent was saved to."
        ) from error
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError, struct.error) as error:
        raise _not_a_checkpoint(path, shortened(error)) from error


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Let a `CheckpointError` of a part of a checkpoint, which is a file of its own, name all."""
    try:
        yield
    except CheckpointError as error:
        if str(path) in str(error):
            raise
        raise CheckpointError(f"{str(path)!r} can't be loaded: {shortened(error)}") from error


@contextmanager
def fitting(path: str | Path) -> Iterator[None]:
    """Let what fails within, in making an agent of a checkpoint's content, name the checkpoint.

    Raises:
        CheckpointError: For anything but a package that is missing.
    """
    try:
        with naming(path):
            yield
    except (CheckpointError, MissingDependencyError, PluginError):
        raise
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LexigymError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise CheckpointError(
            f"{str(path)!r} does not fit this agent ({shortened(error)}): it was written for "
            "another network or environment, or edited; load another copy."
        ) from error


def located(path: str | Path) -> Path:
    """Return where a checkpoint is, though ".zip" was left out."""
    path = Path(path)
    return path if path.suffix or path.exists() else path.with_name(f"{path.name}.zip")


def is_pickled(path: str | Path) -> bool:
    """Whether Stable-Baselines3 itself saved this file: its state is in pickles."""
    try:
        with _open_archive(located(path)) as archive:
            return _is_pickled(archive)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, EOFError, struct.error):
        return False


def needs_trust(path: str | Path) -> CheckpointError:
    """Return the refusal of a file for which `is_pickled`."""
    return CheckpointError(
        f"{str(path)!r} was saved by Stable-Baselines3 itself, as pickles, and to unpickle is to "
        "execute whatever code their maker put there: only if you trust the maker, load it with "
        "trust=True (--trust), naming the algorithm, such as agent='sb3/ppo' (--agent sb3/ppo), "
        "and the environment (--env)."
    )


class _ReadInPieces(io.FileIO):
    """A file that refuses to be read by more than a piece, as a huge table of contents would be."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > PIECE_BYTES:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(-1 if size is None else size) or b""


@contextmanager
def _open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    if path.exists() and not path.is_file():
        raise ValueError("it is no regular file")
    with _ReadInPieces(path) as file, zipfile.ZipFile(file) as archive:
        yield archive


def _is_pickled(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    return "data" in names and any(name.endswith(".pth") for name in names)


def _check_file(path: Path) -> None:
    """Refuse a member of a directory that leads elsewhere, or has no end."""
    if path.is_symlink():
        raise ValueError(f"its member {path.name!r} is a symbolic link")
    if path.exists() and not path.is_file():
        raise ValueError(f"its member {path.name!r} is no regular file")


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse, before anything is read, what no lexigym writes."""
    if _is_pickled(archive):
        raise needs_trust(path)
    entries = archive.infolist()
    for entry in entries:
        if not MEMBER_NAME.fullmatch(entry.filename):
            raise ValueError(f"it has a member {shortened(entry.filename)}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ValueError(f"its member {entry.filename!r} is a symbolic link")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise ValueError(f"its member {entry.filename!r} is compressed")
    if len(set(archive.namelist())) != len(entries):
        raise ValueError("it has two members of one name")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ValueError("its members are larger than the file")


def _not_a_checkpoint(path: str | Path, reason: str) -> CheckpointError:
    return CheckpointError(
        f"{str(path)!r} is not a whole lexigym checkpoint ({reason}): pass a file or directory "
        "that an agent was saved to."
    )
