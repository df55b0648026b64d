"""A dataset as lines of JSON."""

from __future__ import annotations

from ..datasets import run_as
from ..documents import document_of

SEEDS = (
    b'{"prompt": "2 + 2 =", "references": ["4", "four"], "split": "train"}\n'
    b'{"question": "3 + 3 =", "answer": "6", "keywords": ["a"], "split": "dev"}\n',
    b'{"translation": {"en": "yes", "de": "ja"}}\r\n\r\n{"source": "no", "target": "nein|ne"}',
    '\ufeff{"prompt": "\u00e9", "answers": {"text": ["e\u0301"]}, "context": "c"}'.encode(),
    b"\0\0",
    b"\0\1\0\1\2\3",
)
RECORDS = [
    {"prompt": "2 + 2 =", "references": ["4", "four"], "split": "train", "keywords": ["a"]},
    {"translation": {"en": "yes", "de": "ja"}, "context": "c", "split": None},
    {"question": "x", "answers": {"text": ["y", "z"], "answer_start": [0, 1]}},
]
COLUMNS = ("prompt", "references", "split", "context", "keywords", "text", "translation", "test")
WORDS = (
    *(f'"{name}"'.encode() for name in COLUMNS),
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"[[]]",
    b"[1]",
    b"1e400",
    b'"\\ud800"',
    b'"\\u202e"',
    b"[[[[[[[[",
)


def run(data: bytes) -> None:
    """Load a .jsonl file."""
    run_as(".jsonl", document_of(data, RECORDS, COLUMNS))
