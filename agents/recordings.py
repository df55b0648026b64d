"""Recordings: files of episodes to learn from later, in the format of Minari.

A recording is a directory with `data/metadata.json` and `data/main_data.hdf5`, which
`minari.MinariDataset(path / "data")` opens. Action masks are the info `action_mask` of an episode,
which is where Minari's own collector puts them, those of a game by player. What Minari wrote is
read as well.

Needs the extra `offline`; importing this module doesn't.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np

from ..registry.errors import InvalidArgumentError, LexigymError, shortened
from ..registry.plain_json import read_plain
from ..registry.requirements import require
from .episodes import MASK, RecordedEpisode, checked_episode, play_episodes
from .spaces import Spaces, environment_spec_json

__all__ = [
    "RecordedEpisode",
    "Recording",
    "RecordingError",
    "play_episodes",
    "read_recording",
    "write_recording",
]

# HDF5 may crash the process once a disk is full, so that must not happen; it writes this much late.
RESERVED_BYTES = 64_000_000
# Of Minari, those that need pyarrow.
FORMATS_OF_ARROW = ("arrow", "parquet")


class RecordingError(LexigymError, ValueError):
    """A recording that is missing, damaged, foreign, or can't be written where it should be."""


@dataclass(frozen=True)
class Recording:
    """A recording on disk; iterating reads one episode after the other.

    Attributes:
        path: The directory with the data.
        observation_space: That of the environment.
        action_space: That of the environment.
        environment: The environment's spec as Gymnasium writes it to JSON; None if it isn't known.
            It names code to import, so make an environment of it only if you trust its origin.
        agent: The name of who played; None if it isn't known.
        num_episodes: How many there are, also `len(recording)`.
        num_steps: The steps of all of them.
    """

    path: Path
    observation_space: gymnasium.Space[Any]
    action_space: gymnasium.Space[Any]
    environment: str | None
    agent: str | None
    num_episodes: int
    num_steps: int
    _storage: Any = field(repr=False, compare=False)

    def __len__(self) -> int:
        return self.num_episodes

    def __iter__(self) -> Iterator[RecordedEpisode]:
        indices = range(self.num_episodes)
        with _reading(self.path):
            pairs = zip(
                self._storage.get_episodes(indices),
                self._storage.get_episode_metadata(indices),
                strict=True,
            )
        for index in indices:
            with _reading(self.path, f"episode {index}: "):
                episode = self._episode(*next(pairs))
            yield episode

    def _episode(self, data: dict[str, Any], metadata: dict[str, Any]) -> RecordedEpisode:
        seed = metadata.get("seed")
        episode = checked_episode(
            RecordedEpisode(
                observations=data["observations"],
                actions=data["actions"],
                rewards=data["rewards"],
                terminated=data["terminations"],
                truncated=data["truncations"],
                action_masks=(data["infos"] or {}).get(MASK),
                seed=None if seed is None else int(seed),
            ),
            Spaces.of(self),
        )
        if len(episode) != metadata.get("total_steps", len(episode)):
            raise ValueError(f"{len(episode)} steps instead of {metadata['total_steps']}")
        return episode


def write_recording(
    path: str | Path,
    source: gymnasium.Env[Any, Any] | Recording,
    episodes: Iterable[RecordedEpisode],
    *,
    agent: str | None = None,
) -> Recording:
    """Write episodes to a new directory, which appears whole or not at all.

    Each is written when it comes, so that more can be recorded than fits in memory. Minari finds a
    directory `NAME-v0` by `minari.load_dataset("NAME-v0")` if `MINARI_DATASETS_PATH` is its parent.

    Args:
        path: A directory that doesn't exist yet, or is empty.
        source: Whose episodes they are: an environment, or another recording.
        episodes: At least one, such as those of `play_episodes`.
        agent: The name of who played.

    Returns:
        The recording, to read.

    Raises:
        InvalidArgumentError: If an episode doesn't fit the spaces, is empty or goes on after its
            end, if there is none, or if Minari has no format for a space.
        MissingDependencyError: If Minari isn't installed.
        RecordingError: If the path is taken or can't be written, as when the disk is full.
    """
    minari = _import_minari()
    path = Path(path)
    if path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir()))):
        raise RecordingError(f"{str(path)!r} exists already: delete it, or choose another place.")
    if isinstance(source, Recording):
        environment = source.environment
    else:
        environment = environment_spec_json(source)
    failures: list[Exception] = []
    try:
        # Minari measures the size of what it wrote only where the path is absolute.
        with _atomic_directory(path.absolute()) as temporary:
            storage = _new_storage(minari, temporary / "data", source)
            metadata = {
                "dataset_id": _dataset_id(path.absolute()),
                "minari_version": minari.__version__,
                "env_spec": environment,
                "algorithm_name": agent,
            }
            storage.update_metadata({k: v for k, v in metadata.items() if v is not None})
            buffers = _buffers(minari, episodes, Spaces.of(source), path)
            storage.update_episodes(_keeping_failures(buffers, failures))
    except Exception as error:
        # What the player of the episodes raises is not about the file.
        if isinstance(error, LexigymError) or error in failures:
            raise
        raise _unwritable(path, shortened(error)) from error
    return read_recording(path)


def read_recording(path: str | Path) -> Recording:
    """Open a recording, or what Minari wrote; nothing of it is ever executed.

    Args:
        path: The directory that was written, or the one named `data` in it.

    Raises:
        MissingDependencyError: If Minari isn't installed, or its format needs another package.
        RecordingError: If it is missing, damaged or foreign; iterating raises it as well, where the
            damage is further inside.
    """
    minari = _import_minari()
    path = Path(path)
    data_path = path / "data" if (path / "data").is_dir() else path
    metadata = _read_metadata(path, data_path)
    version = metadata["minari_version"]
    if version not in minari.supported_dataset_versions:
        raise RecordingError(
            f"{str(path)!r} was written by Minari {version!r}, which the installed Minari "
            f"{minari.__version__} doesn't read: install a Minari that does."
        )
    if metadata["data_format"] in FORMATS_OF_ARROW:
        what = f"{str(path)!r}, in the format {metadata['data_format']!r},"
        require("pyarrow", what, "minari[arrow]")
    with _reading(path):
        storage = minari.dataset.minari_storage.MinariStorage.read(data_path)
        recording = Recording(
            path=path,
            observation_space=storage.observation_space,
            action_space=storage.action_space,
            environment=metadata.get("env_spec"),
            agent=metadata.get("algorithm_name"),
            num_episodes=metadata["total_episodes"],
            num_steps=metadata["total_steps"],
            _storage=storage,
        )
        # A file that was cut off is found here, before anything is made of it.
        list(storage.get_episode_metadata([recording.num_episodes - 1]))
    return recording


def _new_storage(minari: Any, path: Path, source: gymnasium.Env[Any, Any] | Recording) -> Any:
    of = Spaces.of(source)
    try:
        return minari.dataset.minari_storage.MinariStorage.new(
            path,
            of.observation_space,
            of.action_space,
            # Pictures are kept exactly, as everything else is.
            jpeg_encoding=False,
        )
    except NotImplementedError as error:
        raise InvalidArgumentError(
            f"Minari has no format for all of {of}: use Box, Discrete, MultiDiscrete, MultiBinary, "
            "Text, Dict or Tuple."
        ) from error


def _buffers(
    minari: Any, episodes: Iterable[RecordedEpisode], of: Spaces, path: Path
) -> Iterator[Any]:
    iterator = iter(episodes)
    first = next(iterator, None)
    if first is None:
        raise InvalidArgumentError("there is no episode to record: give at least one.")
    for index, each in enumerate(chain([first], iterator)):
        try:
            episode = checked_episode(each, of)
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(
                f"episode {index} can't be recorded: {error}; give whole episodes of the "
                "environment."
            ) from error
        free = shutil.disk_usage(path.absolute().parent).free
        if free < RESERVED_BYTES + 2 * _size(episode):
            raise _unwritable(path, f"only {free // 1_000_000} MB are free")
        masks = episode.action_masks
        yield minari.data_collector.episode_buffer.EpisodeBuffer(
            seed=episode.seed,
            observations=episode.observations,
            actions=episode.actions,
            rewards=episode.rewards,
            terminations=episode.terminated,
            truncations=episode.truncated,
            infos=None if masks is None else {MASK: _as_int8(masks)},
        )


def _as_int8(masks: Any) -> Any:
    if isinstance(masks, dict):
        return {part: _as_int8(each) for part, each in masks.items()}
    return masks.astype(np.int8)


def _size(episode: RecordedEpisode) -> int:
    parts = [episode.observations, episode.actions, episode.action_masks]
    size = 0
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            parts += part.values()
        elif isinstance(part, tuple):
            parts += part
        elif isinstance(part, list):
            size += sum(map(len, part))
        elif part is not None:
            size += part.nbytes
    return size


def _unwritable(path: Path, reason: str) -> RecordingError:
    return RecordingError(
        f"the recording {str(path)!r} could not be written ({reason}): make room, or choose "
        "another place."
    )


def _keeping_failures(items: Iterator[Any], failures: list[Exception]) -> Iterator[Any]:
    try:
        yield from items
    except Exception as error:
        failures.append(error)
        raise


def _dataset_id(path: Path) -> str:
    """Return the directory's name as Minari's grammar has it, "name-v0"."""
    name = re.sub(r"[^-\w]", "-", path.name) or "recording"
    return name if re.search(r".-v\d+$", name) else f"{name}-v0"


@contextmanager
def _atomic_directory(path: Path) -> Iterator[Path]:
    """Give a directory beside `path` to write to, and rename it to `path` if nothing is raised."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        (temporary / "data").mkdir(parents=True)
        yield temporary
        for file in (temporary / "data").iterdir():
            with file.open("rb+") as opened:
                os.fsync(opened.fileno())
        if path.is_dir():
            # Elsewhere than on POSIX an empty directory is not replaced.
            path.rmdir()
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _read_metadata(path: Path, data_path: Path) -> dict[str, Any]:
    with _reading(path):
        if not (data_path / "metadata.json").is_file() and path.is_dir():
            raise ValueError("it has no metadata.json")
        metadata = read_plain((data_path / "metadata.json").read_bytes(), float)
        if not isinstance(metadata, dict):
            raise ValueError("its metadata.json is no table")
        # Without a space, Minari would make the environment, from code that the file names.
        for key in ("observation_space", "action_space", "minari_version", "data_format"):
            if not isinstance(metadata.get(key), str):
                raise ValueError(f"its metadata.json tells no {key}")
        for key in ("total_episodes", "total_steps"):
            if not isinstance(metadata.get(key), int) or metadata[key] < 1:
                raise ValueError(f"its metadata.json tells no {key}")
        for key in ("env_spec", "algorithm_name"):
            if not isinstance(metadata.get(key, ""), str):
                raise ValueError(f"its metadata.json has the {key} {metadata[key]!r}, no text")
    return metadata


@contextmanager
def _reading(path: Path, where: str = "") -> Iterator[None]:
    """Turn whatever a library makes of a damaged file into a `RecordingError`."""
    try:
        yield
    except (ImportError, LexigymError):
        raise
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise RecordingError(
            f"the recording {str(path)!r} can't be read ({where}{error.strerror or error}): pass a "
            "directory that `lexigym record` or Minari wrote."
        ) from error
    except Exception as error:
        raise RecordingError(
            f"{str(path)!r} is not a whole recording ({where}{shortened(error)}): pass a directory "
            "that `lexigym record` or Minari wrote."
        ) from error


def _import_minari() -> ModuleType:
    # Minari itself imports it only when it opens a file.
    require("h5py", "a recording", "lexigym[offline]")
    return require("minari", "a recording", "lexigym[offline]")
