"""The best way to go on with a text: along a reference."""

from __future__ import annotations

from .examples import Example
from .task import Task


def best_action(task: Task, example: Example, written: list[int]) -> int:
    """Return the first token of the best completion."""
    return _best(task, example, written)[1]


def best_return(task: Task, example: Example, written: list[int]) -> float:
    """Return the score that the best completion earns, in [0, 1]."""
    return _best(task, example, written)[0]


def _best(task: Task, example: Example, written: list[int]) -> tuple[float, int]:
    """Return the best score among the completions tried, and the first token of one that earns it.

    A text that begins as a reference does goes on as that reference; any other may go on with what
    is left of any reference from any place on.
    """
    eos = task.tokenizer.eos
    if written and written[-1] == eos:
        return 0.0, eos
    room = task.new_tokens - len(written)
    completions = [
        reference[len(written) :]
        for reference in example.references
        if reference[: len(written)] == written
    ]
    completions = [each for each in completions if len(each) < room]
    if not completions:
        completions = [
            reference[start : start + room]
            for reference in example.references
            for start in range(len(reference) + 1)
        ]
    best, action = -1.0, eos
    for completion in completions:
        score = task.score(written + completion, example)
        if score > best:
            best, action = score, completion[0] if completion else eos
        if best >= 1:
            break
    return best, action
