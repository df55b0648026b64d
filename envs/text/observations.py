"""What the agent sees: token ids, a dictionary with the mask, or plain text."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .tokenizer import Tokenizer

KINDS = ("tokens", "dict", "text")


class Encoder(Protocol):
    """Turns an episode into an observation.

    Attributes:
        space: The observation space.
    """

    space: gymnasium.Space[Any]

    def encode(self, tokens: npt.NDArray[np.int64], length: int, mask: Any) -> Any:
        """Return the observation of one episode.

        Args:
            tokens: `(P + T,) int64`, prompt and text, which the environment goes on writing to;
                where actions are candidates `(P + T + k,)`, with the candidates last.
            length: Tokens of the text.
            mask: `(A,) int8`, the legal actions.
        """
        ...


class TokenEncoder:
    """`Box(0, V - 1, (P + T,), int64)`: the prompt left-padded, the text right-padded.

    Where actions are candidates, they are shown last.
    """

    def __init__(self, vocabulary_size: int, slots: int) -> None:
        self.space: gymnasium.Space[Any] = spaces.Box(0, vocabulary_size - 1, (slots,), np.int64)

    def encode(self, tokens: npt.NDArray[np.int64], length: int, mask: Any) -> Any:  # noqa: ARG002
        """Return a copy of the tokens."""
        return tokens.copy()


class DictEncoder:
    """The tokens with the action mask, the number of tokens written, and the prompt by itself.

    Where actions are candidates, they are shown by themselves, too.
    """

    def __init__(
        self, vocabulary_size: int, prompt_tokens: int, new_tokens: int, n_actions: int, shown: int
    ) -> None:
        self.prompt_tokens, self.end, self.shown = prompt_tokens, prompt_tokens + new_tokens, shown
        highest = vocabulary_size - 1
        parts: dict[str, gymnasium.Space[Any]] = {
            "action_mask": spaces.Box(0, 1, (n_actions,), np.int8),
            "prompt": spaces.Box(0, highest, (prompt_tokens,), np.int64),
            "step": spaces.Discrete(new_tokens + 1),
            "tokens": spaces.Box(0, highest, (self.end,), np.int64),
        }
        if shown:
            parts["candidates"] = spaces.Box(0, highest, (shown,), np.int64)
        self.space: gymnasium.Space[Any] = spaces.Dict(parts)

    def encode(self, tokens: npt.NDArray[np.int64], length: int, mask: Any) -> Any:
        """Return fresh arrays by name."""
        observation = {
            "action_mask": mask.copy(),
            "prompt": tokens[: self.prompt_tokens].copy(),
            "step": np.int64(length),
            "tokens": tokens[: self.end].copy(),
        }
        if self.shown:
            observation["candidates"] = tokens[self.end :].copy()
        return observation


class TextEncoder:
    """The prompt, a line break, and the text so far."""

    def __init__(
        self, tokenizer: Tokenizer, languages: tuple[str, str], slots: int, prompt_tokens: int
    ) -> None:
        self.tokenizer, self.languages, self.prompt_tokens = tokenizer, languages, prompt_tokens
        tokens = [tokenizer.token(index) for index in range(tokenizer.size)]
        longest = max(map(len, tokens))
        charset = frozenset("".join(tokens)) | {"\n", " "}
        self.space: gymnasium.Space[Any] = spaces.Text(
            (longest + 1) * slots + 1, min_length=0, charset=charset
        )

    def encode(self, tokens: npt.NDArray[np.int64], length: int, mask: Any) -> Any:  # noqa: ARG002
        """Return the text."""
        ids, cut = tokens.tolist(), self.prompt_tokens
        prompt = self.tokenizer.decode(ids[:cut], self.languages[0])
        text = self.tokenizer.decode(ids[cut : cut + length], self.languages[1])
        return f"{prompt}\n{text}"
