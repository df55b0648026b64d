"""The three tasks: the token environment with the defaults of each id."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from gymnasium.vector import AutoresetMode

from ..arguments import choice
from .single import TokenEnv
from .task import make_task
from .template import PLACE
from .vector import TokenVectorEnv

LEVELS = ("small", "standard")
MARGIN = "    "

SHARED = {
    "observation": """
        `"tokens"`: `Box(0, V - 1, (P + T,), int64)`: the prompt, left-padded to P tokens, then the
        text, right-padded to T; token 0 pads, token 1 ends a text.
        `"dict"`: `Dict` of the same `tokens`, the `action_mask`, the `prompt` by itself and `step`,
        the number of tokens written, in [0, T].
        `"text"`: `Text`, the prompt, a line break and the text so far.
        With `actions="candidates"` the k candidates are shown as well: last in `"tokens"`, whose
        shape is then `(P + T + k,)`, and as `candidates` in `"dict"`; padding after the end.""",
    "actions": """
        `Discrete(V)`: the token that is written next. `info["action_mask"]` and `action_masks()`
        tell which may be written; another one ends the episode with score 0.
        With `actions="candidates"` `Discrete(k)`: action i writes candidate i, the best being 0,
        and all are legal.""",
    "reward": """
        `"shaped"`: `potential(after) - potential(before)`; the potential is 0 at the start and the
        score at the end, so the return is the score. With a scorer that compares texts, such as
        `bleu`, it tells how far the text agrees with the best reference, in order: each right next
        token of a reference of m tokens pays 1 / (m + 1), the end included, and one that skips
        another pays nothing (see `lexigym.envs.text.alignment`).
        `"terminal"`: the score, at the end.
        Bounds of one step: (-1, 1) shaped, (0, 1) terminal; of a return (0, 1).""",
    "end": """
        `terminated` when token 1 is written, when T tokens are, or after an illegal one. Never
        `truncated`: T is part of the task, and the observation shows how much is left.""",
    "info": """
        At reset and at every step: `action_mask` `int8`, `(V,)` or `(k,)`; `example` `int64`, the
        example's place in the split; `score` `float64`, of the text so far; `invalid` `int64`, 1
        after an illegal token; and each component of a composed score by name, `float64`.""",
    "arguments": """
        dataset: A name of `lexigym list`, a file, or an object with the interface of
            `lexigym.envs.datasets.schema.Source`; None is the task's own, as `level` says.
        dataset_arguments: Keyword arguments of the dataset, unless it is an object.
        tokenizer: `"words"` (words, punctuation, Chinese characters), a language model of `lexigym
            models`, the name or path of a Hugging Face tokenizer, or an object with the interface
            of `lexigym.envs.text.tokenizer.Tokenizer`.
        template: What stands around the prompt that is read, `{prompt}` in its place, such as
            `"Question: {prompt}\\nAnswer: "`; spaces at its end begin the text that is written.
        split: `"train"`, `"validation"` or `"test"`; they share no prompt.
        reward: `"shaped"` or `"terminal"`.
        observation: `"tokens"`, `"dict"` or `"text"`.
        mask: `"target"`: tokens that occur in references, and the end; `"all"`: all but padding.
        max_prompt_tokens: P; None is what the longest prompt needs.
        max_new_tokens: T; None is what the longest reference and the end need.
        candidates: k: at each step only the k tokens that the proposer likes best are legal, the
            end always among them, in place of the last if need be; from 2 to as many tokens as
            `mask` allows. None: all that `mask` allows.
        proposer: `"ngram"`, the n-gram model of the train references (of a split without end, the
            first 2000); an object with the interface of `lexigym.envs.text.candidates.Proposer`; or
            a function of the token observation and k that returns k token ids, the best first.
        actions: `"tokens"`: an action is a token, and the mask offers the candidates;
            `"candidates"`: an action is a place among the k candidates.
        render_mode: `"ansi"`, `"rgb_array"`, `"human"` (printed live) or None.
        `reset(options={"example": i})` begins an episode with example i of the split.""",
    "oracle": """
        A reference earns 1, the most there is, or next to it; `oracle_action()` writes the best
        completion, and `oracle_return()` knows what it earns. With `candidates` it writes what
        they allow of the references, so that `oracle_return()` is a lower bound.""",
}


def documented(function: Callable[..., Any]) -> Callable[..., Any]:
    """Fill in what the tasks' documentations share, at the margin of its place."""
    documentation = inspect.cleandoc(function.__doc__ or "")
    for name, text in SHARED.items():
        shared = textwrap.indent(textwrap.dedent(text).strip(), MARGIN)
        documentation = documentation.replace(f"{MARGIN}<{name}>", shared)
    function.__doc__ = documentation
    return function


@documented
def text_gen(  # noqa: D417, what is missing is filled in
    render_mode: str | None = None,
    *,
    level: str = "standard",
    dataset: Any = None,
    dataset_arguments: Mapping[str, Any] | None = None,
    tokenizer: Any = "words",
    template: str = PLACE,
    scorer: Any = "keywords*fluency*distinct",
    split: str = "train",
    reward: str = "shaped",
    observation: str = "tokens",
    mask: str = "target",
    max_prompt_tokens: int | None = None,
    max_new_tokens: int | None = None,
    candidates: int | None = None,
    proposer: Any = "ngram",
    actions: str = "tokens",
) -> TokenEnv:
    """A sentence that uses the prompt's words and reads well is written token by token.

    Task:
        The prompt is two or three content words of a sentence of a young reader's stories. The text
        must use them, read like the corpus, and not repeat itself.

    Observation:
        <observation>

    Actions:
        <actions>

    Reward:
        The score is keywords * fluency * distinct.
        <reward>

    Episode end:
        <end>

    Info:
        <info>

    Arguments:
        level: `"small"`: sentences of a small vocabulary (V at most 64, T at most 8); `"standard"`:
            all stories.
        scorer: A name, products and weighted sums of names, or an object with `score`.
        <arguments>

    Best return:
        <oracle>

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """
    named = {"level": choice("level", level, LEVELS)}
    task = make_task(
        dataset="stories" if dataset is None else dataset,
        dataset_arguments=(named if dataset is None else {}) | dict(dataset_arguments or {}),
        tokenizer=tokenizer,
        template=template,
        scorer=scorer,
        split=split,
        reward=reward,
        observation=observation,
        mask=mask,
        max_prompt_tokens=max_prompt_tokens,
        max_new_tokens=max_new_tokens,
        candidates=candidates,
        proposer=proposer,
        actions=actions,
    )
    return TokenEnv(task, render_mode)


@documented
def translation(  # noqa: D417, what is missing is filled in
    render_mode: str | None = None,
    *,
    level: str = "standard",
    target: str = "fr",
    dataset: Any = None,
    dataset_arguments: Mapping[str, Any] | None = None,
    tokenizer: Any = "words",
    template: str = PLACE,
    scorer: Any = "bleu",
    split: str = "train",
    reward: str = "shaped",
    observation: str = "tokens",
    mask: str = "target",
    max_prompt_tokens: int | None = None,
    max_new_tokens: int | None = None,
    candidates: int | None = None,
    proposer: Any = "ngram",
    actions: str = "tokens",
) -> TokenEnv:
    """An English sentence is translated token by token.

    Task:
        The prompt is an English sentence; the references are its translations.

    Observation:
        <observation>

    Actions:
        <actions>

    Reward:
        The score is sentence BLEU as sacrebleu computes it, with the tokenizer of the language.
        <reward>

    Episode end:
        <end>

    Info:
        <info>

    Arguments:
        level: `"small"`: dates and numbers (V at most 64, T at most 8); `"standard"`: the phrase
            book.
        target: `"fr"`, `"de"`, `"es"` or `"zh"`.
        scorer: A name, products and weighted sums of names, or an object with `score`.
        <arguments>

    Best return:
        <oracle>

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """
    level = choice("level", level, LEVELS)
    named = {"target": target, "level": "small"} if level == "small" else {"target": target}
    task = make_task(
        dataset=("cldr" if level == "small" else "phrases") if dataset is None else dataset,
        dataset_arguments=(named if dataset is None else {}) | dict(dataset_arguments or {}),
        tokenizer=tokenizer,
        template=template,
        scorer=scorer,
        split=split,
        reward=reward,
        observation=observation,
        mask=mask,
        max_prompt_tokens=max_prompt_tokens,
        max_new_tokens=max_new_tokens,
        candidates=candidates,
        proposer=proposer,
        actions=actions,
    )
    return TokenEnv(task, render_mode)


@documented
def qa(  # noqa: D417, what is missing is filled in
    render_mode: str | None = None,
    *,
    level: str = "standard",
    dataset: Any = None,
    dataset_arguments: Mapping[str, Any] | None = None,
    tokenizer: Any = "words",
    template: str = PLACE,
    scorer: Any = "exact_match",
    split: str = "train",
    reward: str = "shaped",
    observation: str = "tokens",
    mask: str = "target",
    max_prompt_tokens: int | None = None,
    max_new_tokens: int | None = None,
    candidates: int | None = None,
    proposer: Any = "ngram",
    actions: str = "tokens",
) -> TokenEnv:
    """A question is answered token by token.

    Task:
        The prompt is a question; the references are all answers that count as right.

    Observation:
        <observation>

    Actions:
        <actions>

    Reward:
        The score is 1 for an answer that equals a reference by the rules of SQuAD, else 0.
        <reward>

    Episode end:
        <end>

    Info:
        <info>

    Arguments:
        level: `"small"`: arithmetic in words (V at most 64, T at most 8); `"standard"`: facts about
            countries, chemical elements, the calendar and units. `dataset="facts",
            dataset_arguments={"level": "small"}` are few enough facts for V at most 64.
        scorer: A name, products and weighted sums of names, or an object with `score`.
        <arguments>

    Best return:
        <oracle>

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """
    named = {"level": choice("level", level, LEVELS)}
    own = "arithmetic" if level == "small" else "facts"
    task = make_task(
        dataset=own if dataset is None else dataset,
        dataset_arguments=(named if dataset is None else {}) | dict(dataset_arguments or {}),
        tokenizer=tokenizer,
        template=template,
        scorer=scorer,
        split=split,
        reward=reward,
        observation=observation,
        mask=mask,
        max_prompt_tokens=max_prompt_tokens,
        max_new_tokens=max_new_tokens,
        candidates=candidates,
        proposer=proposer,
        actions=actions,
    )
    return TokenEnv(task, render_mode)


def text_gen_vector(
    num_envs: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    render_mode: str | None = None,
    **arguments: Any,
) -> TokenVectorEnv:
    """Return n environments of `text_gen`; see `TokenVectorEnv`."""
    return TokenVectorEnv(text_gen(**arguments).task, num_envs, autoreset_mode, render_mode)


def translation_vector(
    num_envs: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    render_mode: str | None = None,
    **arguments: Any,
) -> TokenVectorEnv:
    """Return n environments of `translation`; see `TokenVectorEnv`."""
    return TokenVectorEnv(translation(**arguments).task, num_envs, autoreset_mode, render_mode)


def qa_vector(
    num_envs: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    render_mode: str | None = None,
    **arguments: Any,
) -> TokenVectorEnv:
    """Return n environments of `qa`; see `TokenVectorEnv`."""
    return TokenVectorEnv(qa(**arguments).task, num_envs, autoreset_mode, render_mode)
