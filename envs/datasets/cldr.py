"""Translation pairs without end, from the Unicode locale data (CLDR) that Babel ships."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product, zip_longest
from typing import Any, NamedTuple

import numpy as np

from ...registry.errors import InvalidArgumentError
from ...registry.requirements import require
from ..arguments import choice
from .number_words import WRITERS, number_words
from .procedural import ProceduralDataset
from .schema import LEVELS, Example, stable_hash, texts_of
from .sentences import base_language, is_lossless, words

KINDS = ("dates", "times", "relative", "countries", "money", "numbers")
SMALL_KINDS = ("dates", "numbers")
SMALL_TOKENS = 7

# Typographic spaces and apostrophes, which nobody types, and marks of direction.
PLAIN = str.maketrans(
    {"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'"}
    | dict.fromkeys("\u061c\u200e\u200f")
)

DATE_FORMATS = ("full", "long")
DATE_SKELETONS = ("yMMMM", "MMMMd")
# Any 28 years in a row show each day of a year on each day of the week equally often.
SMALL_YEARS = range(2000, 2028)
YEARS = range(1900, 2100)

SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
    "year": 31_536_000,
}
MAX_DISTANCE = 99
MAX_AMOUNT = 999
# Plural forms repeat from here on, in all languages of CLDR.
MAX_PLURAL = 110
CURRENCIES = (
    "ARS AUD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW MAD MXN "
    "MYR NGN NOK NZD PEN PHP PLN RON SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
)
NO_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")

# A text in any language: the same things said in two of them are a pair.
Phrase = Callable[[Any], str]


class Supply(NamedTuple):
    """What there is of a kind: phrases drawn at random, and some that hold every word of it.

    It is complete if the latter are all that can be drawn.
    """

    draw: Callable[[np.random.Generator], Phrase]
    cover: Callable[[], Iterable[Phrase]]
    complete: bool = False


class Cldr(ProceduralDataset):
    """Dates, times, distances in time, countries, money and numbers in two languages, without end.

    What a locale's data says is the reference, with plain spaces and apostrophes. Numbers in words
    are not in Babel; `number_words` writes them.

    Args:
        source: The locale of the prompts, such as "en" or "pt_BR".
        target: The locale of the references, another one.
        kinds: Some of "dates", "times", "relative" (to now), "countries" (lists of them), "money"
            and "numbers" (in words, for en, fr, de, es and zh), drawn equally often; None takes
            all that the level and the languages have.
        level: "small" has only dates of three months and numbers of few words, references of at
            most 7 tokens, and from English to French or Chinese at most 60 words in all.
        root: Of the training stream, at least 0.

    Raises:
        InvalidArgumentError: If an argument is unknown or out of range.
        MissingDependencyError: If Babel is not installed.
    """

    def __init__(
        self,
        source: str = "en",
        target: str = "fr",
        kinds: Sequence[str] | None = None,
        level: str = "standard",
        root: int = 0,
    ) -> None:
        choice("level", level, LEVELS)
        self._locales = _parse_locale("source", source), _parse_locale("target", target)
        if source == target:
            raise InvalidArgumentError(f"source and target are both {source!r}; choose two.")
        self.level = level
        self.kinds = _check_kinds(kinds, level, (source, target))
        self._supplies = [self._supply(kind) for kind in self.kinds]
        finite = all(supply.complete for supply in self._supplies)
        super().__init__(
            f"cldr-{source}-{target}-{level}",
            self._pair,
            self._vocabulary,
            everything=self._everything if finite else None,
            language=target,
            prompt_language=source,
            licence="Unicode-3.0",
            source="Unicode CLDR through Babel",
            root=root,
        )

    def __reduce__(self) -> tuple[type[Cldr], tuple[Any, ...]]:
        # Phrases are closures, which can't be pickled.
        return Cldr, (self.prompt_language, self.language, self.kinds, self.level, self.root)

    def _pair(self, generator: np.random.Generator) -> Example:
        supply = self._supplies[generator.integers(len(self._supplies))]
        return self._say(supply.draw(generator))

    def _vocabulary(self) -> Iterator[str]:
        for supply in self._supplies:
            yield from texts_of(self._say(phrase) for phrase in supply.cover())

    def _everything(self) -> Iterator[Example]:
        """Yield all pairs, the kinds in turn for as long as each has one left."""
        kinds = [
            sorted(map(self._say, supply.cover()), key=lambda pair: stable_hash(pair.prompt))
            for supply in self._supplies
        ]
        for pairs in zip_longest(*kinds):
            yield from filter(None, pairs)

    def _say(self, phrase: Phrase) -> Example:
        prompt, reference = (plain(phrase(locale)) for locale in self._locales)
        return Example(prompt, (reference,))

    def _supply(self, kind: str) -> Supply:
        small = self.level == "small"
        languages = [locale.language for locale in self._locales]
        if kind == "dates":
            return _small_dates() if small else _dates()
        if kind == "times":
            return _all_of([_time(*each) for each in product(range(24), range(60))])
        if kind == "relative":
            distances = range(1, MAX_DISTANCE + 1)
            return _all_of(
                [_distance(*each) for each in product(distances, SECONDS, (True, False))]
            )
        if kind == "countries":
            return _countries(self._said_alike("territories", lambda code: len(code) == 2))
        if kind == "money":
            return _money(self._said_alike("currencies", CURRENCIES.split().__contains__))
        if small:
            return _small_numbers(languages)
        return _all_of([_number(each) for each in (*range(10_000), *range(10_000, 10**6, 1000))])

    def _said_alike(self, names: str, wanted: Callable[[str], bool]) -> list[str]:
        """Return the codes that both locales name, and so that tokens can be joined again."""
        source, target = (getattr(locale, names) for locale in self._locales)
        return [
            code
            for code in sorted(source.keys() & target.keys())
            if wanted(code)
            and code not in NO_COUNTRIES
            and all(
                is_lossless(plain(getattr(locale, names)[code]), locale.language)
                for locale in self._locales
            )
        ]


def plain(text: str) -> str:
    """Replace typographic spaces and apostrophes by those of a keyboard, and drop directions."""
    return text.translate(PLAIN)


def _all_of(phrases: Sequence[Phrase]) -> Supply:
    return Supply(
        lambda generator: phrases[int(generator.integers(len(phrases)))], lambda: phrases, True
    )


def _small_dates() -> Supply:
    days = product(SMALL_YEARS, (3, 4, 5), range(1, 13))
    return _all_of([_date(datetime.date(*day), "MMMEd") for day in days])


def _dates() -> Supply:
    formats = DATE_FORMATS + DATE_SKELETONS
    first = datetime.date(YEARS.start, 1, 1)
    days = (datetime.date(YEARS.stop, 1, 1) - first).days
    leap_year = [datetime.date(2000, 1, 1) + datetime.timedelta(day) for day in range(366)]

    def draw(generator: np.random.Generator) -> Phrase:
        day = first + datetime.timedelta(int(generator.integers(days)))
        return _date(day, formats[generator.integers(len(formats))])

    def cover() -> Iterator[Phrase]:
        for day, format_ in product(leap_year, formats):
            yield _date(day, format_)
        for year in YEARS:
            yield _date(datetime.date(year, 1, 1), "long")

    return Supply(draw, cover)


def _date(day: datetime.date, format_: str) -> Phrase:
    from babel.dates import format_date, format_skeleton

    if format_ in DATE_FORMATS:
        return lambda locale: format_date(day, format_, locale)
    # A skeleton takes a moment, in no time zone.
    noon = datetime.datetime(day.year, day.month, day.day, 12)
    return lambda locale: format_skeleton(format_, noon, locale=locale)


def _time(hour: int, minute: int) -> Phrase:
    from babel.dates import format_time

    time = datetime.time(hour, minute)
    return lambda locale: format_time(time, "short", locale=locale)


def _distance(count: int, unit: Any, ahead: bool) -> Phrase:
    from babel.dates import format_timedelta

    seconds = count * SECONDS[unit] * (1 if ahead else -1)
    # Beyond any threshold, the unit is the one that is asked for.
    return lambda locale: format_timedelta(
        seconds, unit, threshold=1e9, add_direction=True, locale=locale
    )


def _countries(codes: list[str]) -> Supply:
    from babel.lists import format_list

    def enumerate_(*chosen: str) -> Phrase:
        return lambda locale: format_list([locale.territories[c] for c in chosen], locale=locale)

    def draw(generator: np.random.Generator) -> Phrase:
        places = generator.choice(len(codes), generator.integers(1, 4), replace=False)
        return enumerate_(*(codes[place] for place in places))

    def cover() -> Iterator[Phrase]:
        # Each in each place, because some languages write "and" onto the name.
        for first, second, third in zip(
            codes, codes[1:] + codes[:1], codes[2:] + codes[:2], strict=True
        ):
            yield enumerate_(first)
            yield enumerate_(first, second)
            yield enumerate_(first, second, third)

    return Supply(draw, cover)


def _money(codes: list[str]) -> Supply:
    from babel.numbers import format_currency

    def amount(count: int, code: str) -> Phrase:
        return lambda locale: format_currency(
            count, code, locale=locale, format_type="name", currency_digits=False
        )

    def draw(generator: np.random.Generator) -> Phrase:
        count = int(generator.integers(1, MAX_AMOUNT + 1))
        return amount(count, codes[int(generator.integers(len(codes)))])

    def cover() -> Iterator[Phrase]:
        for count in range(1, MAX_AMOUNT + 1):
            for code in codes if count <= MAX_PLURAL else codes[:1]:
                yield amount(count, code)

    return Supply(draw, cover)


def _small_numbers(languages: Sequence[str]) -> Supply:
    """Supply numbers whose digits are so low that few words say them, and that are soon said.

    Where a language writes each as one compound word there are no thousands, or the words would
    be too many.
    """
    low = [100 * a + 10 * b + c for a, b, c in product(range(7), (0, 2, 3, 4), range(7))]
    thousands = [0] if "de" in languages else [number for number in low if number < 100]
    numbers = (1000 * thousand + number for thousand, number in product(thousands, low))
    return _all_of(
        [
            _number(number)
            for number in numbers
            # Zero would take two words for a single pair.
            if number
            and all(
                len(words(number_words(number, language), language)) <= SMALL_TOKENS
                for language in languages
            )
        ]
    )


def _number(number: int) -> Phrase:
    return lambda locale: number_words(number, locale.language)


def _parse_locale(name: str, value: Any) -> Any:
    babel = require("babel", "the dataset 'cldr'", "babel")
    try:
        return babel.Locale.parse(value.replace("-", "_"))
    except (AttributeError, TypeError, ValueError, babel.UnknownLocaleError):
        raise InvalidArgumentError(
            f"{name}={value!r} is no locale that Babel knows; write one like 'fr' or 'pt_BR'."
        ) from None


def _check_kinds(
    kinds: Sequence[str] | None, level: str, locales: tuple[str, str]
) -> tuple[str, ...]:
    known = SMALL_KINDS if level == "small" else KINDS
    wordless = [each for each in locales if base_language(each) not in WRITERS]
    if kinds is None:
        return tuple(kind for kind in known if kind != "numbers" or not wordless)
    if isinstance(kinds, str) or not kinds or len(set(kinds)) < len(kinds):
        raise InvalidArgumentError(
            f"kinds must be one or more of {', '.join(known)} without repetition, got {kinds!r}."
        )
    for kind in kinds:
        choice("kind", kind, known)
        if kind == "numbers" and wordless:
            raise InvalidArgumentError(
                f"the numbers of {wordless[0]!r} are not known in words; leave out 'numbers', or "
                f"choose among {', '.join(WRITERS)}."
            )
    return tuple(kinds)
