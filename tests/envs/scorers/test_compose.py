"""Compositions, names, faulty scorers, and rewards for trainers."""

import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.scorers.bleu import Bleu
from lexigym.envs.scorers.catalog import SCORERS
from lexigym.envs.scorers.chrf import ChrF
from lexigym.envs.scorers.compose import Product, WeightedSum, parse
from lexigym.envs.scorers.distinct import Distinct
from lexigym.envs.scorers.keywords import Keywords
from lexigym.envs.scorers.length import Length
from lexigym.envs.scorers.make import make_scorer
from lexigym.envs.scorers.protocol import Goal, Scorer, ScorerFaultError
from lexigym.envs.scorers.regex import Regex
from lexigym.envs.scorers.rewards import as_reward_function, score
from lexigym.registry.errors import InvalidArgumentError, LexigymError, UnknownNameError
from lexigym.registry.tables import register_scorer

GOAL = Goal(("the cat sat on a mat", "a cat was there"), ("cat", "mat"))
texts = st.lists(st.sampled_from(["the", "cat", " ", " ", "mat", "on a", "."]), max_size=10)


class Constant(Scorer):
    """A third party's scorer: no more than a name and a score."""

    def __init__(self, value, name="constant"):
        self.value, self.name = value, name

    def score(self, hypothesis, references):
        return self.value


@settings(deadline=None)
@given(texts)
def test_a_product_is_the_product_and_a_sum_the_weighted_mean(pieces):
    parts = (Keywords(), Bleu(), Distinct())
    product = Product(*parts)
    total = WeightedSum({parts[0]: 1, parts[1]: 2.5, parts[2]: 0.5})
    nested = WeightedSum({product: 1, ChrF(): 3})
    followed = [composed.begin(GOAL) for composed in (product, total, nested)]
    for piece in pieces:
        for progress in followed:
            progress.copy().append("mat")
            progress.append(piece)
        text = followed[0].text
        values = [part.score(text, GOAL) for part in parts]
        wanted = [math.prod(values), (values[0] + 2.5 * values[1] + 0.5 * values[2]) / 4]
        wanted.append((wanted[0] + 3 * ChrF().score(text, GOAL)) / 4)
        for composed, progress, value in zip(
            (product, total, nested), followed, wanted, strict=True
        ):
            assert composed.score(text, GOAL) == pytest.approx(value, abs=1e-9)
            assert progress.score == pytest.approx(value, abs=1e-9)
            assert progress.components == pytest.approx(composed.components(text, GOAL))
            assert progress.potential is None
            assert composed.compares
    assert set(followed[2].components) == {"keywords", "bleu", "distinct", "chrf"}


def test_names_and_signatures_tell_the_parts():
    product = Product(Keywords(), Distinct())
    assert product.name == "keywords*distinct"
    assert WeightedSum({Bleu(): 7, ChrF(): 3}).name == "0.7*bleu+0.3*chrf"
    assert Product(WeightedSum({Bleu(): 1, ChrF(): 1}), Length()).name == (
        "(0.5*bleu+0.5*chrf)*length"
    )
    assert "min:1|max:20" in Product(Bleu(), Length()).signature


def test_a_part_without_potential_leaves_the_whole_without():
    assert Product(Distinct(), Regex("a*")).begin(()).potential is None
    assert WeightedSum({Distinct(): 1, Regex("a*"): 1}).begin(()).potential is None
    assert Product(Distinct(), Length()).begin(()).potential == 0
    assert not Product(Distinct(), Length()).compares


def test_each_part_gets_what_it_reads():
    assert Product(Bleu(), ChrF(), Distinct()).reads == "references"
    assert Product(Keywords(), Distinct()).reads == "keywords"
    assert Product(Length(), Distinct()).reads == "text"
    mixed = Product(Keywords(), Bleu())
    assert mixed.reads == "goal"
    assert Product(mixed, Distinct()).reads == "goal"
    assert Product(Keywords(), Distinct()).score("cat", ["cat"]) == 1
    with pytest.raises(InvalidArgumentError, match="Goal"):
        mixed.score("cat", ["cat"])
    with pytest.raises(InvalidArgumentError, match="Goal"):
        mixed.begin(["cat"])
    with pytest.raises(InvalidArgumentError, match="'keywords'"):
        mixed.score("cat", Goal(references=("cat",)))


def test_malformed_compositions_are_refused():
    with pytest.raises(InvalidArgumentError, match="at least one"):
        Product()
    with pytest.raises(InvalidArgumentError, match="'length'"):
        Product(Length(1, 2), Length(1, 3))
    for weight in (0, -1, math.inf, math.nan):
        with pytest.raises(InvalidArgumentError, match="'bleu'"):
            WeightedSum({Bleu(): weight})


def test_compositions_are_parsed():
    product = parse("keywords * fluency*distinct", corpus=["a cat sat", "a dog ran"] * 5)
    assert [part.name for part in product.parts] == ["keywords", "fluency", "distinct"]
    total = make_scorer("0.7*bleu+0.3*chrf", language="zh")
    assert total.name == "0.7*bleu+0.3*chrf"
    assert total.parts[0].tokenizer == "zh"
    assert make_scorer("bleu+chrf").weights == (0.5, 0.5)
    assert (
        make_scorer("3*keywords*distinct+1*keywords").name == "0.75*keywords*distinct+0.25*keywords"
    )
    assert make_scorer("length*regex", pattern="a*", maximum=3).parts[0].maximum == 3


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("bleu*", "lacks a name"),
        ("+bleu", "lacks a name"),
        ("0.5*", "lacks a name"),
        ("bleu+0.5*chrf", "not all terms"),
        ("0.5*bleu", "not all terms|alone"),
        ("bleu+bleu", "twice"),
        ("0*bleu+1*chrf", "above 0"),
        ("length*regex", "'pattern'"),
    ],
)
def test_malformed_expressions_are_refused(expression, named):
    with pytest.raises(InvalidArgumentError, match=named) as caught:
        make_scorer(expression)
    assert "\n" not in str(caught.value)


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'bleu'"):
        make_scorer("blue")
    with pytest.raises(UnknownNameError, match="did you mean 'fluency'"):
        make_scorer("keywords*fluenci")
    with pytest.raises(InvalidArgumentError, match="did you mean 'en'"):
        make_scorer("bleu", language="eng")
    with pytest.raises(InvalidArgumentError, match="did you mean 'maximum'"):
        make_scorer("length", maximun=3)
    with pytest.raises(InvalidArgumentError, match="no argument 'maximum'"):
        make_scorer("bleu*chrf", maximum=3)


def test_a_class_without_arguments_gets_none():
    class Plain(Scorer):
        name = "plain-test"

        def score(self, hypothesis, references):
            return 1.0

    register_scorer("plain-test", Plain)
    with pytest.raises(InvalidArgumentError, match="no argument 'size'"):
        make_scorer("plain-test", size=3)
    assert make_scorer("plain-test", language="de").score("", ["a"]) == 1


def test_objects_pass_through():
    constant = Constant(0.5)
    assert make_scorer(constant) is constant
    assert constant.components("", ["a"]) == {"constant": 0.5}
    for wrong in (object(), 3, Bleu, None):
        with pytest.raises(InvalidArgumentError, match="no scorer"):
            make_scorer(wrong)
    with pytest.raises(InvalidArgumentError, match="'size'"):
        make_scorer(constant, size=3)


@pytest.mark.parametrize("entry", SCORERS, ids=[name for name, *_ in SCORERS])
def test_the_catalogue_holds_scorers(entry):
    name, _, summary = entry
    arguments = {"regex": {"pattern": "a*"}, "fluency": {"corpus": ["a cat sat", "the dog"] * 5}}
    scorer = make_scorer(name, **arguments.get(name, {}))
    assert scorer.name == name
    assert summary
    assert ":" in scorer.signature
    assert pickle.loads(pickle.dumps(scorer)).signature == scorer.signature


@pytest.mark.parametrize("value", [math.nan, -0.001, 1.001, math.inf, "0.5", None])
def test_a_faulty_score_is_caught(value):
    faulty = Constant(value, "faulty")
    calls = [
        lambda: score(faulty, "some text", ["a"]),
        lambda: as_reward_function(faulty)(completions=["some text"], references=["a"]),
        lambda: Product(faulty, Distinct()).score("some text", ["a"]),
        lambda: WeightedSum({faulty: 1, Constant(0.0): 1}).score("some text", ["a"]),
    ]
    for composed in (faulty, Product(faulty, Distinct())):
        progress = composed.begin(["a"])
        progress.append("some text")
        calls.append(lambda progress=progress: progress.score)
    for call in calls:
        with pytest.raises(ScorerFaultError) as caught:
            call()
        assert isinstance(caught.value, LexigymError)
        for named in ("'faulty'", repr(value), "'some text'"):
            assert named in str(caught.value)


def test_score_is_one_call():
    assert score("bleu", "the cat", ["the cat"]) == 1
    assert score("length", "a b c d", (), maximum=2) == 0
    assert score("f1", "北京", ["北京市"], language="zh") == pytest.approx(0.8)


def test_rewards_for_trainers():
    reward = as_reward_function("keywords*f1")
    assert reward.__name__ == "keywords*f1"
    chat = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "a cat"}]
    values = reward(
        prompts=["?"] * 3,
        completions=["a cat", chat, "dog"],
        references=["the cat", ["dog", "cat"], ("dog",)],
        keywords=[["cat"], ["cat", "dog"], "dog"],
        completion_ids=[[1], [2], [3]],
        trainer_state=None,
    )
    assert values == [1.0, 0.5, 1.0]
    assert as_reward_function("distinct")(completions=["a b", "a a"]) == [1.0, 0.0]
    assert as_reward_function("distinct")(completions=[]) == []
    with pytest.raises(InvalidArgumentError, match="references"):
        as_reward_function("bleu")(completions=["a"], references=["a", "b"])
    with pytest.raises(InvalidArgumentError, match="references"):
        as_reward_function("bleu")(completions=["a"])
    for wrong in (3, [], [{"role": "assistant"}], [{"content": ["a"]}]):
        with pytest.raises(InvalidArgumentError, match="completion"):
            as_reward_function("distinct")(completions=[wrong])
