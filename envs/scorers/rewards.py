"""Scorers as functions: one score, and rewards for trainers of language models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...registry.errors import InvalidArgumentError
from .make import make_scorer
from .protocol import Goal, References, Scorer, check_score


def score(
    name: str | Scorer,
    hypothesis: str,
    references: References,
    language: str = "en",
    **arguments: Any,
) -> float:
    """Score one text, in [0, 1].

    Args:
        name: A name, a composition such as "0.7*bleu+0.3*chrf", or a scorer.
        hypothesis: The text.
        references: What the scorer reads: references, required words, or a `Goal` that holds both.
        language: Of the texts, for the scorers that depend on it.
        **arguments: Of the scorer.

    Raises:
        UnknownNameError: If there is no scorer of this name.
        InvalidArgumentError: If an argument is not what the scorer takes.
        ScorerFaultError: If the scorer gives no number in [0, 1].
    """
    scorer = make_scorer(name, language, **arguments)
    return check_score(scorer, scorer.score(hypothesis, references), hypothesis)


def as_reward_function(
    scorer: str | Scorer, language: str = "en", **arguments: Any
) -> Callable[..., list[float]]:
    """Return a reward function as the trainers of TRL call it.

    It takes `completions`, each a string or a list of chat messages whose last one counts, and the
    columns `references` and `keywords` of the dataset, as far as the scorer reads them: for each
    completion a list of strings, or one string. All else is ignored. It returns a score for each.

    Args:
        scorer: A name, a composition such as "keywords*fluency", or a scorer.
        language: Of the texts, for the scorers that depend on it.
        **arguments: Of the scorer.

    Raises:
        UnknownNameError: If there is no scorer of this name.
        InvalidArgumentError: If an argument is not what the scorer takes; when called, if there are
            not as many references or keywords as completions.
    """
    made = make_scorer(scorer, language, **arguments)

    def reward(
        prompts: Any = None,  # noqa: ARG001, TRL passes it by this name.
        completions: Sequence[Any] = (),
        references: Sequence[Any] | None = None,
        keywords: Sequence[Any] | None = None,
        **_: Any,
    ) -> list[float]:
        goals = zip(
            _column("references", references, len(completions)),
            _column("keywords", keywords, len(completions)),
            strict=True,
        )
        texts = [_text(completion) for completion in completions]
        return [
            check_score(made, made.score(text, Goal(*goal)), text)
            for text, goal in zip(texts, goals, strict=True)
        ]

    # TRL logs rewards by the names of their functions.
    reward.__name__ = made.name
    return reward


def _text(completion: Any) -> str:
    """Return the text of a completion."""
    if isinstance(completion, str):
        return completion
    last = completion[-1] if isinstance(completion, Sequence) and completion else None
    content = last.get("content") if isinstance(last, Mapping) else None
    if not isinstance(content, str):
        raise InvalidArgumentError(
            "a completion must be a string, or a list of chat messages whose last one has a "
            f"string as content, got {completion!r}."
        )
    return content


def _column(name: str, values: Sequence[Any] | None, count: int) -> list[tuple[str, ...]]:
    """Return a column of the dataset as one tuple of strings for each completion."""
    if values is None:
        return [()] * count
    if isinstance(values, str) or len(values) != count:
        raise InvalidArgumentError(
            f"{name} must have one entry for each of the {count} completions, got {values!r}."
        )
    return [(value,) if isinstance(value, str) else tuple(value) for value in values]
