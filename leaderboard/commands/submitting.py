"""`lexigym submit`: results of a store as a pack, to hand them to others or to other programs."""

from __future__ import annotations

import argparse

from ...registry.errors import UnknownNameError
from ..packs.files import write_pack
from ..store import Store
from ..terminal import Terminal


def submit(arguments: argparse.Namespace) -> None:
    """Write a pack of the runs that are named, else of a suite, else of all.

    Raises:
        UnknownNameError: If there is no such run or suite, or no result of it.
    """
    with Store(arguments.store, make=False) as store:
        keys = [store.key_of(prefix) for prefix in arguments.runs]
        entries = store.entries(arguments.suite, keys or None)
    missing = set(keys) - {entry.result.run.key for entry in entries}
    if missing:
        raise UnknownNameError(
            f"the run {min(missing)} is not of the suite {arguments.suite!r}: leave out either."
        )
    if not entries:
        raise UnknownNameError(
            f"the store {arguments.store!r} holds no result to write: `lexigym bench` makes some."
        )
    write_pack(arguments.out, entries)
    Terminal(highlight=False, markup=False).print(
        f"wrote {len(entries)} rows to {arguments.out}", soft_wrap=True
    )
