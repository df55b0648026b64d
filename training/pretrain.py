"""Build the language model that ships in `agents/lm/shipped`, and its model card.

It learns from the training splits of the datasets `stories`, `phrases` and `facts`, and from
nothing else. The same machine with the same packages makes the same files.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from scipy.sparse.linalg import svds  # type: ignore[import-untyped]
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

import lexigym
from lexigym.envs.datasets.make import make_dataset
from lexigym.envs.datasets.schema import Dataset, Example, Source
from lexigym.envs.datasets.sentences import TOKEN, join, words
from lexigym.envs.datasets.stories import ask, content_words
from lexigym.envs.scorers.protocol import Goal
from lexigym.registry.atomic_file import atomic_file

FOLDER = Path(__file__).resolve().parent.parent / "agents" / "lm" / "shipped"
TARGETS = ("fr", "zh", "de", "es")
SPECIAL = ("<pad>", "<eos>", "<unk>")
PAD, EOS, UNKNOWN = range(len(SPECIAL))
# What `cross_entropy` leaves out.
IGNORED = -100
READ_AT_ONCE = 128
# How many examples of each corpus are in a batch, chosen by the validation splits; `english` is the
# English side of the phrases, asked for as stories are. Characters take longer to learn than words.
BATCH = {
    "stories": 6,
    "phrases-fr": 3,
    "phrases-zh": 6,
    "phrases-de": 3,
    "phrases-es": 3,
    "facts": 40,
    "english": 4,
}

CARD = """\
# The language model that ships

A causal language model of {parameters:.2f} million parameters, small enough to train further in
minutes on one core. Given the words of a story, an English sentence or a question, it writes the
sentence, its translation or the answer. It is a start for agents whose Q-function is a language
model; it knows the words and facts of this project's datasets and is no use beyond them.

## Data and licence

The training splits of the datasets `stories`, `phrases` (English into French, Chinese, German and
Spanish) and `facts`, and no other text: sentences written, and facts compiled, for this project.
Data and weights are under the MIT licence.

## Format

A folder that `transformers` loads by itself:

```python
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("agents/lm/shipped")
model = AutoModelForCausalLM.from_pretrained("agents/lm/shipped", dtype=torch.float32)
```

The architecture is GPT-2 with {layers} layers of width {width}, {heads} heads, {positions}
positions and one matrix for input and output embeddings; the weights are stored in float16. A
sequence is the prompt's tokens, `<eos>`, the text's tokens, `<eos>`. The tokens are the
{vocabulary} words, marks and Chinese characters of the training splits, split as the environments
split them, and `<pad>` (0), `<eos>` (1) and `<unk>` (2).

No tag tells the language to write. Keep to the words of one dataset's references, as the
environments do, and the target follows; "restricted" below is the loss over these words alone.

## Results

Bits per character of the references given the prompts, `<eos>` included; words that the
vocabulary lacks are left out, with their characters. "Score" is the mean over the test split of
the greedy text, written with the restricted words.

| dataset | validation | restricted | test | restricted | score | of greedy texts |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

The splits of a dataset share no prompt. Every fact that a held-out question asks for was in
training, asked for in other words.

## How to rebuild

```sh
python training/pretrain.py
```

It takes about ten minutes on one core, and writes this page as well.
"""


@dataclass(frozen=True)
class Settings:
    """How the model is made; the numbers were chosen by the validation splits.

    Attributes:
        scale: The size of the first embeddings, which come from how often words meet.
        noise: The size of what chance adds to them.
        hidden: The chance that a word of a prompt is read as `<unk>`, which so means any word.
        hidden_written: The same of a word of a text; it has to be written all the same.
        asked_anew: The chance that a sentence is asked for by other words than the dataset's.
        unrestricted: The weight of the loss over all words, beside that over one dataset's words.
        unrestricted_interval: The former is computed once in so many steps, since it costs most.
        averaging: The decay of the moving average of weights, which is what ships.
    """

    width: int = 128
    layers: int = 3
    heads: int = 4
    positions: int = 96
    scale: float = 0.05
    noise: float = 0.02
    dropout: float = 0.2
    hidden: float = 0.1
    hidden_written: float = 0.15
    asked_anew: float = 0.7
    steps: int = 3300
    learning_rate: float = 3e-3
    warmup: int = 200
    weight_decay: float = 0.1
    unrestricted: float = 0.2
    unrestricted_interval: int = 4
    averaging: float = 0.998
    seed: int = 0


@dataclass(frozen=True)
class Corpus:
    """A dataset with the ids that its references are written with.

    Attributes:
        name: Of the dataset, and the target if it has several.
        source: The dataset.
        written: `(W,) int64`, the ids that its texts may hold, the end among them.
        places: `(V,) int64`, where an id stands in `written`; `IGNORED` if it doesn't.
        longest: The most tokens of a text, the end included.
    """

    name: str
    source: Source
    written: Tensor
    places: Tensor
    longest: int


def examples_of(source: Source, split: str) -> list[Example]:
    """Return the examples of a split, in order."""
    return [source.example(split, index) for index in range(source.size(split) or 0)]


def make_corpora() -> tuple[dict[str, int], list[Corpus]]:
    """Return the ids of the training words, sorted, and the corpora; `english` is the last."""
    named = {"stories": make_dataset("stories")}
    named |= {f"phrases-{target}": make_dataset("phrases", target=target) for target in TARGETS}
    named["facts"] = make_dataset("facts")
    found: set[str] = set()
    for source in named.values():
        for example in examples_of(source, "train"):
            for text in (example.prompt, *example.references):
                found.update(words(text, source.language))
    ids = {token: index for index, token in enumerate((*SPECIAL, *sorted(found)))}
    # A story's sentence may be a phrase too: what is held out of one stays out of both.
    held_out = {
        text
        for split in ("validation", "test")
        for example in examples_of(named["stories"], split)
        for text in example.references
    }
    phrases = {example.prompt: None for example in examples_of(named["phrases-fr"], "train")}
    english = ask(sentence for sentence in phrases if sentence not in held_out)
    named["english"] = Dataset("english", "en", "en", "MIT", "phrases", {"train": english})
    return ids, [make_corpus(name, source, ids) for name, source in named.items()]


def make_corpus(name: str, source: Source, ids: Mapping[str, int]) -> Corpus:
    """Return a corpus; as in the environments, what any split writes may be written."""
    texts = [
        words(text, source.language)
        for split in source.splits
        for example in examples_of(source, split)
        for text in example.references
    ]
    written = torch.tensor(
        sorted({EOS, *(ids[word] for text in texts for word in text if word in ids)})
    )
    places = torch.full((len(ids),), IGNORED)
    places[written] = torch.arange(len(written))
    return Corpus(name, source, written, places, max(map(len, texts)) + 1)


def encode(text: str, ids: Mapping[str, int]) -> list[int]:
    """Return the ids of the words of a text."""
    return [ids.get(word, UNKNOWN) for word in words(text, "en")]


def first_embeddings(
    corpora: Sequence[Corpus], size: int, ids: Mapping[str, int], settings: Settings
) -> npt.NDArray[np.float64]:
    """Return `(V, D)` of which the inner products tell the mutual information of two words.

    Words that meet in an example, such as a word and its translation, so start beside each other,
    which 739 sentences are too few to learn.
    """
    meetings: dict[tuple[int, int], float] = {}
    for corpus in corpora:
        for example in examples_of(corpus.source, "train"):
            for text in example.references:
                together = {*encode(example.prompt, ids), *encode(text, ids)}
                for pair in (
                    (one, other) for one in together for other in together if one != other
                ):
                    meetings[pair] = meetings.get(pair, 0.0) + 1 / len(example.references)
    rows, columns = np.array(list(meetings)).T
    counts = np.array(list(meetings.values()))
    totals = np.bincount(rows, counts, size)
    information = np.log(counts * counts.sum() / (totals[rows] * totals[columns])).clip(min=0)
    matrix = csr_matrix((information, (rows, columns)), (size, size))
    left, values, _ = svds(matrix, k=settings.width, v0=np.ones(size))
    vectors: npt.NDArray[np.float64] = left * np.sqrt(values)
    vectors /= vectors.std()
    return vectors


def training_pairs(
    corpus: Corpus, ids: Mapping[str, int], settings: Settings, generator: np.random.Generator
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield a prompt and a text of the training split forever, each example once in a round."""
    examples = examples_of(corpus.source, "train")
    while True:
        for index in generator.permutation(len(examples)):
            example = examples[index]
            text = example.references[generator.integers(len(example.references))]
            prompt = example.prompt
            if example.keywords and generator.random() < settings.asked_anew:
                content = content_words(text)
                count = min(len(content), 2 + int(generator.integers(2)))
                kept = generator.choice(len(content), count, replace=False)
                prompt = " ".join(content[place] for place in sorted(kept))
            asked = np.array(encode(prompt, ids))
            asked[generator.random(len(asked)) < settings.hidden] = UNKNOWN
            yield asked.tolist(), encode(text, ids)


def collate(pairs: Sequence[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    """Return sequences `(n, L)`, and the text's token that each token but the last precedes.

    They are right-padded with `<eos>`, which no earlier token sees.
    """
    longest = max(len(prompt) + len(text) for prompt, text in pairs) + 2
    tokens = np.full((len(pairs), longest), EOS)
    labels = np.full((len(pairs), longest), IGNORED)
    for row, (prompt, text) in enumerate(pairs):
        start, end = len(prompt) + 1, len(prompt) + len(text) + 2
        tokens[row, :end] = [*prompt, EOS, *text, EOS]
        labels[row, start:end] = tokens[row, start:end]
    return torch.from_numpy(tokens), torch.from_numpy(labels[:, 1:])


def make_model(corpora: Sequence[Corpus], ids: Mapping[str, int], settings: Settings) -> Any:
    """Return an untrained model."""
    torch.manual_seed(settings.seed)
    config = GPT2Config(
        vocab_size=len(ids),
        n_positions=settings.positions,
        n_embd=settings.width,
        n_layer=settings.layers,
        n_head=settings.heads,
        activation_function="gelu_pytorch_tanh",
        resid_pdrop=settings.dropout,
        embd_pdrop=settings.dropout,
        attn_pdrop=0.0,
        bos_token_id=EOS,
        eos_token_id=EOS,
        pad_token_id=PAD,
    )
    model = GPT2LMHeadModel(config)
    first = torch.from_numpy(first_embeddings(corpora, len(ids), ids, settings)).float()
    chance = settings.noise * torch.randn(first.shape)
    model.transformer.wte.weight.data.copy_(settings.scale * first + chance)
    return model


def train(model: Any, corpora: Sequence[Corpus], ids: Mapping[str, int], settings: Settings) -> Any:
    """Train a model; return the moving average of its weights, as a model."""
    generator = np.random.default_rng(settings.seed)
    streams = [training_pairs(corpus, ids, settings, generator) for corpus in corpora]
    counts = [BATCH[corpus.name] for corpus in corpora]
    average = copy.deepcopy(model)
    matrices = [each for each in model.parameters() if each.ndim > 1]
    vectors = [each for each in model.parameters() if each.ndim == 1]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(
        groups, settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: (
            min(1.0, (step + 1) / settings.warmup)
            * (0.5 + 0.5 * math.cos(math.pi * step / settings.steps))
        ),
    )
    began = time.monotonic()
    for step in range(settings.steps):
        model.train()
        pairs = [
            next(stream)
            for stream, count in zip(streams, counts, strict=True)
            for _ in range(count)
        ]
        tokens, labels = collate(pairs)
        chance = torch.from_numpy(generator.random(labels.shape))
        inside = (labels != IGNORED) & (labels != EOS)
        tokens[:, 1:][inside & (chance < settings.hidden_written)] = UNKNOWN
        whole = step % settings.unrestricted_interval == 0
        weight = settings.unrestricted * settings.unrestricted_interval if whole else 0.0
        loss = loss_of(model, tokens, labels, corpora, counts, weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        # Of the first steps, which are far from the last, nothing should stay.
        kept = min(settings.averaging, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, new in zip(average.parameters(), model.parameters(), strict=True):
                mean.lerp_(new, 1 - kept)
        if (step + 1) % 500 == 0:
            losses = [bits(average, each, "validation", ids)[1] for each in corpora[:-1]]
            shown = " ".join(f"{each:.3f}" for each in losses)
            print(f"{step + 1} steps, {time.monotonic() - began:.0f} s: {shown}", flush=True)
    return average


def loss_of(
    model: Any,
    tokens: Tensor,
    labels: Tensor,
    corpora: Sequence[Corpus],
    counts: Sequence[int],
    unrestricted: float,
) -> Tensor:
    """Return the mean loss of text tokens, over the words of each row's dataset and over all."""
    hidden = model.transformer(tokens).last_hidden_state[:, :-1]
    embeddings = model.lm_head.weight
    asked = labels != IGNORED
    loss = torch.zeros(())
    rows_of = torch.split(torch.arange(len(tokens)), list(counts))
    for corpus, rows in zip(corpora, rows_of, strict=True):
        chosen = hidden[rows][asked[rows]]
        places = corpus.places[labels[rows][asked[rows]]]
        loss = loss + F.cross_entropy(
            chosen @ embeddings[corpus.written].T, places, reduction="sum"
        )
    loss = loss / asked.sum()
    if unrestricted:
        loss = loss + unrestricted * F.cross_entropy(hidden[asked] @ embeddings.T, labels[asked])
    return loss


@torch.no_grad()
def bits(model: Any, corpus: Corpus, split: str, ids: Mapping[str, int]) -> tuple[float, float]:
    """Return the bits per character of a split's references: over all words, and restricted."""
    model.eval()
    pairs, characters = [], 0
    for example in examples_of(corpus.source, split):
        for text in example.references:
            pairs.append((encode(example.prompt, ids), encode(text, ids)))
            unknown = [word for word in words(text, "en") if word not in ids]
            characters += len(text) - len("".join(unknown))
    embeddings = model.lm_head.weight
    over_all = restricted = 0.0
    for start in range(0, len(pairs), READ_AT_ONCE):
        tokens, labels = collate(pairs[start : start + READ_AT_ONCE])
        asked = (labels != IGNORED) & (labels != UNKNOWN)
        hidden = model.transformer(tokens).last_hidden_state[:, :-1][asked]
        wanted = labels[asked]
        over_all += F.cross_entropy(hidden @ embeddings.T, wanted, reduction="sum").item()
        few = hidden @ embeddings[corpus.written].T
        restricted += F.cross_entropy(few, corpus.places[wanted], reduction="sum").item()
    return over_all / math.log(2) / characters, restricted / math.log(2) / characters


@torch.no_grad()
def write(model: Any, corpus: Corpus, prompt: str, ids: Mapping[str, int]) -> str:
    """Return the greedy text for a prompt, in the words that the dataset is written with."""
    model.eval()
    tokens = list(ids)
    embeddings = model.lm_head.weight[corpus.written]
    read = torch.tensor([[*encode(prompt, ids), EOS]])
    text: list[str] = []
    past = None
    for _ in range(corpus.longest):
        output = model.transformer(read, past_key_values=past, use_cache=True)
        past = output.past_key_values
        chosen = int(corpus.written[(embeddings @ output.last_hidden_state[0, -1]).argmax()])
        if chosen == EOS:
            break
        text.append(tokens[chosen])
        read = torch.tensor([[chosen]])
    return join(text, corpus.source.language)


def judge(model: Any, corpus: Corpus, ids: Mapping[str, int]) -> tuple[str, float]:
    """Return what scores the greedy texts of the test split, and their mean score."""
    scorer: Any = "exact_match" if corpus.name == "facts" else "bleu"
    name = "exact match" if corpus.name == "facts" else "sentence BLEU"
    if corpus.name == "stories":
        environment: Any = gymnasium.make("TextGen-v0").unwrapped
        scorer, name = environment.task.scorer, "keywords\\*fluency\\*distinct"
    language = corpus.source.language
    scores = []
    for example in examples_of(corpus.source, "test"):
        text = write(model, corpus, example.prompt, ids)
        goal = Goal(example.references, example.keywords)
        scores.append(lexigym.score(scorer, text, goal, language))
    return name, float(np.mean(scores))


def save_tokenizer(ids: Mapping[str, int], positions: int, folder: Path) -> None:
    """Write the tokenizer, which splits texts as `words` does."""
    tokenizer = Tokenizer(WordLevel(dict(ids), unk_token=SPECIAL[UNKNOWN]))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.pre_tokenizer = Split(Regex(TOKEN.pattern), behavior="removed", invert=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[EOS],
        "eos_token": SPECIAL[EOS],
        "pad_token": SPECIAL[PAD],
        "unk_token": SPECIAL[UNKNOWN],
        "model_max_length": positions,
        "clean_up_tokenization_spaces": False,
    }
    text = json.dumps(described, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def card(model: Any, corpora: Sequence[Corpus], ids: Mapping[str, int], settings: Settings) -> str:
    """Return the model card of a model, measured as it ships."""
    rows = []
    for corpus in corpora[:-1]:
        validation, test = (bits(model, corpus, split, ids) for split in ("validation", "test"))
        measured = " | ".join(f"{each:.3f}" for each in (*validation, *test))
        name, score = judge(model, corpus, ids)
        rows.append(f"| {corpus.name} | {measured} | {score:.3f} | {name} |")
    return CARD.format(
        parameters=model.num_parameters() / 1e6,
        layers=settings.layers,
        width=settings.width,
        heads=settings.heads,
        positions=settings.positions,
        vocabulary=f"{len(ids) - len(SPECIAL):,}",
        rows="\n".join(rows),
    )


def main() -> None:
    """Train, measure and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write")
    parser.add_argument("--steps", type=int, default=Settings.steps, help="of training")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = Settings(steps=arguments.steps)
    ids, corpora = make_corpora()
    model = train(make_model(corpora, ids, settings), corpora, ids, settings).half()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out) as beside:
        model.save_pretrained(beside)
        save_tokenizer(ids, settings.positions, Path(beside))
        for file in Path(beside).iterdir():
            file.chmod(0o644)
            file.replace(arguments.out / file.name)
    # In the precision in which it is used.
    page = card(model.float(), corpora, ids, settings)
    with atomic_file(arguments.out / "README.md") as path:
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
