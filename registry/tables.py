"""The tables of the suite, one per kind, and the calls that add to them."""

from __future__ import annotations

from typing import Any

from .environments import ENVIRONMENTS
from .table import Table

AGENTS = Table("agent", "lexigym.agents")
ADAPTERS = Table("adapter", "lexigym.adapters")
SCORERS = Table("scorer", "lexigym.scorers")
DATASETS = Table("dataset", "lexigym.datasets")
TOKENIZERS = Table("tokenizer", "lexigym.tokenizers")
MODELS = Table("language model", "lexigym.models")
TABLES = (ENVIRONMENTS, AGENTS, ADAPTERS, SCORERS, DATASETS, TOKENIZERS, MODELS)


def register_agent(name: str, entry_point: Any, summary: str = "") -> None:
    """Add an agent: a class called as `cls(env, **hyperparameters)`; see `Table.register`.

    It answers `lexigym.agents.protocol.Agent`, and its class method `hyperparameters()` maps each
    hyperparameter to its default; without one, the signature tells them.
    """
    AGENTS.register(name, entry_point, summary)


def register_adapter(name: str, entry_point: Any, summary: str = "") -> None:
    """Add an adapter: a function called as `adapt(env, **options)`; see `Table.register`.

    It returns the environment in the form that a library takes, and imports the library itself.
    """
    ADAPTERS.register(name, entry_point, summary)


def register_scorer(name: str, entry_point: Any, summary: str = "") -> None:
    """Add a scorer of texts; see `Table.register`."""
    SCORERS.register(name, entry_point, summary)


def register_dataset(name: str, entry_point: Any, summary: str = "") -> None:
    """Add a dataset; see `Table.register`."""
    DATASETS.register(name, entry_point, summary)


def register_tokenizer(name: str, entry_point: Any, summary: str = "") -> None:
    """Add a tokenizer; see `Table.register`."""
    TOKENIZERS.register(name, entry_point, summary)


def register_model(name: str, entry_point: Any, summary: str = "") -> None:
    """Add a language model; see `Table.register`.

    It has two methods without arguments: `folder()` returns the folder that transformers loads it
    and its tokenizer from, and `missing()` the command that installs what it lacks, or None.
    """
    MODELS.register(name, entry_point, summary)
