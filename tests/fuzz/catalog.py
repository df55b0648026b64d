"""The parsers and loaders of what others wrote, each with its target."""

from __future__ import annotations

import importlib
from typing import Protocol


class Target(Protocol):
    """A module that gives bytes to a parser.

    Attributes:
        SEEDS: What the parser takes, or nearly; everything else is made from these.
        WORDS: What to put in here and there, as libFuzzer's dictionaries have it.
    """

    SEEDS: tuple[bytes, ...]
    WORDS: tuple[bytes, ...]

    def run(self, data: bytes) -> None:
        """Give bytes to the parser; raise whatever it shouldn't have done."""


# Those that read the files of strangers first.
TARGETS = {
    "pack-lines": "the lines of a pack of results, damaged or signed",
    "checkpoint": "a checkpoint: a zip of any content, and a zip of damaged members",
    "tensor-file": "tensors as safetensors, against the library of that name",
    "state": "the snapshot of an environment in a checkpoint, and episodes from there on",
    "dataset-jsonl": "a dataset as lines of JSON",
    "dataset-json": "a dataset as JSON, in SQuAD's format or as a list",
    "dataset-table": "a dataset as CSV and as TSV",
    "space": "a space in the configuration of a checkpoint",
    "recording": "the metadata of a recording",
    "pack-parquet": "a pack of results as Parquet",
    "suite": "a suite as TOML",
    "scorers": "BLEU and chrF of any texts, against sacrebleu",
    "tokenizer": "the words of any text, and back",
}


def load_target(name: str) -> Target:
    """Import the target of a name in `TARGETS`."""
    module = f".targets.{name.replace('-', '_')}"
    return importlib.import_module(module, __package__)  # type: ignore[return-value]
