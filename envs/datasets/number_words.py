"""Cardinal numbers from 0 to 999,999 in words: English, French, German, Spanish and Chinese."""

from __future__ import annotations

from ...registry.errors import InvalidArgumentError, did_you_mean

MAX_NUMBER = 999_999


def _listed(words: str) -> list[str]:
    return words.split()


EN_UNITS = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
EN_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")

FR_UNITS = _listed(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
    "seize dix-sept dix-huit dix-neuf"
)
FR_TENS = _listed("vingt trente quarante cinquante soixante")

DE_UNITS = _listed(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn"
)
DE_TENS = _listed("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")

ES_UNITS = _listed(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
    "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
)
ES_TENS = _listed("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
ES_HUNDREDS = _listed(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos "
    "novecientos"
)

ZH_DIGITS = "零一二三四五六七八九"


def number_words(number: int, language: str) -> str:
    """Return a cardinal number in words.

    Where a language has several forms, it is: American English (no "and"), French as in France
    with the spelling before 1990, German in one word with "einhundert" and "eintausend", the
    masculine in Spanish, 二 and not 两 in Chinese.

    Args:
        number: In [0, 999999].
        language: "en", "fr", "de", "es" or "zh".

    Raises:
        InvalidArgumentError: If either is out of range.
    """
    if language not in WRITERS:
        raise InvalidArgumentError(
            f"no number words are known in the language {language!r}; "
            f"{did_you_mean(language, WRITERS)}"
        )
    if isinstance(number, bool) or not 0 <= number <= MAX_NUMBER:
        raise InvalidArgumentError(
            f"number words go from 0 to {MAX_NUMBER}, got {number!r}; choose one of these."
        )
    return WRITERS[language](int(number))


def _english(number: int) -> str:
    if number < 20:
        return EN_UNITS[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return EN_TENS[tens - 2] + (f"-{EN_UNITS[units]}" if units else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    head, rest = divmod(number, size)
    return f"{_english(head)} {name}" + (f" {_english(rest)}" if rest else "")


def _french(number: int, *, counts: bool = False) -> str:
    """Write a number; `vingt` and `cent` lose their plural s where it counts thousands."""
    if number < 20:
        return FR_UNITS[number]
    if number < 80:
        # Sixty goes on to seventy-nine, and eighty to ninety-nine.
        tens = min(number // 10, 6)
        units = number - 10 * tens
        joint = " et " if units in (1, 11) else "-"
        return FR_TENS[tens - 2] + (f"{joint}{FR_UNITS[units]}" if units else "")
    if number < 100:
        if number == 80:
            return "quatre-vingt" if counts else "quatre-vingts"
        return f"quatre-vingt-{FR_UNITS[number - 80]}"
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        head = "cent" if hundreds == 1 else f"{FR_UNITS[hundreds]} cent"
        if rest:
            return f"{head} {_french(rest, counts=counts)}"
        return head if hundreds == 1 or counts else f"{head}s"
    thousands, rest = divmod(number, 1000)
    head = "mille" if thousands == 1 else f"{_french(thousands, counts=True)} mille"
    return f"{head} {_french(rest)}" if rest else head


def _german(number: int) -> str:
    if number < 20:
        return DE_UNITS[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return (f"{_german_count(units)}und" if units else "") + DE_TENS[tens - 2]
    size, name = (1000, "tausend") if number >= 1000 else (100, "hundert")
    head, rest = divmod(number, size)
    return _german_count(head) + name + (_german(rest) if rest else "")


def _german_count(number: int) -> str:
    """Write a number that another word follows: "ein" and not "eins"."""
    return _german(number).removesuffix("s") if number % 100 == 1 else _german(number)


def _spanish(number: int) -> str:
    if number < 30:
        return ES_UNITS[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return ES_TENS[tens - 3] + (f" y {ES_UNITS[units]}" if units else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        if number == 100:
            return "cien"
        return ES_HUNDREDS[hundreds - 1] + (f" {_spanish(rest)}" if rest else "")
    thousands, rest = divmod(number, 1000)
    head = "mil" if thousands == 1 else f"{_spanish_count(thousands)} mil"
    return f"{head} {_spanish(rest)}" if rest else head


def _spanish_count(number: int) -> str:
    """Write a number that counts thousands: "un" and "veintiún" and not "uno"."""
    words = _spanish(number)
    if words.endswith("veintiuno"):
        return words.removesuffix("uno") + "ún"
    return words.removesuffix("o") if words.endswith("uno") else words


def _chinese(number: int) -> str:
    if number < 20:
        tens, units = divmod(number, 10)
        if not tens:
            return ZH_DIGITS[units]
        return "十" + (ZH_DIGITS[units] if units else "")
    words = ""
    for size, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, number = divmod(number, size)
        if count:
            words += _chinese(count) + name
        elif words and number and not words.endswith("零"):
            words += "零"
        if not number:
            break
    return words


WRITERS = {"en": _english, "fr": _french, "de": _german, "es": _spanish, "zh": _chinese}
