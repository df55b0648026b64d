"""Beam search: the text of the highest score, a few beginnings being kept at each length."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .policy import Integers, TextPolicy

# How many planned tokens are remembered.
REMEMBERED = 2**14


class BeamSearch:
    """Looks for texts by the mean log-probability of their tokens under softmax(scores).

    A plan is followed as long as the text does, so that an episode costs one search.

    Args:
        policy: What scores tokens.
    """

    def __init__(self, policy: TextPolicy) -> None:
        self.policy = policy
        self.forget()

    def forget(self) -> None:
        """Forget all plans: the model has changed."""
        self._plans: dict[tuple[bytes, int, int | None], int] = {}

    def next_tokens(self, tokens: Tensor, legal: Any, beams: int) -> Integers:
        """Return the next token of the best text of each observation, `(n,) int64`.

        Args:
            tokens: `(n, P + T)`, observations.
            legal: `(n, V) bool`, the tokens that may be written, now and later; None for all.
            beams: Beginnings kept.
        """
        if len(self._plans) > REMEMBERED:
            self.forget()
        actions = []
        for row in range(len(tokens)):
            mask = None if legal is None else legal[row]
            # What a plan depends on besides the text.
            setting = beams, None if mask is None else hash(mask.tobytes())
            if (_key(tokens[row]), *setting) not in self._plans:
                self._plan(tokens[row], mask, setting)
            actions.append(self._plans[_key(tokens[row]), *setting])
        return np.array(actions, np.int64)

    def _plan(self, start: Tensor, legal: Any, setting: tuple[int, int | None]) -> None:
        reader = self.policy.network.reader
        state, slot = start.clone(), int(reader.last_slots(start[None])[0]) + 1
        for token in self.search(start, legal, setting[0]):
            self._plans[_key(state), *setting] = token
            if slot < len(state):
                state[slot] = token
                slot += 1

    def search(self, start: Tensor, legal: Any, beams: int) -> list[int]:
        """Return the best continuation of one observation, `(P + T,)`, its `<eos>` included."""
        reader = self.policy.network.reader
        first = int(reader.last_slots(start[None])[0]) + 1
        states, sums = start[None], torch.zeros(1, device=start.device)
        best: tuple[float, list[int]] = (-np.inf, [reader.texts.eos])
        for slot in range(first, len(start)):
            mask = None if legal is None else np.broadcast_to(legal, (len(states), len(legal)))
            outlook = self.policy.outlook(states, mask)
            totals = sums[:, None] + outlook.scores.log_softmax(dim=1)
            values, places = totals.flatten().topk(min(2 * beams, totals.numel()))
            rows, places = places // totals.shape[1], places % totals.shape[1]
            if outlook.candidates is not None:
                places = outlook.candidates[rows, places]
            written = slot - first + 1
            kept: list[int] = []
            for place, (value, row, token) in enumerate(
                zip(values.tolist(), rows.tolist(), places.tolist(), strict=True)
            ):
                if not np.isfinite(value):
                    continue
                ends = token == reader.texts.eos or slot == len(start) - 1
                if ends and value / written > best[0]:
                    best = value / written, [*states[row, first:slot].tolist(), token]
                if not ends and len(kept) < beams:
                    kept.append(place)
            if not kept:
                break
            states = states[rows[kept]].clone()
            states[:, slot] = places[kept]
            sums = values[kept]
            # Scores are means of numbers below 0: a longer text can still be better, but none that
            # has to make good for a sum this low.
            if best[0] > float(sums.max()) / (len(start) - first):
                break
        return best[1]


def _key(tokens: Tensor) -> bytes:
    return tokens.cpu().numpy().tobytes()
