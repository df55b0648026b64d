"""BLEU and chrF: sacrebleu's numbers, for whole texts and for every prefix of a growing one."""

import copy
import pickle

import pytest
import sacrebleu
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lexigym.envs.scorers.bleu import Bleu
from lexigym.envs.scorers.chrf import ChrF
from lexigym.registry.errors import InvalidArgumentError

# What tokenizers treat specially, and few enough words that texts match and repeat.
PIECES = [
    *("the", "cat", "a", "sat", "the cat sat on the mat", "été", "naïve", "Straße"),
    *("中", "文字", "。", ",", "\uff0c", "日本語", "한국어", "ไทย", "हिन्दी", "😀", "e\u0301"),
    *(" ", " ", " ", "  ", "\t", "\n", "\r\n", "\u2003", "\u3000", "\u2028", "\x1c"),
    *("-\n", "-", "--", "-\n\n", "<skipped>", "-<skipped>\n", "<", "skipped", ">"),
    *("&amp;", "&", "amp;", "&quot;", "&lt", ";", "&amp;lt;"),
    *(".", ",", "1", "1,000", "3.14", ".5", "5-", "$9.99", "!?", "'s", '"', "(b)", "[/]", "…"),
]
written = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
texts = written | written | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
references = st.lists(texts, min_size=1, max_size=3)
cuts = st.lists(st.integers(0, 40), max_size=30)
many = settings(max_examples=2000, deadline=None)


def tokenizer_of(language):
    return {"zh": "zh", "ja": "char"}.get(language, "13a")


def sacrebleu_bleu(language):
    metric = sacrebleu.metrics.BLEU(effective_order=True, tokenize=tokenizer_of(language))
    return lambda hypothesis, texts: metric.sentence_score(hypothesis, texts).score / 100


def sacrebleu_chrf(hypothesis, texts):
    return sacrebleu.metrics.CHRF().sentence_score(hypothesis, texts).score / 100


def growing(text, places):
    """The text in pieces, cut at these places, empty pieces included."""
    ends = [*sorted(min(place, len(text)) for place in places), len(text)]
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def follow(scorer, oracle, text, goal, places):
    """Compare both forms with the oracle at every piece, the branches of a copy included."""
    progress = scorer.begin(goal)
    assert progress.score == pytest.approx(oracle("", goal), abs=1e-9)
    assert progress.potential is None
    for piece in growing(text, places):
        branch = progress.copy()
        branch.append(" something else.")
        progress.append(piece)
        wanted = oracle(progress.text, goal)
        assert progress.score == pytest.approx(wanted, abs=1e-9)
        assert progress.components == {scorer.name: progress.score}
    assert progress.text == text
    assert scorer.score(text, goal) == pytest.approx(wanted, abs=1e-9)
    assert branch.score == pytest.approx(oracle(branch.text, goal), abs=1e-9)


@st.composite
def cases(draw):
    """Texts to score, half of them near to a reference."""
    goal = draw(references)
    text = draw(st.sampled_from(goal)) if draw(st.booleans()) else draw(texts)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(PIECES)) + text[place:]
    return text, goal, draw(cuts)


@many
@given(cases(), st.sampled_from(["en", "zh", "ja"]))
@example(("co-\nop", ["coop"], [3]), "en")
@example(("co-\n op", ["co op"], [3, 4]), "en")
@example(("co-<skipped>\nop", ["coop"], [2, 12, 13]), "en")
@example(("<skip-\nped>a", ["<skipped>a"], [4, 7]), "en")
@example((".5 5, 中5,", [".5 5,"], [1, 2, 3, 5]), "zh")
@example(("the the the the", ["the cat the", "the"], [3, 7]), "en")
def test_bleu_is_that_of_sacrebleu(case, language):
    follow(Bleu(language), sacrebleu_bleu(language), *case)


@many
@given(cases())
def test_chrf_is_that_of_sacrebleu(case):
    follow(ChrF(), sacrebleu_chrf, *case)


@settings(max_examples=300, deadline=None)
@given(cases(), st.sampled_from(["en", "zh", "ja"]))
def test_every_character_can_be_a_piece(case, language):
    text, goal, _ = case
    places = range(len(text))
    follow(Bleu(language), sacrebleu_bleu(language), text, goal, places)
    follow(ChrF(), sacrebleu_chrf, text, goal, places)


@pytest.mark.parametrize("scorer", [Bleu(), Bleu("zh"), Bleu("ja"), ChrF()])
@given(texts.filter(str.strip))
def test_a_perfect_text_scores_one(scorer, text):
    progress = scorer.begin([text])
    progress.append(text)
    assert progress.score in (0, 1)


def test_signatures_are_those_of_sacrebleu():
    Bleu("zh").score("a", ["a", "b"])
    ChrF().score("a", ["a", "b"])
    assert Bleu("zh-Hant").signature.startswith("nrefs:var|case:mixed|eff:yes|tok:zh|smooth:exp|")
    assert Bleu("ko").signature.startswith("nrefs:var|case:mixed|eff:yes|tok:char|smooth:exp|")
    assert ChrF().signature.startswith("nrefs:var|case:mixed|eff:yes|nc:6|nw:0|space:no|")
    assert Bleu().signature.endswith(f"version:{sacrebleu.__version__}")


@pytest.mark.parametrize("scorer", [Bleu(), ChrF()])
def test_scorers_and_progress_can_be_pickled(scorer):
    progress = scorer.begin(["the cat sat on the mat"])
    progress.append("the cat sa")
    for twin in (pickle.loads(pickle.dumps(progress)), copy.deepcopy(progress)):
        twin.append("t on the")
        assert twin.score == scorer.score("the cat sat on the", ["the cat sat on the mat"])
    assert progress.text == "the cat sa"


@pytest.mark.parametrize("scorer", [Bleu(), ChrF()])
@pytest.mark.parametrize(
    ("hypothesis", "goal", "named"),
    [
        ("a \ud800", ["a"], "ud800"),
        ("a", ["b \udfff"], "udfff"),
        ("a", [], r"\[\]"),
        ("a", "a", "'a'"),
        (None, ["a"], "None"),
        ("a", [None], "None"),
        ("a", None, "None"),
    ],
)
def test_what_is_no_text_is_refused(scorer, hypothesis, goal, named):
    with pytest.raises(InvalidArgumentError, match=named):
        scorer.score(hypothesis, goal)
    with pytest.raises(InvalidArgumentError, match=named):
        scorer.begin(goal).append(hypothesis)


@pytest.mark.parametrize("language", ["eng", "xx", "", None])
def test_an_unknown_language_is_refused(language):
    with pytest.raises(InvalidArgumentError, match="language"):
        Bleu(language)
