"""English sentences to be written from two or three of their words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path

from ..arguments import choice
from .schema import LEVELS, Dataset, Example, split_by_hash, stable_hash
from .sentences import words
from .tables import DATA, read_lines
from .vocabulary import keep_common

STORIES = DATA / "stories.txt"
SMALL_VOCABULARY = 56
SMALL_WORDS = 7

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
        level: "standard" has all sentences, each asked for once. "small" has those of at most 7
            words that at most 56 distinct words and marks write, which are few: each is asked for
            by all choices of its words, so that what is held out are choices, not sentences.

    Raises:
        InvalidArgumentError: If the level is unknown.
    """

    def __init__(self, level: str = "standard") -> None:
        choice("level", level, LEVELS)
        if level == "small":
            asked = [(each, text) for text in small(sentences()) for each in all_keywords(text)]
        else:
            asked = [(choose_keywords(text), text) for text in sentences()]
        super().__init__(
            name=f"stories-{level}",
            language="en",
            prompt_language="en",
            licence="MIT",
            source="written for lexigym",
            splits=split_by_hash(ask(asked)),
        )


@cache
def sentences(path: Path = STORIES) -> tuple[str, ...]:
    """Return the sentences of a file, one per line.

    Raises:
        DatasetError: If it can't be read.
    """
    return tuple(line.strip() for _, line in read_lines(path))


def small(corpus: tuple[str, ...]) -> tuple[str, ...]:
    """Return short sentences of a corpus over a small vocabulary, chosen greedily."""
    short = [
        (sentence, set(tokens))
        for sentence, tokens in ((each, words(each, "en")) for each in corpus)
        if sum(token[0].isalnum() for token in tokens) <= SMALL_WORDS
    ]
    return tuple(keep_common(short, SMALL_VOCABULARY))


def ask(keywords: Iterable[tuple[tuple[str, ...], str]]) -> list[Example]:
    """Return examples that ask for sentences by keywords, given as pairs, where there are any."""
    answers: dict[tuple[str, ...], list[str]] = {}
    for chosen, sentence in keywords:
        if chosen:
            answers.setdefault(chosen, []).append(sentence)
    return [
        Example(" ".join(chosen), tuple(dict.fromkeys(references)), chosen)
        for chosen, references in answers.items()
    ]


def choose_keywords(sentence: str) -> tuple[str, ...]:
    """Return two or three words of a sentence that say what it is about, fewer if it has fewer.

    Its hash decides how many and which; they stand in the order of the sentence.
    """
    content = content_words(sentence)
    count = 2 + stable_hash(sentence) % 2
    chosen = sorted(content, key=lambda word: stable_hash(f"{sentence}\t{word}"))[:count]
    return tuple(word for word in content if word in chosen)


def all_keywords(sentence: str) -> list[tuple[str, ...]]:
    """Return every choice of two or three of the words that say what a sentence is about."""
    content = content_words(sentence)
    return [chosen for count in (2, 3) for chosen in combinations(content, count)]


def content_words(sentence: str) -> list[str]:
    """Return the distinct words of a sentence, in order, but for stop words."""
    return [
        word
        for word in dict.fromkeys(words(sentence, "en"))
        if word[0].isalpha() and word.lower().removesuffix("n't").split("'")[0] not in STOP_WORDS
    ]
