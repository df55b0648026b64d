"""Words and back: a text that is taken comes back, to the character."""

from __future__ import annotations

from lexigym.envs.datasets.sentences import is_lossless, words
from lexigym.envs.text.tokenizer import WordTokenizer
from lexigym.registry.errors import InvalidArgumentError

from ..judging import refusing

LANGUAGES = ("en", "de", "fr", "zh", "ja")
SEEDS = (
    b"Well-known, isn't it? At 15:30 it cost $1,000.50 (or so).",
    '« Où est-il ? » „Da.“ 3月1日星期五。 "quoted"'.encode(),
    b"<pad> <eos> - -5 a - b",
)
WORDS = tuple(
    each.encode() for each in ("-", '"', "«", "»", "„", "“", ":", "。", "$", ",", "\u00a0")
)


def run(data: bytes) -> None:
    """Fit a tokenizer to a text, and write the text with it."""
    text = data.decode(errors="surrogateescape")
    for language in LANGUAGES:
        with refusing(InvalidArgumentError, UnicodeEncodeError):
            tokenizer = WordTokenizer.fit([text], language)
            ids = tokenizer.encode(text, language)
            assert is_lossless(text, language)
            assert len(ids) == len(words(text, language))
            assert tokenizer.decode(ids, language) == text
            assert not {tokenizer.pad, tokenizer.eos} & set(ids)
