"""Exact match and F1 against SQuAD's and CMRC's published rules, written here another way."""

import string
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lexigym.envs.scorers.squad import F1, ExactMatch

PIECES = [
    *("the ", "The", "a", "an", "A ", "theatre", "Paris", "paris ", "new york", "an-", "the.cat"),
    *(
        " ",
        "  ",
        "\t",
        "\n",
        ".",
        ",",
        "'",
        "_",
        "\u2019",
        "$3.5",
        "1",
        "%",
        "été",
        "É",
        "İ",
        "ß",
        "中国",
    ),
]
texts = st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)
chinese = st.text(st.sampled_from("中国人民京北\uff0c。\uff1a-……·「」 aB1.%\u3000"), max_size=10)
many = settings(max_examples=2000, deadline=None)


def squad_normalised(text):
    """The words that are left: by character classes instead of regular expressions."""
    kept = [c for c in text.lower() if c not in string.punctuation]
    runs = [""]
    in_run = False
    for c in kept:
        is_word = c.isalnum() or c == "_"
        if is_word != in_run:
            runs.append("")
            in_run = is_word
        runs[-1] += c
    return "".join(" " if run in ("a", "an", "the") else run for run in runs).split()


def squad_f1(hypothesis, reference):
    answer, target = squad_normalised(hypothesis), squad_normalised(reference)
    left = list(target)
    common = 0
    for word in answer:
        if word in left:
            left.remove(word)
            common += 1
    return 2 * common / (len(answer) + len(target)) if common else 0.0


def cmrc_removed(text):
    deleted = set(
        "-:_*^/\\~`+=\uff0c。\uff1a\uff1f\uff01“”\uff1b\u2019《》·、「」\uff08\uff09\uff0d\uff5e『』"
    )
    return [c for c in text.lower().strip() if c not in deleted]


def cmrc_f1(hypothesis, reference):
    """By the table of common run lengths; only for texts of single-sign segments."""
    answer = [c for c in cmrc_removed(hypothesis) if not c.isspace()]
    target = [c for c in cmrc_removed(reference) if not c.isspace()]
    longest = 0
    for i in range(len(answer)):
        for j in range(len(target)):
            length = 0
            while (
                i + length < len(answer)
                and j + length < len(target)
                and answer[i + length] == target[j + length]
            ):
                length += 1
            longest = max(longest, length)
    return 2 * longest / (len(answer) + len(target)) if longest else 0.0


@many
@given(texts, st.lists(texts, min_size=1, max_size=3), st.data())
@example("The", ["a"], None)
def test_exact_match_and_f1_are_those_of_squad(hypothesis, goal, data):
    if data and data.draw(st.booleans()):
        hypothesis = data.draw(st.sampled_from(goal)) + data.draw(st.sampled_from(PIECES))
    matched = any(squad_normalised(hypothesis) == squad_normalised(text) for text in goal)
    assert ExactMatch().score(hypothesis, goal) == matched
    wanted = max(squad_f1(hypothesis, text) for text in goal)
    assert F1().score(hypothesis, goal) == pytest.approx(wanted, abs=1e-12)


@many
@given(chinese, st.lists(chinese, min_size=1, max_size=3))
def test_chinese_follows_cmrc(hypothesis, goal):
    matched = any(cmrc_removed(hypothesis) == cmrc_removed(text) for text in goal)
    assert ExactMatch("zh").score(hypothesis, goal) == matched
    single = [
        "".join(c for c in text if unicodedata.category(c) == "Lo" or not c.isascii())
        for text in (hypothesis, *goal)
    ]
    wanted = max(cmrc_f1(single[0], text) for text in single[1:])
    assert F1("zh").score(single[0], single[1:]) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ("约3.5%的人", "3.5%", 2 * 2 / (5 + 2)),
        ("NBA球员", "nba 球员", 1.0),
        ("北京，中国", "北京中国", 1.0),  # noqa: RUF001
        ("北京的中国", "北京中国", 2 * 2 / (5 + 4)),
    ],
)
def test_words_of_other_scripts_are_segments_of_chinese(answer, reference, f1):
    assert F1("zh").score(answer, [reference]) == pytest.approx(f1)


@given(texts, st.lists(texts, min_size=1, max_size=3), st.sampled_from(["en", "zh"]), st.data())
def test_progress_equals_the_plain_form(hypothesis, goal, language, data):
    place = data.draw(st.integers(0, len(hypothesis)))
    for scorer in (ExactMatch(language), F1(language)):
        progress = scorer.begin(goal)
        assert progress.potential == 0
        for piece in (hypothesis[:place], hypothesis[place:]):
            progress.append(piece)
            assert progress.score == scorer.score(progress.text, goal)
            assert 0 <= progress.potential <= 1


def test_the_potential_of_exact_match_grows_with_right_words_only():
    progress = ExactMatch().begin(["The old man and the sea", "old boat"])
    potentials = []
    for piece in ("the old", " man", " and sea", " now"):
        progress.append(piece)
        potentials.append(progress.potential)
    # Of "old boat" one word of two is there at first, then one of "old man and sea" after another.
    assert potentials == [1 / 2, 2 / 4, 1, 4 / 5]
    assert progress.score == 0
