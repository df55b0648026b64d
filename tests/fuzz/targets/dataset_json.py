"""A dataset as JSON: a list of records, or questions as SQuAD has them."""

from __future__ import annotations

from ..datasets import run_as
from ..documents import document_of
from .dataset_jsonl import COLUMNS, RECORDS
from .dataset_jsonl import WORDS as WORDS_OF_RECORDS

SQUAD = {
    "data": [
        {
            "paragraphs": [
                {
                    "context": "c",
                    "qas": [{"question": "q", "answers": [{"text": "a"}, {"text": "b"}]}],
                }
            ]
        }
    ]
}
DOCUMENTS = [RECORDS, SQUAD]
SEEDS = (
    b'[{"prompt": "a", "references": ["b"]}, {"prompt": "c", "references": "d|e"}]',
    b'{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "q",'
    b' "answers": [{"text": "a"}, {"text": "b"}]}, {"question": "r", "answers": []}]}]}]}',
    b"\0\0",
    b"\0\1\0\1\2\3",
)
WORDS = (*WORDS_OF_RECORDS, b'"data":', b'"paragraphs":', b'"qas":', b'"question":')


def run(data: bytes) -> None:
    """Load a .json file."""
    run_as(".json", document_of(data, DOCUMENTS, COLUMNS))
