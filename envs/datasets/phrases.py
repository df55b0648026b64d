"""English sentences with translations into French, German, Spanish or Chinese."""

from __future__ import annotations

from pathlib import Path

from ..arguments import choice
from .schema import Dataset, DatasetError, Example
from .tables import DATA, read_rows

TARGETS = ("fr", "de", "es", "zh")


class Phrases(Dataset):
    """English sentences as prompts, with one or more translations of each.

    Args:
        target: "fr", "de", "es" or "zh".

    Raises:
        InvalidArgumentError: If there are no translations into the target.
    """

    def __init__(self, target: str = "fr") -> None:
        choice("target", target, TARGETS)
        super().__init__(
            name=f"phrases-{target}",
            language=target,
            prompt_language="en",
            licence="MIT",
            source="written for lexigym",
            splits=read_phrases(DATA / "phrases", target),
        )


def read_phrases(folder: Path, target: str) -> dict[str, list[Example]]:
    """Return the splits of a folder that holds `english.tsv` and the target's table.

    Raises:
        DatasetError: If a file can't be read, or a sentence has no translation.
    """
    translations = {
        cells[0]: tuple(filter(None, cells[1:]))
        for _, cells in read_rows(folder / f"{target}.tsv", "id", "reference")
    }
    splits: dict[str, list[Example]] = {}
    for place, cells in read_rows(folder / "english.tsv", "id", "split", "sentence"):
        identifier, split, sentence = cells[:3]
        if identifier not in translations:
            raise DatasetError(
                f"{place}: the sentence {identifier!r} has no translation in {target}.tsv; add one."
            )
        splits.setdefault(split, []).append(Example(sentence, translations[identifier]))
    return splits
