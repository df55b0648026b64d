"""The narrow channel: a message of few symbols, and a code that names examples in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ....registry.errors import InvalidArgumentError
from ...arguments import integer

Integers = npt.NDArray[np.int64]


class Channel:
    """A message of at most k of A symbols, sent one by one.

    Symbols are the actions 0 to A - 1; action A ends the message early. Messages are shown as ids
    among those of a vocabulary: a symbol s as `first + s`, the early end as `eos`.

    Args:
        message_length: k, at least 1.
        alphabet_size: A, at least 2.
        first: The id of symbol 0.
        pad: The id of places where nothing was sent.
        eos: The id of the early end.

    Attributes:
        shown: `(k,) int64`, the message so far, padded on its right.
        sent: How many places of it are filled.
        is_closed: Whether the message is complete.

    Raises:
        InvalidArgumentError: If k or A is out of range.
    """

    def __init__(
        self, message_length: int, alphabet_size: int, *, first: int, pad: int, eos: int
    ) -> None:
        self.message_length = integer("message_length", message_length, 1)
        self.alphabet_size = integer("alphabet_size", alphabet_size, 2)
        self.first, self.pad, self.eos = first, pad, eos
        self.open()

    def open(self) -> None:
        """Begin an empty message."""
        self.shown: Integers = np.full(self.message_length, self.pad, np.int64)
        self.sent = 0
        self.is_closed = False

    def send(self, action: int) -> None:
        """Send a symbol, or end the message."""
        if self.is_closed:
            raise InvalidArgumentError(
                f"the message is complete, but got action {action}: begin another one."
            )
        ends = action == self.alphabet_size
        self.shown[self.sent] = self.eos if ends else self.first + action
        self.sent += 1
        self.is_closed = ends or self.sent == self.message_length

    @property
    def heard(self) -> Integers:
        """The message as if it ended now, `(k,) int64`: with `eos` after it where it is short."""
        heard = self.shown.copy()
        if not self.is_closed:
            heard[self.sent] = self.eos
        return heard

    @property
    def legal(self) -> npt.NDArray[np.int8]:
        """What may be sent now, `(A + 1,) int8`: an empty message can't be ended.

        Once the message is complete nothing can be sent; since no mask may be empty, it then allows
        all.
        """
        legal = np.ones(self.alphabet_size + 1, np.int8)
        legal[-1] = self.sent > 0
        return legal

    def code(self, number: int) -> list[int]:
        """Return the k symbols that name a number: its last k digits in base A.

        Numbers below `A ** k` have different codes.
        """
        digits = []
        for _ in range(self.message_length):
            number, digit = divmod(number, self.alphabet_size)
            digits.append(digit)
        return digits[::-1]

    @property
    def actions(self) -> list[int]:
        """The actions that were taken."""
        places = self.shown[: self.sent].tolist()
        return [self.alphabet_size if each == self.eos else each - self.first for each in places]

    @property
    def text(self) -> str:
        """The message for people: symbols as numbers, "-" for an early end, "." where none is yet.

        It is as wide from the start as at the end.
        """
        width = len(str(self.alphabet_size - 1))
        sent = [
            "-" * width if each == self.alphabet_size else str(each).zfill(width)
            for each in self.actions
        ]
        return " ".join(sent + ["." * width] * (self.message_length - self.sent))
