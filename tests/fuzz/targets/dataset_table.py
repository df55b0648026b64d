"""A dataset as a table: the same bytes as CSV and as TSV."""

from __future__ import annotations

from ..datasets import run_as

SEEDS = (
    b'prompt,reference,split\n"a, b",c|d,train\n"two\nlines",e,test\n',
    b"question\tanswer\tkeywords\none\t1\tx|y\r\n\r\ntwo\t2\tz\r\n",
    b'prompt,references\n"say ""no""",n\n',
)
WORDS = (
    b"prompt",
    b"references",
    b"split",
    b"train",
    b'"',
    b'""',
    b"\t",
    b",",
    b"\r",
    b"\x00",
    b"|",
)


def run(data: bytes) -> None:
    """Load a .csv and a .tsv file."""
    run_as(".csv", data)
    run_as(".tsv", data)
