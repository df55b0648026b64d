"""The generators of reasoning-gym, where it is installed, as datasets without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from ...registry.errors import InvalidArgumentError, UnknownNameError, did_you_mean
from ...registry.requirements import require
from .procedural import ProceduralDataset
from .schema import DatasetError, Example, texts_of

MAX_ATTEMPTS = 100
SAMPLED_TEXTS = 500


class ReasoningGym(ProceduralDataset):
    """A generator of reasoning-gym; its answer is the reference, line ends become spaces.

    Its words have no end either, so `texts` yields a sample: tokenize by characters or pieces of
    words. Where several answers are right, the reference is one of them. A few generators walk over
    sets ("word_ladder" among them): for these, only processes with the same PYTHONHASHSEED agree.

    Args:
        name: What reasoning-gym calls it, such as "chain_sum".
        root: Of the training stream, at least 0.
        **arguments: Of its configuration, but `seed` and `size`, which have no meaning here.

    Raises:
        MissingDependencyError: If reasoning-gym is not installed.
        UnknownNameError: If it has no such generator.
        InvalidArgumentError: If the generator refuses an argument.
        DatasetError: If it gives no answers, or others for the same seed.
    """

    def __init__(self, name: str, root: int = 0, **arguments: Any) -> None:
        self._create = partial(_find(name), **arguments)
        for argument in ("seed", "size"):
            if argument in arguments:
                raise InvalidArgumentError(
                    f"{name!r} takes no {argument!r} here: every example has its own."
                )
        try:
            first, again = (self._create(seed=0, size=1)[0] for _ in range(2))
        except (AssertionError, TypeError, ValueError) as error:
            raise InvalidArgumentError(
                f"the generator {name!r} of reasoning-gym refuses {arguments!r}: {error}."
            ) from error
        if (first["question"], first["answer"]) != (again["question"], again["answer"]):
            raise DatasetError(
                f"the generator {name!r} of reasoning-gym gives another example for the same seed, "
                "so no comparison could be repeated; choose another."
            )
        super().__init__(
            f"reasoning-gym/{name}",
            self._ask,
            self._sample,
            language="en",
            prompt_language="en",
            licence="Apache-2.0",
            source="reasoning-gym",
            root=root,
        )

    def _ask(self, generator: np.random.Generator) -> Example:
        for _ in range(MAX_ATTEMPTS):
            item = self._create(seed=int(generator.integers(2**31)), size=1)[0]
            prompt, answer = (
                " ".join(str(item[key]).split()) if item[key] is not None else ""
                for key in ("question", "answer")
            )
            if prompt and answer:
                return Example(prompt, (answer,))
        raise DatasetError(f"{self.name!r} gives no answers that could be references.")

    def _sample(self) -> Iterator[str]:
        train = (self.example("train", index) for index in range(SAMPLED_TEXTS))
        held_out = (
            self.example(split, index)
            for split in ("validation", "test")
            for index in range(self.size(split) or 0)
        )
        return texts_of(chain(train, held_out))


def family(name: str) -> Callable[..., ReasoningGym]:
    """Return what makes the dataset of a generator.

    Raises:
        MissingDependencyError: If reasoning-gym is not installed.
        UnknownNameError: If it has no such generator.
    """
    _find(name)
    return partial(ReasoningGym, name)


def _find(name: str) -> Callable[..., Any]:
    purpose = f"the dataset 'reasoning-gym/{name}'"
    factory = require("reasoning_gym.factory", purpose, "reasoning-gym")
    if name not in factory.DATASETS:
        raise UnknownNameError(
            f"reasoning-gym has no generator {name!r}: {did_you_mean(name, factory.DATASETS)}"
        )
    return partial(factory.create_dataset, name)
