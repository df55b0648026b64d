"""A table of named things: registered here as strings, loaded when asked for, open to plugins."""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from multiprocessing.process import current_process
from typing import Any

from .errors import (
    DuplicateNameError,
    InvalidArgumentError,
    LexigymError,
    PluginError,
    UnknownNameError,
    did_you_mean,
    shortened,
)
from .names import FAMILY, is_name, require_name
from .plugins import find_plugins

ENTRY_POINT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Entry:
    """One line of a table.

    Attributes:
        name: The name; one that ends in "/*" is a family, which answers every name below it.
        entry_point: "module:attribute", or the object itself.
        summary: What it is, in a few words.
        distribution: The third-party package that provides it; None for what is registered by
            lexigym or by a call.
    """

    name: str
    entry_point: Any
    summary: str = ""
    distribution: str | None = None


class Table:
    """Things of one kind by name; what a name stands for is imported when it is first asked for.

    Third-party packages add entries through an entry-point group, which is read once, when a name
    is not found here or when all are listed.

    Args:
        kind: What the table holds, in the singular: it appears in errors.
        group: The entry-point group of third-party packages.

    Attributes:
        rejected: Plugins that could not be added, each with the reason.
    """

    def __init__(self, kind: str, group: str) -> None:
        self.kind = kind
        self.group = group
        self.rejected: list[tuple[Entry, PluginError]] = []
        self._entries: dict[str, Entry] = {}
        self._discovered = False

    def register(self, name: str, entry_point: Any, summary: str = "") -> None:
        """Add a name; registering the same thing again is harmless.

        Args:
            name: Letters, digits and `. _ - /`, at most 100; a family's ends in "/*", and its entry
                point is called with the rest of the name.
            entry_point: "module:attribute", imported when it is first used, or the object itself.
            summary: What it is, in a few words.

        Raises:
            DuplicateNameError: If the name stands for something else.
            InvalidArgumentError: If the name or the entry point is malformed.
        """
        self.add(Entry(name, entry_point, summary))

    def add(self, entry: Entry) -> None:
        """Add an entry; see `register`."""
        self.require_name(entry.name)
        if isinstance(entry.entry_point, str) and not ENTRY_POINT.fullmatch(entry.entry_point):
            raise InvalidArgumentError(
                f"{entry.entry_point!r} is no entry point for {entry.name!r}: "
                'write "module:attribute".'
            )
        known = self._entries.get(entry.name)
        if known and reference(known.entry_point) != reference(entry.entry_point):
            raise DuplicateNameError(
                f"the {self.kind} {entry.name!r} is already {reference(known.entry_point)!r}: "
                f"register {reference(entry.entry_point)!r} under another name."
            )
        self._entries[entry.name] = entry

    def require_name(self, name: Any) -> None:
        """Raise an `InvalidArgumentError` if the table can't hold this name."""
        require_name(self.kind, name.removesuffix(FAMILY) if isinstance(name, str) else name)

    def find(self, name: str) -> Entry:
        """Return the entry of a name, or of the family that answers it, without loading it.

        Raises:
            UnknownNameError: If there is none, also among the plugins.
        """
        entry = self._find(name)
        if entry is None and not self._discovered:
            self.discover()
            entry = self._find(name)
        if entry is None:
            raise UnknownNameError(
                f"no {self.kind} is named {shortened(name)}: {did_you_mean(name, self._entries)}"
            )
        return entry

    def get(self, name: str) -> Any:
        """Return what a name stands for, importing it if need be.

        Raises:
            UnknownNameError: If the name, or the rest of it in a family, is unknown.
            PluginError: If it can't be loaded.
        """
        entry = self.find(name)
        loaded = self.load(entry)
        if entry.name.endswith(FAMILY):
            return loaded(name.removeprefix(entry.name.removesuffix("*")))
        return loaded

    def load(self, entry: Entry) -> Any:
        """Import what an entry points to.

        Raises:
            PluginError: If it can't be imported, whatever the reason.
        """
        if not isinstance(entry.entry_point, str):
            return entry.entry_point
        module, _, attribute = entry.entry_point.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except LexigymError:
            raise
        except Exception as error:
            package = f" of the package {entry.distribution!r}" if entry.distribution else ""
            raise PluginError(
                f"the {self.kind} {entry.name!r}{package} can't be loaded from "
                f"{entry.entry_point!r} ({type(error).__name__}: {error}): "
                "update or uninstall what provides it."
            ) from error

    def entries(self) -> list[Entry]:
        """Return all entries by name, plugins included."""
        self.discover()
        return sorted(self._entries.values(), key=lambda entry: entry.name)

    def names(self) -> list[str]:
        """Return all names in order, families as "family/*", plugins included."""
        return [entry.name for entry in self.entries()]

    def __contains__(self, name: object) -> bool:
        """Whether `get` knows the name; what a family answers only the family can tell."""
        if not isinstance(name, str):
            return False
        try:
            if self.find(name).name != name:
                self.get(name)
        except UnknownNameError:
            return False
        return True

    def discover(self) -> None:
        """Add the plugins, once; one that can't be added is warned of and kept in `rejected`."""
        if self._discovered:
            return
        self._discovered = True
        for plugin in find_plugins(self.group):
            entry = Entry(plugin.name, plugin.entry_point, "", plugin.distribution)
            try:
                self.add(entry)
            except Exception as error:
                rejection = PluginError(
                    f"the {self.kind} {entry.name!r} of the package {entry.distribution!r} "
                    f"is left out: {error}"
                )
                self.rejected.append((entry, rejection))
                # Once, not by each process that a command starts.
                if current_process().name == "MainProcess":
                    warnings.warn(str(rejection), stacklevel=2)

    def _find(self, name: str) -> Entry | None:
        entry = self._entries.get(name)
        # What a family makes of the rest of a name is no place for paths.
        if entry is None and not is_name(name):
            return None
        family, slash, _ = name.rpartition("/")
        while entry is None and slash:
            entry = self._entries.get(family + FAMILY)
            family, slash, _ = family.rpartition("/")
        return entry


def reference(entry_point: Any) -> Any:
    """Return "module:attribute" for a string, class or function, and other objects as they are.

    It tells whether two entry points are one thing, also after a module, or the cell of a notebook,
    was run again.
    """
    if isinstance(entry_point, str) or not hasattr(entry_point, "__qualname__"):
        return entry_point
    return f"{entry_point.__module__}:{entry_point.__qualname__}"
