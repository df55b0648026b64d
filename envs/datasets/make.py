"""Datasets by name, by file, or as they are."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from ...registry.arguments import keyword_arguments, require_known
from ...registry.errors import InvalidArgumentError
from ...registry.tables import DATASETS
from .schema import Source
from .tables import exists

ATTRIBUTES = ("name", "language", "prompt_language", "licence", "source")
METHODS = ("size", "example", "texts")


def make_dataset(name_or_object: Any, **arguments: Any) -> Source:
    """Make a dataset.

    Args:
        name_or_object: A name of `lexigym list`, such as "cldr"; the path of an existing file;
            "sacrebleu:" and a test set; or an object with the interface of `Source`, which is
            returned as it is.
        **arguments: Of the named dataset, or of `files.load`.

    Raises:
        UnknownNameError: If there is no such dataset or file.
        InvalidArgumentError: If it takes no such argument, or refuses its value.
        DatasetError: If its data can't be read.
        PluginError: If the package that provides it can't be loaded.
    """
    if not isinstance(name_or_object, str | Path):
        return _require_source(name_or_object, arguments)
    name = str(name_or_object)
    is_file = exists(name) and Path(name).is_file()
    if name not in DATASETS and (name.startswith("sacrebleu:") or is_file):
        # Imported here because no other dataset needs it.
        from .files import load

        make = partial(load, name_or_object)
    else:
        make = DATASETS.get(name)
    known = keyword_arguments(make)
    if known is not None:
        require_known("argument", arguments, known, f"the dataset {name!r}")
    return _require_source(make(**arguments), {})


def _require_source(value: Any, arguments: dict[str, Any]) -> Source:
    # Not `fingerprint`, which may take a while to compute.
    missing = [name for name in ATTRIBUTES if not hasattr(value, name)]
    missing += [name for name in METHODS if not callable(getattr(value, name, None))]
    if missing:
        raise InvalidArgumentError(
            f"{value!r} is no dataset, it lacks {', '.join(missing)}: pass a name, a file, or an "
            "object with the interface of lexigym.envs.datasets.schema.Source."
        )
    if arguments:
        raise InvalidArgumentError(
            f"a dataset that is made already takes no arguments, got {', '.join(arguments)}; pass "
            "them when you make it."
        )
    source: Source = value
    return source
