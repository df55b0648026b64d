"""Translation pairs from CLDR: exact, whole, and the same in every order of use."""

import datetime
import re
import subprocess
import sys

import pytest
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency

from lexigym.envs.datasets import cldr
from lexigym.envs.datasets.cldr import KINDS, Cldr
from lexigym.envs.datasets.number_words import number_words
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError

PAIRS = [("en", "fr"), ("en", "zh"), ("de", "es"), ("zh", "en"), ("en", "ru"), ("pt_BR", "ar")]
UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
DAYS = [datetime.date(2000, 1, 1) + datetime.timedelta(days) for days in range(0, 9500, 3)]


def plain(text):
    text = re.sub("[\u00a0\u2009\u202f]", " ", text).replace("\u2019", "'")
    return re.sub("[\u061c\u200e\u200f]", "", text)


def pairs(source, target, kind, count=300, level="standard"):
    dataset = Cldr(source, target, [kind], level)
    examples = (dataset.example("train", index) for index in range(count))
    return {example.prompt: example.references[0] for example in examples}


def expected(source, target, say, arguments):
    """Return what Babel says in both languages, by the source's text."""
    return {plain(say(source, *each)): plain(say(target, *each)) for each in arguments}


def say_date(locale, day, form):
    return format_date(day, form, locale)


def say_time(locale, hour, minute):
    return format_time(datetime.time(hour, minute), "short", locale=locale)


def say_distance(locale, days, unit):
    delta = datetime.timedelta(days)
    return format_timedelta(delta, unit, threshold=10**9, add_direction=True, locale=locale)


def say_money(locale, count, code):
    form = {"currency_digits": False, "format_type": "name"}
    return format_currency(count, code, "#,##0", locale, **form)


def say_number(locale, number):
    return number_words(number, locale)


# For each kind, what Babel is asked for; of dates, units and currencies it is only some.
ASKED = {
    "dates": (say_date, [(day, form) for day in DAYS for form in ("full", "long")]),
    "times": (say_time, [(hour, minute) for hour in range(24) for minute in range(60)]),
    "relative": (
        say_distance,
        [
            (days * count, unit)
            for unit, days in UNITS.items()
            for count in (*range(-99, 0), *range(1, 100))
        ],
    ),
    "money": (
        say_money,
        [(count, code) for count in range(1, 1000) for code in ("EUR", "USD", "JPY", "PLN")],
    ),
    "numbers": (say_number, [(number,) for number in range(10_000)]),
}


@pytest.mark.parametrize(("source", "target"), PAIRS[:4])
@pytest.mark.parametrize("kind", ASKED)
def test_references_are_what_babel_says(source, target, kind):
    known = expected(source, target, *ASKED[kind])
    found = pairs(source, target, kind, 1000)
    checked = found.keys() & known.keys()
    assert len(checked) >= 10
    assert {prompt: found[prompt] for prompt in checked} == {
        prompt: known[prompt] for prompt in checked
    }


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_countries_are_listed_as_babel_does(source, target):
    names = [Locale.parse(source).territories, Locale.parse(target).territories]
    translated = {
        plain(names[0][code]): plain(names[1][code]) for code in names[0].keys() & names[1].keys()
    }
    lists = 0
    for prompt, reference in pairs(source, target, "countries").items():
        single = translated.get(prompt)
        if single is not None:
            assert reference == single
            continue
        mentioned = sorted((c for c in translated if c in prompt), key=prompt.index)
        if plain(format_list(mentioned, locale=source)) == prompt:
            wanted = [translated[country] for country in mentioned]
            assert reference == plain(format_list(wanted, locale=target))
            lists += 1
    assert lists > 50


def test_small_dates_are_what_babel_says():
    found = pairs("en", "fr", "dates", level="small")
    days = [datetime.datetime(2000, 3, 1) + datetime.timedelta(days) for days in range(28 * 366)]
    known = expected(
        "en",
        "fr",
        lambda locale, day: format_skeleton("MMMEd", day, locale=locale),
        [[day] for day in days],
    )
    assert found.items() <= known.items()


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_nothing_raw_is_left(source, target):
    dataset = Cldr(source, target)
    for index in range(1000):
        example = dataset.example("train", index)
        for text in (example.prompt, *example.references):
            assert not re.search("[{}¤\u00a0\u202f\u2019_]|unit|duration|other", text), text
            assert text == text.strip()
            assert "  " not in text


def test_a_currency_is_named_once():
    names = set(Locale.parse("zh").currencies.values())
    for reference in pairs("en", "zh", "money").values():
        assert reference.lstrip("0123456789") in names


def test_the_order_of_locales_changes_nothing():
    # Babel shares what locales inherit; what another locale did must not show.
    program = (
        "from lexigym.envs.datasets.cldr import Cldr\n"
        "for order in (('en', 'fr'), ('de', 'zh')), (('de', 'zh'), ('en', 'fr')):\n"
        "    print({pair: Cldr(*pair).fingerprint for pair in order}[('de', 'zh')])"
    )
    path = [path for path in sys.path if path]
    first, second = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{program}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert first == second == Cldr("de", "zh").fingerprint


def test_kinds_are_drawn_as_asked():
    prompts = pairs("en", "fr", "relative")
    assert all(prompt.startswith("in ") or prompt.endswith(" ago") for prompt in prompts)
    assert Cldr("en", "pt").kinds == KINDS[:-1]
    assert Cldr("en", "fr", level="small").kinds == ("dates", "numbers")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "xx"}, "source='xx' is no locale"),
        ({"target": "french"}, "target='french' is no locale"),
        ({"target": None}, "target=None is no locale"),
        ({"target": "en"}, "both 'en'"),
        ({"kinds": ["date"]}, "did you mean 'dates'"),
        ({"kinds": []}, "kinds must be"),
        ({"kinds": "dates"}, "kinds must be"),
        ({"kinds": ["dates", "dates"]}, "without repetition"),
        ({"kinds": ["money"], "level": "small"}, "kind='money' is unknown"),
        ({"kinds": ["numbers"], "target": "pt"}, "'pt' are not known in words"),
        ({"level": "big"}, "level='big'"),
    ],
)
def test_a_bad_argument_is_refused(arguments, message):
    with pytest.raises(InvalidArgumentError, match=re.escape(message)):
        Cldr(**arguments)


def test_without_babel_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(MissingDependencyError, match="pip install babel"):
        Cldr()


def test_importing_needs_no_babel():
    program = f"import {cldr.__name__}, sys; print('babel' in sys.modules)"
    path = [path for path in sys.path if path]
    output = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{program}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert output.strip() == "False"
