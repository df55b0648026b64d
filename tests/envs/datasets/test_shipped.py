"""Phrases, stories and facts: read from small files here, and whole where they ship."""

from collections import Counter

import gymnasium
import pytest

from lexigym.envs.datasets import facts, phrases, stories
from lexigym.envs.datasets.schema import DatasetError, Example, split_of
from lexigym.envs.datasets.sentences import is_lossless, words
from lexigym.envs.datasets.tables import DATA
from lexigym.registry.errors import InvalidArgumentError

PHRASINGS = "relation\tphrasing\ncapital\tWhat is the capital of {subject}?\n" + "".join(
    f"capital\tPhrasing {number} of {{subject}}?\n" for number in range(5)
)
FACTS = "relation\tsubject\tanswers\tsource\n" + "".join(
    f"capital\tLand{number}\tCity{number}|Town {number}\tatlas\n" for number in range(20)
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "english.tsv").write_text(
        "id\tsplit\tsentence\n1\ttrain\tHello.\n2\ttest\tGood night!\n"
    )
    (tmp_path / "fr.tsv").write_text("1\tBonjour.\tSalut.\n2\tBonne nuit !\t\n")
    (tmp_path / "facts.tsv").write_text(FACTS)
    (tmp_path / "phrasings.tsv").write_text(PHRASINGS)
    return tmp_path


def test_phrases_are_english_with_translations(folder):
    assert phrases.read_phrases(folder, "fr") == {
        "train": [Example("Hello.", ("Bonjour.", "Salut."))],
        "test": [Example("Good night!", ("Bonne nuit !",))],
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("fr.tsv", "1\tBonjour.\n", "english.tsv:3: the sentence '2' has no translation in fr.tsv"),
        ("fr.tsv", "1\n", "fr.tsv:1: expected the columns id, reference, got 1"),
        ("fr.tsv", b"1\t\xff", "fr.tsv:1: the byte 0xff is not UTF-8"),
    ],
)
def test_bad_phrases_are_told_by_file_and_line(folder, name, content, message):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DatasetError) as caught:
        phrases.read_phrases(folder, "fr")
    assert message in str(caught.value)


def test_phrases_have_few_targets():
    with pytest.raises(InvalidArgumentError, match="target='frr' is unknown; did you mean 'fr'"):
        phrases.Phrases("frr")


def test_stories_are_asked_by_their_content_words(tmp_path):
    path = tmp_path / "stories.txt"
    path.write_text(
        "The old dog slept near the fire.\n\nI am!\nIt isn't the red dog.\nA red dog?\n"
    )
    corpus = stories.sentences(path)
    assert len(corpus) == 4
    assert [stories.content_words(text) for text in corpus[1:]] == [
        [],
        ["red", "dog"],
        ["red", "dog"],
    ]
    first, second = stories.ask(corpus)
    assert set(first.keywords) <= {"old", "dog", "slept", "near", "fire"}
    assert 2 <= len(first.keywords) <= 3
    assert first == Example(" ".join(first.keywords), corpus[:1], first.keywords)
    # What has the same prompt is each other's reference.
    assert second == Example("red dog", corpus[2:], ("red", "dog"))


def test_keywords_stand_in_the_sentence_in_order():
    sentence = "Two brown birds sang a long song, and the fox's den stayed quiet."
    keywords = stories.choose_keywords(sentence)
    assert list(keywords) == [word for word in words(sentence, "en") if word in keywords]
    assert keywords == stories.choose_keywords(sentence)


def asked_in_training(questions, splits, *names):
    """Count the questions in training by the named attributes; those with none count as 0."""
    train = set(splits["train"])
    counts = Counter()
    for question in questions:
        counts[tuple(getattr(question, name) for name in names)] += question.example in train
    return counts.values()


@pytest.mark.parametrize("parts", [3, 7, 10])
def test_no_question_is_held_out_whose_fact_or_phrasing_is_new(folder, parts):
    questions = facts.read_facts(folder)
    assert len(questions) == 120
    splits = facts.split(questions, parts)
    # Each is in one split, and in no other.
    held = [example for examples in splits.values() for example in examples]
    assert len(held) == len(set(held))
    assert set(held) == {question.example for question in questions}
    assert min(map(len, splits.values())) >= 3
    assert min(asked_in_training(questions, splits, "relation", "subject")) >= 1
    assert min(asked_in_training(questions, splits, "phrasing")) >= 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("facts.tsv", "colour\tgrass\tgreen\tme\n", "facts.tsv:1: the relation 'colour' has no"),
        ("facts.tsv", "capital\tPeru\n", "facts.tsv:1: expected the columns relation, subject"),
        ("facts.tsv", "capital\tPeru\tLima\nx\n" * 1, "facts.tsv:2: expected"),
        ("facts.tsv", "capital\tPeru\tLima\n" * 2, "is asked a second time"),
        ("phrasings.tsv", "capital\tWhat is it?\n", "phrasings.tsv:1: the phrasing 'What is it?'"),
    ],
)
def test_bad_facts_are_told_by_file_and_line(folder, name, content, message):
    (folder / name).write_text(content)
    with pytest.raises(DatasetError) as caught:
        facts.read_facts(folder)
    assert message in str(caught.value)


def ships(*names):
    missing = [name for name in names if not (DATA / name).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"{missing} have not arrived")


FACTS_FILES = {
    "small": ("facts_small/facts.tsv", "facts_small/phrasings.tsv"),
    "standard": ("facts.tsv", "phrasings.tsv"),
}

SHIPPED = [
    *(
        pytest.param(
            lambda target=target: phrases.Phrases(target),
            marks=ships("phrases/english.tsv", f"phrases/{target}.tsv"),
            id=f"phrases-{target}",
        )
        for target in phrases.TARGETS
    ),
    *(
        pytest.param(
            lambda level=level: stories.Stories(level),
            marks=ships("stories.txt"),
            id=f"stories-{level}",
        )
        for level in ("small", "standard")
    ),
    *(
        pytest.param(
            lambda level=level: facts.Facts(level),
            marks=ships(*FACTS_FILES[level]),
            id=f"facts-{level}",
        )
        for level in ("small", "standard")
    ),
]


@pytest.mark.parametrize("make", SHIPPED)
def test_what_ships_is_whole(make):
    dataset = make()
    assert set(dataset.splits) == {"train", "validation", "test"}
    for examples in dataset.splits.values():
        for example in examples:
            assert is_lossless(example.prompt, dataset.prompt_language), example
            for reference in example.references:
                assert is_lossless(reference, dataset.language), example
                assert set(example.keywords) <= set(words(reference, dataset.language))
    # Two more tokens pad and end texts, and 64 are the most in all.
    limits = {"stories-small": 56, "facts-small": 62}
    if dataset.name in limits:
        vocabulary = {word for text in dataset.texts() for word in words(text, "en")}
        assert len(vocabulary) <= limits[dataset.name]


@ships("stories.txt")
def test_the_split_of_a_story_is_that_of_its_prompt():
    for split, examples in stories.Stories().splits.items():
        assert all(split_of(example.prompt) == split for example in examples)


@ships("stories.txt")
def test_recombined_stories_ask_for_words_of_several_sentences():
    plain, more, again = (stories.Stories(recombined=count).splits for count in (0, 300, 300))
    assert more == again
    assert {split: more[split] for split in ("validation", "test")} == {
        split: plain[split] for split in ("validation", "test")
    }
    known, added = more["train"][:-300], more["train"][-300:]
    assert known == plain["train"]
    sentences = {text for example in known for text in example.references}
    prompts = {example.prompt for each in plain.values() for example in each}
    assert prompts.isdisjoint(example.prompt for example in added)
    for example in added:
        assert split_of(example.prompt) == "train"
        assert example.prompt == " ".join(example.keywords)
        assert len(example.references) == len(example.keywords) in (2, 3)
        assert set(example.references) <= sentences
        for keyword, reference in zip(example.keywords, example.references, strict=True):
            assert keyword in stories.content_words(reference)


def test_too_many_recombined_stories_are_refused():
    few = [Example("red ball", ("The red ball.",)), Example("blue cat", ("The blue cat.",))]
    assert all(split_of(each.prompt) == "train" for each in stories.recombine(few, 2))
    with pytest.raises(DatasetError, match=r"recombined prompts, 100 are asked for: lower"):
        stories.recombine(few, 100)
    with pytest.raises(InvalidArgumentError, match="recombined"):
        stories.Stories(recombined=-1)


@ships("stories.txt")
def test_recombined_stories_are_judged_as_the_others_are():
    """What is learned there is worth the same where it is held out: words, lengths and scores."""
    plain, more = (
        gymnasium.make("TextGen-v0", dataset_arguments=arguments).unwrapped.task
        for arguments in ({}, {"recombined": 200})
    )
    assert more.num_examples == plain.num_examples + 200
    assert more.tokenizer.tokens == plain.tokenizer.tokens
    assert (more.prompt_tokens, more.new_tokens) == (plain.prompt_tokens, plain.new_tokens)
    assert (more.mask == plain.mask).all()
    for index in range(20):
        example = plain.examples.get(index)
        (ids,) = example.references
        assert more.score(ids, example) == plain.score(ids, example) > 0


@ships(*FACTS_FILES["small"])
def test_small_facts_are_asked_in_training_in_several_other_phrasings():
    questions = facts.read_facts(facts.SMALL)
    splits = facts.Facts("small").splits
    assert {split: len(examples) for split, examples in splits.items()} == {
        "train": 227,
        "validation": 52,
        "test": 45,
    }
    per_relation = {
        relation: {each.phrasing for each in questions if each.relation == relation}
        for relation in ("capital_of", "country_of_capital", "continent_of")
    }
    assert len(questions) == 12 * sum(map(len, per_relation.values())) == 324
    assert {len(phrasings) for phrasings in per_relation.values()} == {9}
    assert min(asked_in_training(questions, splits, "relation", "subject")) >= 3
    assert min(asked_in_training(questions, splits, "relation", "phrasing")) >= 3


@ships(*FACTS_FILES["small"], *FACTS_FILES["standard"])
def test_small_facts_are_facts_of_the_standard_level():
    small, standard = (
        {
            (each.relation, each.subject, each.example.references)
            for each in facts.read_facts(folder)
        }
        for folder in (facts.SMALL, DATA)
    )
    assert len(small) == 36
    assert small <= standard


@ships(*FACTS_FILES["small"])
def test_the_vocabulary_of_small_facts_is_small():
    few = {"dataset": "facts", "dataset_arguments": {"level": "small"}}
    task = gymnasium.make("QA-v0", level="small", **few).unwrapped.task
    assert task.tokenizer.size == 62
    assert task.new_tokens <= 8
