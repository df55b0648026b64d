"""English sentences to be written from two or three of their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from ..arguments import choice, integer
from .schema import LEVELS, Dataset, DatasetError, Example, split_by_hash, split_of, stable_hash
from .sentences import words
from .tables import DATA, read_lines

STORIES = DATA / "stories.txt"
SMALL = DATA / "stories_small.txt"

# In a row, for one more recombined prompt.
ATTEMPTS = 1_000

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
        recombined: More training examples, whose words come from different training sentences, so
            that nobody has ever answered them: a model that knows its sentences by heart has to
            write new ones. Their references are the sentences that the words come from, which earn
            less than a sentence that holds them all, so that the oracle is a lower bound there.

    Raises:
        DatasetError: If there are fewer recombined prompts than asked for.
        InvalidArgumentError: If the level is unknown, or the number is negative.
    """

    def __init__(self, level: str = "standard", recombined: int = 0) -> None:
        choice("level", level, LEVELS)
        integer("recombined", recombined, 0)
        corpus = sentences(SMALL if level == "small" else STORIES)
        splits = split_by_hash(ask(corpus))
        splits["train"] += recombine(splits["train"], recombined)
        super().__init__(
            name=f"stories-{level}",
            language="en",
            prompt_language="en",
            licence="MIT",
            source="written for lexigym",
            splits=splits,
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


def recombine(examples: Sequence[Example], count: int) -> list[Example]:
    """Return new examples, each asking for words of two or three sentences of the given ones.

    Their prompts are training prompts by their hash, and none is among the given ones. The same
    examples make the same new ones.

    Raises:
        DatasetError: If a thousand attempts in a row find no other.
    """
    sources = [text for example in examples for text in example.references]
    known = {example.prompt for example in examples}
    generator = np.random.default_rng(stable_hash("recombined stories"))
    found: list[Example] = []
    attempts = 0
    while len(found) < count:
        attempts += 1
        if attempts > ATTEMPTS:
            raise DatasetError(
                f"the stories give {len(found)} recombined prompts, {count} are asked for: lower "
                "recombined."
            )
        several = min(2 + int(generator.integers(2)), len(sources))
        chosen = generator.choice(len(sources), several, replace=False)
        references = [sources[index] for index in chosen]
        keywords = tuple(_one_word(text, generator) for text in references)
        prompt = " ".join(keywords)
        if "" in keywords or len(set(keywords)) < len(keywords):
            continue
        if prompt not in known and split_of(prompt) == "train":
            known.add(prompt)
            found.append(Example(prompt, tuple(references), keywords))
            attempts = 0
    return found


def _one_word(sentence: str, generator: np.random.Generator) -> str:
    content = content_words(sentence)
    return content[int(generator.integers(len(content)))] if content else ""


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
