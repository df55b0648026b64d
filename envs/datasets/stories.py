"""English sentences to be written from two or three of their words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ..arguments import choice
from .schema import LEVELS, Dataset, Example, split_by_hash, stable_hash
from .sentences import words
from .tables import DATA, read_lines

STORIES = DATA / "stories.txt"
SMALL = DATA / "stories_small.txt"

# Words that say little of what a sentence is about; their contractions too.
STOP_WORDS = frozenset(
    """
    a about after again all am an and any are as at away be been before but by ca can could did do
    does down every for from get go got had has have he her here him his how i if in into is it
    its just let like me more my no not now of off on once one or our out over she so some soon
    than that the their them then there these they this those to too under until up us very was
    we were what when where which while who whose why will with wo would you your
    """.split()  # noqa: SIM905, thirty lines otherwise
)


class Stories(Dataset):
    """Sentences from everyday stories; the prompt is two or three words that they hold.

    Sentences with the same prompt are each other's references.

    Args:
        level: "standard" has sentences of 3 to 14 words; "small" those of a first reader, 3 to 6
            words each, that 56 distinct words and marks write.

    Raises:
        InvalidArgumentError: If the level is unknown.
    """

    def __init__(self, level: str = "standard") -> None:
        choice("level", level, LEVELS)
        corpus = sentences(SMALL if level == "small" else STORIES)
        super().__init__(
            name=f"stories-{level}",
            language="en",
            prompt_language="en",
            licence="MIT",
            source="written for lexigym",
            splits=split_by_hash(ask(corpus)),
        )


@cache
def sentences(path: Path = STORIES) -> tuple[str, ...]:
    """Return the sentences of a file, one per line.

    Raises:
        DatasetError: If it can't be read.
    """
    return tuple(line.strip() for _, line in read_lines(path))


def ask(corpus: Iterable[str]) -> list[Example]:
    """Return examples that ask for sentences by their keywords, where they have two or more."""
    answers: dict[tuple[str, ...], list[str]] = {}
    for sentence in corpus:
        keywords = choose_keywords(sentence)
        if len(keywords) > 1:
            answers.setdefault(keywords, []).append(sentence)
    return [
        Example(" ".join(keywords), tuple(dict.fromkeys(references)), keywords)
        for keywords, references in answers.items()
    ]


def choose_keywords(sentence: str) -> tuple[str, ...]:
    """Return two or three words of a sentence that say what it is about, fewer if it has fewer.

    Its hash decides how many and which; they stand in the order of the sentence.
    """
    content = content_words(sentence)
    count = 2 + stable_hash(sentence) % 2
    chosen = sorted(content, key=lambda word: stable_hash(f"{sentence}\t{word}"))[:count]
    return tuple(word for word in content if word in chosen)


def content_words(sentence: str) -> list[str]:
    """Return the distinct words of a sentence, in order, but for stop words."""
    return [
        word
        for word in dict.fromkeys(words(sentence, "en"))
        if word[0].isalpha() and word.lower().removesuffix("n't").split("'")[0] not in STOP_WORDS
    ]
