"""Keywords, distinct, length, regex, sentiment, language, similarity."""

import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexigym.envs.scorers.distinct import Distinct
from lexigym.envs.scorers.keywords import Keywords
from lexigym.envs.scorers.language import Language
from lexigym.envs.scorers.length import Length
from lexigym.envs.scorers.protocol import Goal
from lexigym.envs.scorers.regex import Regex
from lexigym.envs.scorers.sentiment import Sentiment
from lexigym.envs.scorers.similarity import Similarity
from lexigym.envs.scorers.words import tokens, words
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError

texts = st.text(st.sampled_from("ab cé.,' -中\n"), max_size=20)


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("Don't stop, well-known 'friend'!", "en", ["don't", "stop", "well-known", "friend"]),
        ("हिन्दी में", "hi", ["हिन्दी", "में"]),
        ("猫坐。OK", "zh", ["猫", "坐", "o", "k"]),
        ("-- '' … ", "en", []),
        ("Straße", "de", ["strasse"]),
    ],
)
def test_words(text, language, wanted):
    assert words(text, language) == wanted


@given(texts, texts, st.sampled_from([" ", "\n", "\u3000"]), st.sampled_from(["en", "zh"]))
def test_tokens_are_independent_across_spaces(first, second, space, language):
    parts = tokens(first, language) + tokens(second, language)
    assert tokens(first + space + second, language) == parts


@pytest.mark.parametrize(
    ("text", "required", "score"),
    [
        ("The cat sat.", ["cat", "SAT"], 1.0),
        ("category", ["cat"], 0.0),
        ("concatenate a cat", ["cat"], 1.0),
        ("The cat", ["cat", "dog", "Cat"], 0.5),
        ("New York's best", ["new york", "york's"], 1.0),
        ("e\u0301te\u0301", ["été", "t"], 0.5),
        ("café\u0327s", ["café"], 0.0),
        ("", ["cat"], 0.0),
    ],
)
def test_keywords_are_whole_words(text, required, score):
    assert Keywords().score(text, required) == score
    assert Keywords().score(text, Goal(("ignored",), tuple(required))) == score


def test_chinese_keywords_stand_anywhere():
    assert Keywords("zh").score("我喜欢猫咪", ["猫", "狗"]) == 0.5


def test_a_keyword_is_lost_when_its_word_goes_on():
    progress = Keywords().begin(["cat"])
    progress.append("a cat")
    assert progress.score == progress.potential == 1
    progress.append("erpillar")
    assert progress.score == progress.potential == 0


@pytest.mark.parametrize("required", [[], [""], ["cat", ""], Goal(("cat",))])
def test_keywords_need_words(required):
    with pytest.raises(InvalidArgumentError):
        Keywords().score("cat", required)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("", 0),
        ("...", 0),
        ("cat", 1),
        ("the cat saw the dog", 1),
        ("cat cat", 0),
        ("Cat, cat", 0),
        ("a b a b", 2 / 3),
        ("a a b", 1 / 2),
        ("go go go go", 0),
    ],
)
def test_distinct(text, score):
    assert Distinct().score(text) == pytest.approx(score)


def test_distinct_allows_the_doubled_characters_of_chinese():
    assert Distinct("zh").score("妈妈慢慢走") == 1
    assert Distinct("zh").score("走走走走") == pytest.approx(1 / 3)


@pytest.mark.parametrize(("count", "score"), [(0, 0), (1, 0.5), (2, 1), (4, 1), (6, 0.5), (9, 0)])
def test_length(count, score):
    assert Length(2, 4).score("word " * count) == score
    assert Length(2, 4, unit="characters").score("." * count) == score
    assert Length(2, 4, language="zh").score("猫" * count + "。") == score


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"minimum": 5, "maximum": 4}, "minimum=5"),
        ({"minimum": -1}, "minimum=-1"),
        ({"minimum": 0, "maximum": 0}, "maximum=0"),
        ({"unit": "word"}, "did you mean 'words'"),
    ],
)
def test_length_refuses_empty_bounds(arguments, named):
    with pytest.raises(InvalidArgumentError, match=named):
        Length(**arguments)


def test_regex():
    assert Regex(r"\d+ cats?").score("12 cats") == 1
    assert Regex(r"\d+ cats?").score("12 cats!") == 0
    assert Regex("a").begin([]).potential is None
    with pytest.raises(InvalidArgumentError, match=r"pattern='\('"):
        Regex("(")


@given(texts, st.data())
def test_progress_equals_the_plain_form(text, data):
    place = data.draw(st.integers(0, len(text)))
    for scorer in (Distinct(), Distinct("zh"), Length(2, 3), Length(0, 3), Keywords(), Regex("a*")):
        progress = scorer.begin(["a", "b'c"])
        assert not progress.potential
        for piece in (text[:place], text[place:]):
            progress.append(piece)
            assert progress.score == scorer.score(progress.text, ["a", "b'c"])
            assert progress.potential in (None, progress.score * bool(progress.text))
        assert progress.copy().text == text


def test_sentiment():
    pytest.importorskip("vaderSentiment")
    scorer = Sentiment()
    assert (
        scorer.score("I love this wonderful day!") > 0.8 > 0.2 > scorer.score("Awful, I hate it.")
    )
    assert scorer.score("The table has a side.") == 0.5
    assert scorer.score("") == scorer.begin(()).potential == 0
    with pytest.raises(InvalidArgumentError, match="'de'"):
        Sentiment("de")


def test_language(monkeypatch):
    ranking = [("en", -10.0), ("de", -10.0 - np.log(3)), ("fr", -5000.0)]
    fake = types.ModuleType("py3langid")
    fake.rank = lambda text: ranking
    monkeypatch.setitem(sys.modules, "py3langid", fake)
    assert Language("en").score("some text") == pytest.approx(0.75)
    assert Language("de").score("some text") == pytest.approx(0.25)
    assert Language("cy").score("some text") == 0
    assert Language("en").score(" ") == 0


def test_the_language_model_knows_english_from_german():
    pytest.importorskip("py3langid")
    text = "This is a sentence that nobody could take for German."
    assert Language("en").score(text) > 0.9 > 0.1 > Language("de").score(text)


def test_similarity(monkeypatch):
    vectors = {"a": [1.0, 0.0], "b": [0.6, 0.8], "c": [-1.0, 0.0]}

    class Model:
        def __init__(self, name):
            if name == "offline":
                raise OSError("no network")

        def encode(self, texts, normalize_embeddings):
            assert normalize_embeddings
            return np.array([vectors[text] for text in texts], np.float32)

    fake = types.ModuleType("sentence_transformers")
    fake.SentenceTransformer = Model
    monkeypatch.setitem(sys.modules, "sentence_transformers", fake)
    scorer = Similarity("fake")
    assert scorer.score("a", ["c", "b"]) == pytest.approx(0.8)
    assert scorer.score("a", ["c"]) == 0
    assert scorer.score("a", ["a"]) == 1
    assert scorer.score("", ["a"]) == 0
    with pytest.raises(MissingDependencyError, match="'offline'"):
        Similarity("offline").score("a", ["a"])


@pytest.mark.parametrize(
    ("scorer", "module", "package"),
    [
        (Language(), "py3langid", "py3langid"),
        (Similarity("absent"), "sentence_transformers", "sentence-transformers"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(scorer, module, package, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=f"pip install {package}") as caught:
        scorer.score("text", ["text"])
    assert "\n" not in str(caught.value)
