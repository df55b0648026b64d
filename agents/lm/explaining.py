"""What a language model thought before it learned by reward, and what it thinks now."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .policy import Outlook, TextPolicy
from .states import TextStates
from .texts import Texts

SHOWN = 5
BAR = 20


def next_token_table(texts: Texts, outlook: Outlook) -> str:
    """Return the likeliest next tokens before and now, side by side, as lines.

    Args:
        texts: What ids stand for.
        outlook: Of one text; what the model thought before is the prior.
    """
    old, new = _probabilities(outlook, outlook.log_prior), _probabilities(outlook, outlook.scores)
    lines = [f"{'before':>24}   {'now':>24}   change"]
    pairs = zip(_likeliest(old), _likeliest(new), strict=False)
    for (was, old_chance), (token, chance) in pairs:
        change = chance - old.get(token, 0.0)
        lines.append(
            f"{_shown(texts, was):>17} {old_chance:6.3f}   {_shown(texts, token):>17} "
            f"{chance:6.3f}   {change:+.3f}"
        )
    return "\n".join(lines)


def values_along(policy: TextPolicy, observation: Tensor, legal: Tensor | None) -> str:
    """Return a plot of Q along a text: a line for each token, with its value and the best one's.

    Args:
        policy: Whose values.
        observation: `(P + T,)`, a text.
        legal: `(V,) bool`, the tokens that may be written; None for all.
    """
    reader = policy.network.reader
    texts, tokens = reader.texts, observation[None]
    end, start = int(reader.last_slots(tokens)), texts.prompt_tokens
    if end < start:
        return "nothing is written yet"
    slots = torch.arange(start - 1, end, device=observation.device)
    with torch.no_grad():
        q_values = policy.network(TextStates(tokens, torch.zeros_like(slots), slots)).float()
    if legal is not None:
        q_values = q_values.masked_fill(~legal, -torch.inf)
    written = observation[start : end + 1]
    values = q_values.gather(1, written[:, None]).squeeze(1).tolist()
    best_values, best = q_values.max(dim=1)
    low, high = min(0.0, *values), max(0.0, *best_values.tolist())
    lines = [f"{'token':>17} {'Q':>8}   {'best':>17} {'Q':>8}"]
    rows = zip(written.tolist(), values, best.tolist(), best_values.tolist(), strict=True)
    for token, value, other, other_value in rows:
        bar = "█" * round(BAR * (value - low) / max(high - low, 1e-9))
        lines.append(
            f"{_shown(texts, token):>17} {value:8.3f}   {_shown(texts, other):>17} "
            f"{other_value:8.3f}   {bar}".rstrip()
        )
    return "\n".join(lines)


def _probabilities(outlook: Outlook, scores: Tensor) -> dict[int, float]:
    chances = scores[0].softmax(dim=0).tolist()
    tokens = range(len(chances))
    chosen: Sequence[int] = tokens if outlook.candidates is None else outlook.candidates[0].tolist()
    return {token: chance for token, chance in zip(chosen, chances, strict=True) if token >= 0}


def _likeliest(chances: dict[int, float]) -> list[tuple[int, float]]:
    return sorted(chances.items(), key=lambda pair: -pair[1])[:SHOWN]


def _shown(texts: Texts, token: int) -> str:
    # The mark that tokenizers of bytes have for a space, and their line break.
    return texts.tokens[token].replace("Ġ", "·").replace("Ċ", "\\n")
