from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import lexigym
import lexigym.agents
from lexigym.envs.datasets.make import make_dataset
from lexigym.envs.datasets.schema import Example, Source
from lexigym.envs.datasets.sentences import join, words

transformers = pytest.importorskip("transformers")

FOLDER = Path(lexigym.agents.__file__).resolve().parent / "lm" / "shipped"
PAD, EOS, UNKNOWN = 0, 1, 2
DATASETS: dict[str, tuple[str, dict[str, str]]] = {
    "stories": ("stories", {}),
    "phrases-fr": ("phrases", {"target": "fr"}),
    "phrases-zh": ("phrases", {"target": "zh"}),
    "phrases-de": ("phrases", {"target": "de"}),
    "phrases-es": ("phrases", {"target": "es"}),
    "facts": ("facts", {}),
}
LOAD = """
import socket, sys, warnings
warnings.simplefilter("error")
def refuse(*_): raise AssertionError("the network was asked")
socket.socket.connect = refuse
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
assert len(tokenizer) == model.config.vocab_size
"""


@pytest.fixture(scope="module", params=DATASETS)
def dataset(request: pytest.FixtureRequest) -> tuple[str, Source]:
    name, arguments = DATASETS[request.param]
    return request.param, make_dataset(name, **arguments)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return transformers.AutoTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def model() -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


def examples(source: Source, split: str) -> list[Example]:
    return [source.example(split, index) for index in range(source.size(split) or 0)]


def written(source: Source, tokenizer: Any) -> torch.Tensor:
    """The ids that the references of a dataset are written with, and the end."""
    texts = [
        text
        for split in source.splits
        for example in examples(source, split)
        for text in example.references
    ]
    known = {index for each in tokenizer(texts)["input_ids"] for index in each} - {UNKNOWN}
    return torch.tensor(sorted({EOS, *known}))


def recorded(name: str) -> tuple[float, float]:
    """The validation bits per character on the card: over all words, and restricted."""
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {name} \| ([\d.]+) \| ([\d.]+) \|", card, re.MULTILINE)
    assert row, name
    return float(row[1]), float(row[2])


def characters(text: str, vocabulary: dict[str, int]) -> int:
    """How many characters of a text count: those of unknown words don't."""
    return len(text) - sum(len(word) for word in words(text, "en") if word not in vocabulary)


@torch.no_grad()
def bits(model: Any, tokenizer: Any, source: Source) -> tuple[float, float]:
    """Bits per character of the validation split, from plain log-probabilities."""
    few, vocabulary = written(source, tokenizer), tokenizer.get_vocab()
    totals = [0.0, 0.0]
    counted = 0
    pairs = [
        (each.prompt, text) for each in examples(source, "validation") for text in each.references
    ]
    for start in range(0, len(pairs), 64):
        batch = pairs[start : start + 64]
        counted += sum(characters(text, vocabulary) for _, text in batch)
        # The end's spelling is a token of its own.
        read = tokenizer(
            [f"{prompt} <eos> {text} <eos>" for prompt, text in batch],
            padding=True,
            return_tensors="pt",
        )
        logits = model(**read).logits[:, :-1]
        ids = read["input_ids"]
        begun = (ids == EOS).cumsum(1)[:, :-1] > 0
        asked = begun & read["attention_mask"][:, 1:].bool() & (ids[:, 1:] != UNKNOWN)
        logits, wanted = logits[asked], ids[:, 1:][asked]
        right = logits.gather(1, wanted[:, None])[:, 0]
        for place, over in enumerate((logits, logits[:, few])):
            totals[place] += float((over.logsumexp(1) - right).double().sum())
    return totals[0] / math.log(2) / counted, totals[1] / math.log(2) / counted


def unigram_bits(tokenizer: Any, source: Source) -> float:
    """Bits per character that the frequencies of words give, restricted, each seen once more."""
    few, vocabulary = written(source, tokenizer), tokenizer.get_vocab()
    counts = Counter(few.tolist())
    for example in examples(source, "train"):
        for text in example.references:
            counts.update([*tokenizer(text)["input_ids"], EOS])
    total = counts.total()
    lost = counted = 0.0
    for example in examples(source, "validation"):
        for text in example.references:
            ids = [index for index in tokenizer(text)["input_ids"] if index != UNKNOWN]
            lost -= sum(math.log2(counts[index] / total) for index in [*ids, EOS])
            counted += characters(text, vocabulary)
    return lost / counted


def answer(model: Any, tokenizer: Any, prompt: str, few: torch.Tensor) -> str:
    """The greedy text, in the words of a dataset."""
    start = ids = [*tokenizer(prompt)["input_ids"], EOS]
    while len(ids) < len(start) + 12:
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1, few]
        chosen = int(few[logits.argmax()])
        if chosen == EOS:
            break
        ids = [*ids, chosen]
    return join(tokenizer.convert_ids_to_tokens(ids[len(start) :]), "en")


def test_it_is_small() -> None:
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir() if path.is_file()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= set(
        files
    )
    assert sum(files.values()) <= 4_000_000


def test_it_loads_without_network_and_says_nothing() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(FOLDER)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    # A bar that shows the progress of loading is no warning.
    said = [line for line in run.stderr.splitlines() if line and "Loading weights" not in line]
    assert not said


def test_the_weights_are_stored_in_half_precision_once() -> None:
    weights = load_file(FOLDER / "model.safetensors")
    assert {each.dtype for each in weights.values()} == {torch.float16}
    assert all(bool(each.isfinite().all()) for each in weights.values())
    assert "lm_head.weight" not in weights


def test_the_configuration_is_plain_gpt2(model: Any) -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    expected = {
        "model_type": "gpt2",
        "tie_word_embeddings": True,
        "bos_token_id": EOS,
        "eos_token_id": EOS,
        "pad_token_id": PAD,
        "n_positions": 96,
    }
    assert {key: config[key] for key in expected} == expected
    assert model.lm_head.weight is model.transformer.wte.weight


def test_special_tokens_come_first_then_the_training_words_in_order(tokenizer: Any) -> None:
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    trained: set[str] = set()
    for name, arguments in DATASETS.values():
        for example in examples(make_dataset(name, **arguments), "train"):
            for text in (example.prompt, *example.references):
                trained.update(words(text, "en"))
    assert tokens == ["<pad>", "<eos>", "<unk>", *sorted(trained)]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id) == (0, 1, 2)
    assert tokenizer.bos_token_id == EOS


def test_texts_are_split_as_the_environments_split_them(
    tokenizer: Any, dataset: tuple[str, Source]
) -> None:
    texts = list(dict.fromkeys(dataset[1].texts()))
    vocabulary = tokenizer.get_vocab()
    split = tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str
    for text, ids in zip(texts, tokenizer(texts)["input_ids"], strict=True):
        expected = words(text, dataset[1].language)
        assert [word for word, _ in split(text)] == expected
        assert ids == [vocabulary.get(word, UNKNOWN) for word in expected]
        if UNKNOWN not in ids:
            assert tokenizer.convert_ids_to_tokens(ids) == expected


def test_the_card_tells_the_truth(model: Any, tokenizer: Any, dataset: tuple[str, Source]) -> None:
    name, source = dataset
    measured = bits(model, tokenizer, source)
    # What is printed has three digits.
    assert measured == pytest.approx(recorded(name), abs=6e-4)
    assert measured[1] <= measured[0]
    assert measured[1] < 0.75 * unigram_bits(tokenizer, source)


def test_it_answers_questions_that_it_was_not_asked(model: Any, tokenizer: Any) -> None:
    source = make_dataset("facts")
    few = written(source, tokenizer)
    asked = examples(source, "test")[::40]
    scores = [
        lexigym.score("exact_match", answer(model, tokenizer, each.prompt, few), each.references)
        for each in asked
    ]
    assert sum(scores) >= 0.5 * len(asked)
