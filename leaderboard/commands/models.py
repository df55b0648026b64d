"""`lexigym models`: the language models that have names, and what each lacks."""

from __future__ import annotations

import argparse

from rich.table import Table as Grid
from rich.text import Text

from ...registry.errors import LexigymError
from ...registry.table import Entry
from ...registry.tables import MODELS
from ..terminal import Terminal

OTHERS = """
Anywhere a model is named, a folder that transformers saved works as well, or a name of the Hugging
Face hub while it can be reached:

  lexigym train QA-v0 lm-dqn --set model=shipped
  lexigym train QA-v0 lm-dqn --set model=models/mine --env-set tokenizer=models/mine

To give one a name: lexigym.register_model("mine", Mine), or the entry-point group lexigym.models,
where Mine.folder() returns the folder and Mine.missing() what must be installed first, or None.
"""


def list_models(_: argparse.Namespace) -> None:
    """Print all models, whether each can be had, and how to use others."""
    console = Terminal(highlight=False)
    grid = Grid(title="language models", title_justify="left", expand=False)
    grid.add_column("name", no_wrap=True)
    grid.add_column("summary")
    grid.add_column("here")
    for entry in MODELS.entries():
        grid.add_row(Text(entry.name), Text(entry.summary), _availability(entry))
    console.print(grid)
    console.print(OTHERS.strip(), markup=False, soft_wrap=True)


def _availability(entry: Entry) -> Text:
    try:
        missing = MODELS.load(entry).missing()
    except LexigymError as error:
        return Text(str(error), style="red")
    return Text("yes") if missing is None else Text(missing)
