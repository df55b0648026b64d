"""Checks of the registry: to register a thing twice, or to make it, changes nothing."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import sys
import warnings
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec

from ...registry.table import reference
from .check import BrokenPromiseError
from .environment import CheckedEnvironment
from .equality import difference


def registration(subject: CheckedEnvironment) -> str | None:
    """Neither making it nor registering it again changes what the id stands for."""
    module = _registering_module(subject)
    if ":" in subject.id:
        importlib.import_module(module)
    known = gymnasium.registry.get(subject.spec.id)
    if known is None:
        return (
            "other processes don't know the id: register it where a module is imported, and name "
            "that, as in 'module:Name-v0'"
        )
    before = copy.deepcopy(_identity(known))
    subject.make().close()
    _require_same(before, subject.spec.id, "making it")
    with warnings.catch_warnings():
        # Gymnasium's own `register` warns when it overrides.
        warnings.simplefilter("ignore")
        importlib.reload(sys.modules[module])
    _require_same(before, subject.spec.id, f"importing {module} again")
    return None


def _registering_module(subject: CheckedEnvironment) -> str:
    module, _, _ = subject.id.rpartition(":")
    if module:
        return module
    # By custom the package that it comes from.
    entry_point = str(reference(subject.spec.entry_point))
    return entry_point.partition(":")[0].partition(".")[0]


def _identity(spec: EnvSpec) -> dict[str, Any]:
    parts = {each.name: getattr(spec, each.name) for each in dataclasses.fields(spec)}
    for name in ("entry_point", "vector_entry_point"):
        parts[name] = reference(parts[name])
    return parts


def _require_same(before: dict[str, Any], name: str, what: str) -> None:
    known = gymnasium.registry.get(name)
    if known is None:
        raise BrokenPromiseError(f"{what} must not remove {name} from the registry")
    found = difference(before, _identity(known), "the spec")
    if found:
        raise BrokenPromiseError(f"{what} must not change the spec, but {found}")
