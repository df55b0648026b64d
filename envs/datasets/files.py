"""A user's own data: files, datasets of Hugging Face, and the test sets of sacrebleu."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...registry.errors import MAX_SHOWN, InvalidArgumentError, did_you_mean, shortened
from ...registry.requirements import require
from ...registry.terminal import printable
from .records import READERS, Record, read_records
from .schema import SPLITS, Dataset, DatasetError, Example, split_of
from .tables import exists, read_text

PROMPT = ("prompt", "question", "source")
REFERENCES = ("references", "reference", "answers", "answer", "target")
SPLIT_NAMES = {name: name for name in SPLITS} | {
    "training": "train",
    "dev": "validation",
    "valid": "validation",
    "val": "validation",
}
SACREBLEU = "sacrebleu:"
# Without the separators of ASCII, which are control characters.
SPACES = re.compile(r"[^\S\x1c-\x1f]+")


def load(
    data: Any,
    *,
    language: str = "en",
    prompt_language: str | None = None,
    licence: str = "unknown",
    name: str | None = None,
    context: bool = False,
) -> Dataset:
    r"""Load data of the user's own.

    A record has a prompt (a column "prompt", "question" or "source"), references ("references",
    "reference", "answers", "answer" or "target": a list, or texts separated by "|") and perhaps
    keywords (likewise) and a split. Where no record has a split, the hash of the prompt decides:
    80 % train, 10 % validation, 10 % test.

    Files are in UTF-8, with or without a byte order mark, and their lines end in LF or CRLF: no
    other character ends a line, nor a record. In texts, line ends, U+2028 among them, tabs and
    repeated spaces become one space, and all is normalised to NFC, which neither tokenizers nor
    scorers do. Joined emoji and digits of full width stay as they are; to exact match the latter
    are other characters than those of ASCII. Whatever else could be meant in two ways is refused:
    bytes of another encoding; JSON with a key twice, NaN or an infinity, or over 100 levels deep;
    two columns of one name; a prompt, a reference or a keyword that is no text, is empty or longer
    than 100,000 characters, or holds control characters, marks that change the order of others,
    or halves of characters ("\ud800" in JSON).

    Args:
        data: The path of a .jsonl, .csv, .tsv, .parquet or .json file (SQuAD's format, or a list of
            records); a dataset of the package `datasets`, or the id of one; "sacrebleu:wmt19/en-de"
            for a test set that sacrebleu downloads, whose languages are then known.
        language: The language of the references.
        prompt_language: That of the prompts; the same by default.
        licence: What the data may be used for, to be shown with it.
        name: What to call it; by default the file's name or the id.
        context: Whether a "context" that comes with a question precedes it in the prompt.

    Raises:
        DatasetError: If the data can't be read or are corrupt; it names file and line, or where
            there are no lines, the record.
        InvalidArgumentError: If the file's format is unknown.
        MissingDependencyError: If a package is needed that is not installed.
    """
    source = str(data) if isinstance(data, str | Path) else f"an object of {type(data).__name__}"
    if source.startswith(SACREBLEU):
        prompt_language, language, records = _read_sacrebleu(source)
    elif not isinstance(data, str | Path):
        records = _read_object(data)
    elif Path(data).suffix in READERS or exists(data):
        records = read_records(Path(data))
    else:
        records = _read_object(_download(source))
    prompt_language = prompt_language or language
    languages = prompt_language, language
    splits: dict[str, list[Example]] = {}
    split_given: bool | None = None
    for place, record in records:
        try:
            example = _example(record, languages, context)
            split = _split(record)
        except DatasetError as error:
            raise DatasetError(f"{place}: {error}") from error
        if split_given not in (None, split is not None):
            raise DatasetError(
                f"{place}: some records have a split and others none; give it to all or to none."
            )
        split_given = split is not None
        splits.setdefault(split or split_of(example.prompt), []).append(example)
    if not splits:
        raise DatasetError(f"{source!r} holds no example; give it one.")
    return Dataset(
        name=name or printable(Path(source).stem if Path(source).suffix in READERS else source),
        language=language,
        prompt_language=prompt_language,
        licence=licence,
        source=printable(source),
        splits=splits,
    )


def _example(record: Mapping[str, Any], languages: tuple[str, str], context: bool) -> Example:
    pair = record.get("translation")
    if isinstance(pair, Mapping):
        # How translation sets on the hub are stored.
        record = {"source": pair.get(languages[0]), "target": pair.get(languages[1]), **record}
    prompt = _one_line(_column(record, PROMPT))
    before = record.get("context") if context else None
    if not isinstance(before, str | None):
        raise DatasetError(f"context must be a text, got {shortened(before)}.")
    # An empty question stays one, whatever precedes it.
    if before and prompt and isinstance(prompt, str):
        prompt = _one_line(f"{before} {prompt}")
    keywords = record.get("keywords")
    if isinstance(keywords, str) and not keywords:
        keywords = None
    return Example(
        prompt,
        _texts(_column(record, REFERENCES)),
        _texts(keywords) if keywords is not None else (),
    )


def _column(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if record.get(name) is not None:
            return record[name]
    raise DatasetError(
        f"no value for {names[0]!r} (or {', '.join(names[1:])}) among the columns "
        f"{_listed(record)}; name one so."
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        # How SQuAD's answers are stored on the hub.
        value = value.get("text")
    if isinstance(value, str):
        value = value.split("|")
    texts = list(value) if isinstance(value, Iterable) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise DatasetError(
            f"expected a list of texts or texts separated by '|', got {shortened(value)}."
        )
    return tuple(dict.fromkeys(map(_one_line, texts)))


def _one_line(text: Any) -> Any:
    """Return a text in one line; what is no text is left for `Example` to refuse."""
    return SPACES.sub(" ", text).strip(" ") if isinstance(text, str) else text


def _split(record: Mapping[str, Any]) -> str | None:
    name = record.get("split")
    if name is None or name == "":
        return None
    if not isinstance(name, str) or name not in SPLIT_NAMES:
        raise DatasetError(
            f"the split {shortened(name)} is unknown; {did_you_mean(str(name), SPLIT_NAMES)}"
        )
    return SPLIT_NAMES[name]


def _listed(names: Iterable[Any]) -> str:
    return printable(", ".join(map(str, names)))[:MAX_SHOWN]


def _read_object(data: Any) -> Iterator[Record]:
    """Yield the records of a dataset of `datasets`, or of a mapping from splits to such."""
    if isinstance(data, Mapping):
        known = {split: rows for split, rows in data.items() if split in SPLIT_NAMES}
        if not known:
            raise DatasetError(
                f"the splits {_listed(data)} are none of {', '.join(SPLIT_NAMES)}; rename them."
            )
        for split, rows in known.items():
            for place, row in _read_object(rows):
                yield f"{split} {place}", {**row, "split": split}
        return
    if not isinstance(data, Iterable):
        raise InvalidArgumentError(
            f"{data!r} is neither a path nor a sequence of records; pass one of these."
        )
    for number, row in enumerate(data, 1):
        if not isinstance(row, Mapping):
            raise DatasetError(f"row {number}: expected named values, got {row!r:.80}.")
        yield f"row {number}", row


def _download(name: str) -> Any:
    purpose = f"{name!r}, which is no existing file but may be an id on the hub,"
    package = require("datasets", purpose, "datasets")
    try:
        return package.load_dataset(name)
    except Exception as error:
        raise DatasetError(
            f"the dataset {shortened(name)} can't be loaded ({type(error).__name__}: "
            f"{shortened(error)}): check its id and the connection, or pass a file."
        ) from error


def _read_sacrebleu(source: str) -> tuple[str, str, Iterator[Record]]:
    test_set, _, pair = source.removeprefix(SACREBLEU).rpartition("/")
    prompt_language, _, language = pair.partition("-")
    package = require("sacrebleu", repr(source), "sacrebleu")
    known = [
        f"{SACREBLEU}{each}/{languages}"
        for each in package.get_available_testsets()
        for languages in package.get_langpairs_for_testset(each)
    ]
    if source not in known:
        raise InvalidArgumentError(
            f"sacrebleu has no test set {source!r}; {did_you_mean(source, known)}"
        )
    try:
        prompts = _lines(package.get_source_file(test_set, pair))
        references = [_lines(path) for path in package.get_reference_files(test_set, pair)]
    # Without a connection sacrebleu ends the program.
    except (Exception, SystemExit) as error:
        raise DatasetError(
            f"sacrebleu can't fetch {source!r} ({type(error).__name__}: {shortened(error)}): check "
            "the connection, or pass a file."
        ) from error
    if any(len(texts) != len(prompts) for texts in references):
        raise DatasetError(
            f"{source!r} has {len(prompts)} prompts and "
            f"{' and '.join(str(len(texts)) for texts in references)} references; fetch it again."
        )
    records = (
        (f"{source}:{number}", {"prompt": prompt, "references": answers, "split": "test"})
        for number, (prompt, *answers) in enumerate(zip(prompts, *references, strict=True), 1)
    )
    return prompt_language, language, records


def _lines(path: str) -> list[str]:
    return read_text(Path(path)).rstrip("\n").split("\n")
