"""Environments by id: handed to Gymnasium's registry, and made from there with readable errors."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec, parse_env_id
from gymnasium.vector import AutoresetMode

from .arguments import keyword_arguments, require_known
from .errors import DuplicateNameError, UnknownNameError, did_you_mean, shortened
from .names import require_name
from .table import Entry, Table, reference

# What `gymnasium.make` takes besides the arguments of the environment.
MAKE_ARGUMENTS = ("max_episode_steps", "disable_env_checker", "render_mode")
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class EnvironmentTable(Table):
    """The table of environments, each of which Gymnasium's registry holds too."""

    def add(self, entry: Entry, **gymnasium_arguments: Any) -> None:
        """Add an entry here and to Gymnasium; see `register_environment`."""
        self.require_name(entry.name)
        spec = EnvSpec(entry.name, entry_point=entry.entry_point, **gymnasium_arguments)
        known = gymnasium.registry.get(spec.id)
        if known is not None and _identity(known) != _identity(spec):
            raise DuplicateNameError(
                f"the environment {spec.id!r} is already {reference(known.entry_point)!r}, or was "
                "registered with other arguments: register yours under another id or version."
            )
        super().add(entry)
        # Gymnasium warns when it overrides, and there is nothing to warn of.
        gymnasium.registry.pop(spec.id, None)
        gymnasium.register(entry.name, entry_point=entry.entry_point, **gymnasium_arguments)

    def require_name(self, name: Any) -> None:
        """Raise an error if the name isn't one, or no id by Gymnasium's grammar."""
        require_name(self.kind, name)
        parse_env_id(name)

    def entry_of(self, spec: EnvSpec) -> Entry:
        """Return the entry of a spec, also of one that only Gymnasium holds."""
        return self._entries.get(spec.id) or Entry(spec.id, spec.entry_point)


ENVIRONMENTS = EnvironmentTable("environment", "lexigym.environments")


def register_environment(
    id: str,  # noqa: A002, Gymnasium's name for it
    entry_point: Any,
    *,
    summary: str = "",
    **gymnasium_arguments: Any,
) -> None:
    """Add an environment to Gymnasium's registry and to `lexigym list`.

    Args:
        id: By Gymnasium's grammar, "[namespace/]Name-v0", in letters, digits and `. _ -`.
        entry_point: "module:EnvClass", imported when it is first made, or the class.
        summary: What it is, in a few words.
        **gymnasium_arguments: What `gymnasium.register` takes: `vector_entry_point`,
            `max_episode_steps`, `kwargs`, ...

    Raises:
        DuplicateNameError: If Gymnasium knows the id as something else.
        InvalidArgumentError: If the id holds other characters, or more than 100.
        gymnasium.error.Error: If it is malformed by that grammar.
    """
    ENVIRONMENTS.add(Entry(id, entry_point, summary), **gymnasium_arguments)


def find_spec(id: str) -> EnvSpec:  # noqa: A002, Gymnasium's name for it
    """Return the spec of an id, importing the module of a "module:Name-v0" first.

    Raises:
        UnknownNameError: If there is no such id, or no such module.
    """
    module, _, name = id.rpartition(":")
    if module and not MODULE.fullmatch(module):
        raise UnknownNameError(
            f"{shortened(module)} before the colon of an environment is no module: write "
            "'package.module:Name-v0', or an id of `lexigym list`."
        )
    try:
        if module:
            importlib.import_module(module)
    except ImportError as error:
        raise UnknownNameError(
            f"the module of the environment {id!r} can't be imported ({error}): install it, or "
            "leave out what precedes the colon."
        ) from error
    spec = gymnasium.registry.get(name)
    if spec is None:
        nearest = difflib.get_close_matches(name, gymnasium.registry)
        raise UnknownNameError(
            f"no environment has the id {shortened(id)}: {did_you_mean(name, nearest)}"
            if nearest
            else f"no environment has the id {shortened(id)}: `lexigym list` shows what there is, "
            "and 'module:Name-v0' imports a module that registers more."
        )
    return spec


def make_environment(id: str, **arguments: Any) -> gymnasium.Env[Any, Any]:  # noqa: A002
    """Make a single environment as `gymnasium.make` does, with errors that name the argument.

    Raises:
        UnknownNameError: If there is no such id.
        InvalidArgumentError: If the environment takes no such argument, or refuses its value.
        PluginError: If the package that provides it can't be loaded.
    """
    spec = checked_spec(id, arguments)
    return gymnasium.make(spec, **arguments)


def make_vector_environment(
    id: str,  # noqa: A002
    num_envs: int,
    **arguments: Any,
) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    """Make a vector of environments that begins the next episode in the step that ends one.

    Of the autoreset modes of Gymnasium it is the one that all agents learn from, also those of
    Stable-Baselines3. An environment's own vector form is taken if it has this mode, else a
    `SyncVectorEnv` of single ones. The errors are those of `make_environment`.
    """
    spec = checked_spec(id, arguments)
    # By its value, so that the spec of the vector can still be written as JSON.
    autoreset: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP.value}
    if _has_autoreset_modes(spec):
        return gymnasium.make_vec(spec, num_envs, "vector_entry_point", **autoreset, **arguments)
    return gymnasium.make_vec(spec, num_envs, "sync", vector_kwargs=autoreset, **arguments)


def checked_spec(id: str, arguments: Mapping[str, Any]) -> EnvSpec:  # noqa: A002
    """Return what is registered under an id, whose environment takes these arguments.

    Raises:
        UnknownNameError: If there is no such id.
        InvalidArgumentError: If the environment takes no argument of a name.
        PluginError: If the package that provides it can't be loaded.
    """
    spec = find_spec(id)
    entry = ENVIRONMENTS.entry_of(spec)
    known = keyword_arguments(ENVIRONMENTS.load(entry))
    if known is not None:
        require_known("argument", arguments, {*known, *MAKE_ARGUMENTS}, f"the environment {id!r}")
    return spec


def _has_autoreset_modes(spec: EnvSpec) -> bool:
    if spec.vector_entry_point is None:
        return False
    vector_form = ENVIRONMENTS.load(Entry(spec.id, spec.vector_entry_point))
    return "autoreset_mode" in inspect.signature(vector_form).parameters


def _identity(spec: EnvSpec) -> EnvSpec:
    return replace(
        spec,
        entry_point=reference(spec.entry_point),
        vector_entry_point=reference(spec.vector_entry_point),
    )
