"""How an environment writes texts: where the prompt ends, what pads, what each id stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from ...registry.errors import CheckpointError, InvalidArgumentError
from ..spaces import Spaces


@dataclass(frozen=True)
class Texts:
    """What a language model must know of a token environment besides its spaces.

    Observations are `(P + T,)` token ids: a prompt, padded on its left to P, and the text, padded
    on its right to T.

    Attributes:
        prompt_tokens: P.
        new_tokens: T.
        pad: The id that fills empty places.
        eos: The id that ends a text.
        tokens: What each id stands for, in the order of the ids.
        written: The ids that may ever be written.
    """

    prompt_tokens: int
    new_tokens: int
    pad: int
    eos: int
    tokens: tuple[str, ...]
    written: tuple[int, ...]

    @classmethod
    def of(cls, env: Any) -> Self:
        """Return what an environment tells by its `task`, as those of `lexigym` do.

        Raises:
            InvalidArgumentError: If it writes no texts, or observes more than tokens.
        """
        task: Any = getattr(_unwrapped(env), "task", None)
        tokenizer = getattr(task, "tokenizer", None)
        spaces = Spaces.of(env)
        if tokenizer is None or not hasattr(tokenizer, "tokens"):
            raise InvalidArgumentError(
                f"a language model needs an environment with a tokenizer, such as QA-v0; got {env}."
            )
        if spaces.vocabulary_size is None:
            raise InvalidArgumentError(
                f"a language model reads tokens and writes tokens, got observations "
                f"{spaces.observation_space} and actions {spaces.action_space}: make the "
                'environment with observation="tokens" and actions="tokens".'
            )
        return cls(
            int(task.prompt_tokens),
            int(task.new_tokens),
            int(tokenizer.pad),
            int(tokenizer.eos),
            tuple(tokenizer.tokens),
            tuple(np.flatnonzero(task.mask).tolist()),
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return vars(self) | {"tokens": list(self.tokens), "written": list(self.written)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        lists = {name: tuple(values[name]) for name in ("tokens", "written")}
        return cls(**{**values, **lists})

    def require_written_by(self, env: Any, path: str | Path) -> None:
        """Refuse an environment whose ids stand for other tokens than those of a checkpoint.

        Spaces alone, and what doesn't tell its tokens, are taken; other ids may be written.

        Raises:
            CheckpointError: If it writes otherwise.
        """
        if isinstance(env, Spaces):
            return
        try:
            texts = Texts.of(env)
        except InvalidArgumentError:
            return
        if replace(texts, written=self.written) != self:
            raise CheckpointError(
                f"{str(path)!r} was saved for other tokens than {env} writes: load it with the "
                "environment that it learned on, or with one of the same tokenizer and lengths."
            )


def _unwrapped(env: Any) -> Any:
    """Return the environment itself, the first of a vector of separate ones."""
    inner = getattr(env, "unwrapped", env)
    return getattr(inner, "envs", [inner])[0].unwrapped
