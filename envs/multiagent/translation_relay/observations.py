"""What the players see, in one space: ids of tokens and symbols, or each of these one-hot."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ...arguments import choice

KINDS = ("tokens", "one_hot")

Integers = npt.NDArray[np.int64]


class RelayEncoder:
    """Puts what a player sees into L slots of ids below N.

    Both players share a space because PettingZoo's checks and parameter sharing want one.

    Args:
        kind: "tokens" or "one_hot".
        ids: N, tokens and symbols together.
        source_tokens: P.
        message_length: k.
        new_tokens: T.
        pad: The id of empty slots.

    Raises:
        InvalidArgumentError: If the kind is none of these.
    """

    def __init__(
        self,
        kind: str,
        ids: int,
        *,
        source_tokens: int,
        message_length: int,
        new_tokens: int,
        pad: int,
    ) -> None:
        self._one_hot = choice("observation", kind, KINDS) == KINDS[1]
        self._ids, self._pad = ids, pad
        self._widest = max(source_tokens, new_tokens)
        self._slots = self._widest + message_length
        self._all_slots = source_tokens + message_length + new_tokens

    def make_space(self) -> gymnasium.Space[Any]:
        """Return a new observation space of a player."""
        return self._box(self._slots)

    def make_state_space(self) -> gymnasium.Space[Any]:
        """Return a new space of the state."""
        return self._box(self._all_slots)

    def _box(self, slots: int) -> gymnasium.Space[Any]:
        if self._one_hot:
            return spaces.Box(0, 1, (slots * self._ids,), np.float32)
        return spaces.Box(0, self._ids - 1, (slots,), np.int64)

    def speaker(self, source: Integers, message: Integers) -> npt.NDArray[Any]:
        """Return source and message, padded on the left."""
        return self._encode(source, message, before=self._widest - len(source))

    def listener(self, message: Integers, text: Integers) -> npt.NDArray[Any]:
        """Return message and text, padded on the right."""
        return self._encode(message, text)

    def state(self, source: Integers, message: Integers, text: Integers) -> npt.NDArray[Any]:
        """Return all that there is."""
        return self._in_space(np.concatenate([source, message, text]))

    def _encode(self, first: Integers, then: Integers, before: int = 0) -> npt.NDArray[Any]:
        shown = np.full(self._slots, self._pad, np.int64)
        middle = before + len(first)
        shown[before:middle] = first
        shown[middle : middle + len(then)] = then
        return self._in_space(shown)

    def _in_space(self, shown: Integers) -> npt.NDArray[Any]:
        if not self._one_hot:
            return shown
        vectors = np.zeros((len(shown), self._ids), np.float32)
        vectors[np.arange(len(shown)), shown] = 1
        return vectors.reshape(-1)
