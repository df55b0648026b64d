"""What a checkpoint says of itself: who wrote it, and for which environment."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import gymnasium

from .errors import CheckpointError

FORMAT = "lexigym-checkpoint"
MAX_CONFIG_BYTES = 100_000_000

# What the spec of a vector has besides the arguments of the environments in it.
VECTOR_ARGUMENTS = (
    "num_envs",
    "vectorization_mode",
    "vector_kwargs",
    "wrappers",
    "autoreset_mode",
)


def read_config(path: str | Path) -> dict[str, Any]:
    """Read the `config.json` of a checkpoint, a zip file or a directory.

    Raises:
        CheckpointError: If there is none, or it names no agent.
    """
    path = Path(path)
    if not path.suffix and not path.exists():
        path = path.with_name(f"{path.name}.zip")
    try:
        config = json.loads(_read_member(path, "config.json"))
        if config["format"] != FORMAT or not isinstance(config["agent"], str):
            raise ValueError("its config.json is of another format or names no agent")
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} can't be read ({error.strerror or error}): pass the "
            "path that an agent was saved to."
        ) from error
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, RuntimeError, EOFError) as error:
        raise CheckpointError(
            f"{str(path)!r} is not a whole lexigym checkpoint ({error}): pass a file or directory "
            "that an agent was saved to."
        ) from error
    return dict(config)


def environment_of(config: dict[str, Any], path: str | Path) -> tuple[str, dict[str, Any]]:
    """Return the id and the arguments of the environment that a checkpoint's agent learned on.

    The saved spec names the code that builds it, and a file from elsewhere could name any code; so
    only the id and the arguments are taken, and the registry says what the id stands for.

    Raises:
        CheckpointError: If there is none, or it has wrappers, which an id can't restore.
    """
    try:
        spec = json.loads(config.get("environment") or "null")
        if spec is None:
            raise ValueError("it names none")
        name, arguments, wrappers = spec["id"], spec["kwargs"], spec["additional_wrappers"]
        if not isinstance(name, str) or ":" in name or not isinstance(arguments, dict):
            raise ValueError(f"{name!r} is no id that the registry could hold")
        wrapper_names = [wrapper["name"] for wrapper in wrappers]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"the checkpoint {str(path)!r} doesn't tell its environment ({error}): name one."
        ) from error
    if wrapper_names:
        raise CheckpointError(
            f"the agent in {str(path)!r} learned on {name!r} in the wrappers "
            f"{', '.join(wrapper_names)}, which an id can't restore: make that environment in "
            "Python and pass it to lexigym.load_agent."
        )
    arguments = {key: value for key, value in arguments.items() if key not in VECTOR_ARGUMENTS}
    registered = gymnasium.registry.get(name)
    limit = spec.get("max_episode_steps")
    if registered is not None and limit != registered.max_episode_steps:
        arguments.setdefault("max_episode_steps", limit)
    return name, arguments


def _read_member(path: Path, name: str) -> bytes:
    if path.is_dir():
        return (path / name).read_bytes()
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(name).file_size > MAX_CONFIG_BYTES:
            raise ValueError(f"its {name} is larger than {MAX_CONFIG_BYTES} bytes")
        return archive.read(name)
