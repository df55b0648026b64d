"""The best way to go on with a text: along a reference."""

from __future__ import annotations

from collections.abc import Callable

from .candidates import Candidates, Integers
from .examples import Example
from .task import Task

Cut = Callable[[list[int]], list[int]]


def best_action(task: Task, example: Example, written: list[int], candidates: Integers) -> int:
    """Return the action that writes the first token of the best completion.

    Args:
        task: The task.
        example: The example.
        written: The text so far.
        candidates: `(k,)`, the tokens that may be written next, if the task offers candidates.
    """
    _, token = _best(task, example, written, candidates)
    return token if task.candidates is None else task.candidates.action(token, candidates)


def best_return(task: Task, example: Example, written: list[int], candidates: Integers) -> float:
    """Return the score that the best completion earns, in [0, 1]; see `best_action`."""
    return _best(task, example, written, candidates)[0]


def _best(
    task: Task, example: Example, written: list[int], candidates: Integers
) -> tuple[float, int]:
    """Return the best score among the completions tried, and the first token of one that earns it.

    A text that begins as a reference does goes on as that reference; any other may go on with what
    is left of any reference from any place on. Where candidates are offered, completions are cut
    before the first token that isn't one; if that cuts all references, any other place is tried.
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
    whole = bool(completions)
    cut: Cut | None = None
    if task.candidates is not None:
        cut = _cutter(task.candidates, task.prompt_tokens, example, written, candidates)
        parts = [cut(each) for each in completions]
        whole = any(map(list.__eq__, parts, completions))
        completions = parts
    if not whole:
        elsewhere = [
            reference[start : start + room]
            for reference in example.references
            for start in range(len(reference) + 1)
        ]
        completions += elsewhere if cut is None else map(cut, elsewhere)
    best, action = -1.0, eos
    for completion in completions:
        score = task.score(written + completion, example)
        if score > best:
            best, action = score, completion[0] if completion else eos
        if best >= 1:
            break
    return best, action


def _cutter(
    rule: Candidates, start: int, example: Example, written: list[int], candidates: Integers
) -> Cut:
    """Return what cuts a completion before the first token that isn't a candidate there."""
    offered: dict[tuple[int, ...], set[int]] = {(): set(candidates.tolist())}

    def cut(completion: list[int]) -> list[int]:
        for place, token in enumerate(completion):
            begun = tuple(completion[:place])
            if begun not in offered:
                page, text = example.blank.copy(), [*written, *begun]
                page[start : start + len(text)] = text
                offered[begun] = set(rule.of(page).tolist())
            if token not in offered[begun]:
                return completion[:place]
        return completion

    return cut
