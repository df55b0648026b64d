"""A task of the token environment: dataset, tokenizer, scorer and the numbers that follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import choice, integer
from ..datasets.make import make_dataset
from ..datasets.schema import SPLITS, Source
from ..datasets.tables import stamp
from ..scorers.bleu import Bleu, tokenize
from ..scorers.make import make_scorer
from ..scorers.protocol import Scorer
from .candidates import Candidates, make_candidates
from .examples import UNLIMITED, Example, Examples
from .judge import Judge, TextJudge, TokenBleu
from .kernels import Joins
from .observations import KINDS, DictEncoder, Encoder, TextEncoder, TokenEncoder
from .template import PLACE, Template, text_tokenizer
from .tokenizer import Tokenizer, WordTokenizer, make_tokenizer
from .units import joins_of

REWARDS = ("shaped", "terminal")
MASKS = ("target", "all")

# How many examples of a split without end are asked for what they need.
ASKED = 2_000


@dataclass(frozen=True)
class Task:
    """What episodes are made of, shared by all environments with the same arguments.

    Attributes:
        source: The dataset.
        tokenizer: Its tokenizer.
        template: What stands around a prompt.
        scorer: What a text earns.
        examples: The examples of the split.
        prompt_tokens: P.
        new_tokens: T.
        mask: `(V,) int8`, the tokens that may be written; not writeable.
        shaped: Whether the reward is shaped.
        observation: The kind of observation.
        joins: How tokens make up what BLEU counts; None where the text must be asked.
        candidates: Which of them may be written next; None if all may.
    """

    source: Source
    tokenizer: Tokenizer
    template: Template
    scorer: Scorer
    examples: Examples
    prompt_tokens: int
    new_tokens: int
    mask: npt.NDArray[np.int8]
    shaped: bool
    observation: str
    joins: Joins | None
    candidates: Candidates | None

    @property
    def text_tokenizer(self) -> Tokenizer:
        """What encodes the texts, which the template may let begin with a space."""
        return text_tokenizer(self.tokenizer, self.template)

    @property
    def shown(self) -> int:
        """How many candidates observations show: k if they are the actions, else none."""
        rule = self.candidates
        return rule.k if rule is not None and rule.are_actions else 0

    @property
    def actions(self) -> int:
        """How many actions there are."""
        return self.shown or self.tokenizer.size

    @property
    def reward_bounds(self) -> tuple[float, float]:
        """The smallest and the largest reward of one step."""
        return (-1.0, 1.0) if self.shaped else (0.0, 1.0)

    @property
    def num_examples(self) -> int | None:
        """How many examples the split has; None if it is unlimited."""
        return None if self.examples.size == UNLIMITED else self.examples.size

    def make_encoder(self) -> Encoder:
        """Return what makes observations."""
        size, slots = self.tokenizer.size, self.prompt_tokens + self.new_tokens
        if self.observation == "tokens":
            return TokenEncoder(size, slots + self.shown)
        if self.observation == "dict":
            return DictEncoder(size, self.prompt_tokens, self.new_tokens, self.actions, self.shown)
        languages = self.source.prompt_language, self.source.language
        return TextEncoder(self.tokenizer, languages, slots, self.prompt_tokens)

    def make_judge(self, n: int) -> Judge:
        """Return what scores n episodes."""
        if self.joins is None:
            return TextJudge(n, self.scorer, self.text_tokenizer, self.source.language)
        return TokenBleu(n, self.joins)

    def decode(self, ids: list[int]) -> str:
        """Return what is written."""
        return self.text_tokenizer.decode(ids, self.source.language)

    def score(self, ids: list[int], example: Example) -> float:
        """Return the score of a whole text."""
        return self.scorer.score(self.decode(ids), example.goal)


def make_task(
    *,
    dataset: Any,
    dataset_arguments: Mapping[str, Any] | None = None,
    tokenizer: Any = "words",
    template: str = PLACE,
    scorer: Any,
    split: str = "train",
    reward: str = "shaped",
    observation: str = "tokens",
    mask: str = "target",
    max_prompt_tokens: int | None = None,
    max_new_tokens: int | None = None,
    candidates: int | None = None,
    proposer: Any = "ngram",
    actions: str = "tokens",
) -> Task:
    """Make a task; `lexigym.envs.text.tasks` documents the arguments.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
        UnknownNameError: If there is no such dataset, tokenizer or scorer.
        DatasetError: If the dataset can't be read.
    """
    split = choice("split", split, SPLITS)
    reward = choice("reward", reward, REWARDS)
    observation = choice("observation", observation, KINDS)
    mask = choice("mask", mask, MASKS)
    source = _source(dataset, dataset_arguments or {})
    around = Template(template)
    made_tokenizer = make_tokenizer(tokenizer, source, around.literals)
    made_scorer = _scorer(scorer, source)
    needs = _Needs.of(source, made_tokenizer, around)
    prompt_tokens = needs.prompt if max_prompt_tokens is None else max_prompt_tokens
    new_tokens = needs.reference + 1 if max_new_tokens is None else max_new_tokens
    prompt_tokens = integer("max_prompt_tokens", prompt_tokens, 1)
    new_tokens = integer("max_new_tokens", new_tokens, 1)
    legal = np.ones(made_tokenizer.size, bool)
    if mask == "target":
        legal[:] = False
        legal[list(needs.written)] = True
    legal[made_tokenizer.pad] = False
    legal[made_tokenizer.eos] = True
    legal.setflags(write=False)
    examples = Examples(source, split, made_tokenizer, around, prompt_tokens, new_tokens, legal)
    if prompt_tokens < needs.prompt or new_tokens <= needs.reference:
        examples.check()
    rule = make_candidates(
        candidates,
        proposer,
        actions,
        source=source,
        tokenizer=made_tokenizer,
        start=prompt_tokens,
        mask=legal,
    )
    joins = None
    if isinstance(made_scorer, Bleu) and isinstance(made_tokenizer, WordTokenizer):
        split_text = partial(tokenize, made_scorer.tokenizer)
        joins = joins_of(made_tokenizer, legal, source.language, split_text)
    return Task(
        source=source,
        tokenizer=made_tokenizer,
        template=around,
        scorer=made_scorer,
        examples=examples,
        prompt_tokens=prompt_tokens,
        new_tokens=new_tokens,
        mask=legal.view(np.int8),
        shaped=reward == "shaped",
        observation=observation,
        joins=joins,
        candidates=rule,
    )


@lru_cache(maxsize=32)
def _named_source(
    name: str,
    arguments: tuple[tuple[str, Any], ...],
    file: tuple[int, ...] | None,  # noqa: ARG001, it tells a file that was changed
) -> Source:
    return make_dataset(name, **dict(arguments))


def _scorer(scorer: Any, source: Source) -> Scorer:
    """Return the scorer; `fluency` judges by the references of the training split, each once."""
    if isinstance(scorer, str):
        return _named_scorer(scorer, source)
    return make_scorer(scorer)


@lru_cache(maxsize=32)
def _named_scorer(scorer: str, source: Source) -> Scorer:
    size = source.size("train") if "train" in source.splits else None
    if size is None or "fluency" not in re.split(r"\s*[*+]\s*", scorer.strip()):
        return make_scorer(scorer, language=source.language)
    examples = (source.example("train", index) for index in range(size))
    corpus = tuple(dict.fromkeys(text for each in examples for text in each.references))
    return make_scorer(scorer, language=source.language, corpus=corpus)


def _source(dataset: Any, arguments: Mapping[str, Any]) -> Source:
    """Return the dataset; one with a name and plain arguments is made once, a file as it is."""
    plain = all(isinstance(value, str | int) for value in arguments.values())
    if isinstance(dataset, str) and plain:
        return _named_source(dataset, tuple(sorted(arguments.items())), stamp(dataset))
    return make_dataset(dataset, **arguments)


@dataclass(frozen=True)
class _Needs:
    """What the examples of a dataset need: the most tokens of a prompt and of a reference.

    Of a split without end the first examples are asked; longer ones are not drawn.
    """

    prompt: int
    reference: int
    written: frozenset[int]

    @classmethod
    @lru_cache(maxsize=32)
    def of(cls, source: Source, tokenizer: Tokenizer, template: Template) -> _Needs:
        writer = text_tokenizer(tokenizer, template)
        prompt = reference = 1
        written: set[int] = set()
        for split in source.splits:
            for index in range(source.size(split) or ASKED):
                example = source.example(split, index)
                asked = template.apply(example.prompt)
                prompt = max(prompt, len(tokenizer.encode(asked, source.prompt_language)))
                for text in example.references:
                    ids = writer.encode(text, source.language)
                    reference = max(reference, len(ids))
                    written.update(ids)
        return cls(prompt, reference, frozenset(written))
