"""What a game is made from: the sentences of a level, and what writes their translations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...arguments import choice
from ...datasets.make import make_dataset
from ...datasets.schema import Dataset, Example
from ...text import tasks
from ...text.single import TokenEnv

LEVELS = ("quick", *tasks.LEVELS)

# So many draws of the training dates find all of them.
DRAWS = 2_000
# The more days of a month there are, the longer it takes two learners to agree on a code.
DAYS = 4


def make_writer(
    level: str,
    target: str,
    dataset: Any,
    dataset_arguments: Mapping[str, Any] | None,
    **arguments: Any,
) -> TokenEnv:
    """Return the environment in which the listener writes; `game` documents the arguments."""
    level = choice("level", level, LEVELS)
    if level == "quick":
        level = "small"
        dataset = dates(target) if dataset is None else dataset
    writer: TokenEnv = tasks.translation(
        level=level,
        target=target,
        dataset=dataset,
        dataset_arguments=dataset_arguments,
        **arguments,
    )
    return writer


@lru_cache(maxsize=8)
def dates(target: str) -> Dataset:
    """Return dates of the level "small", each once, in the splits that they have there."""
    endless = make_dataset("cldr", target=target, kinds=("dates",), level="small")
    splits: dict[str, list[Example]] = {}
    for split in endless.splits:
        drawn = (endless.example(split, i) for i in range(endless.size(split) or DRAWS))
        distinct = {example.prompt: example for example in drawn}
        # Prompts are English, such as "Sat, May 3".
        splits[split] = [
            example for prompt, example in distinct.items() if int(prompt.split()[-1]) <= DAYS
        ]
    return Dataset(
        f"{endless.name}-dates",
        endless.language,
        endless.prompt_language,
        endless.licence,
        endless.source,
        splits,
    )
