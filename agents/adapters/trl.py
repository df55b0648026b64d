"""Token environments as TRL's trainers take them: a factory of environments that models call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium

from ...registry.errors import InvalidArgumentError
from ..lm.texts import Texts


def adapt(env: gymnasium.Env[Any, Any]) -> Callable[[], TokenTools]:
    """Return the `environment_factory` of a TRL trainer: each call makes one such environment.

    The dataset needs a column `example`, which example of the environment's split a row is: all
    completions of a row must be of one prompt, or they can't be compared.

    Args:
        env: A single environment with observations and actions of tokens, made by its id.

    Returns:
        The factory. Its environments put the prompt behind the last user message, offer the model
        the tool `write`, and pay the return of the episode.

    Raises:
        InvalidArgumentError: If it is another environment.
    """
    texts = Texts.of(env)
    try:
        spec = env.spec
    except ValueError:  # A wrapper doesn't tell its arguments.
        spec = None
    if spec is None:
        raise InvalidArgumentError(
            f"{env} doesn't tell how to make more of it: make it with gymnasium.make, and wrap it "
            "only in wrappers that derive from gymnasium.utils.RecordConstructorArgs."
        )
    ids = {token: index for index, token in enumerate(texts.tokens)}
    return lambda: TokenTools(gymnasium.make(spec), ids, texts.eos)


class TokenTools:
    """An environment of TRL: what a rollout of its own resets, calls and is paid by; see `adapt`.

    Args:
        env: A token environment.
        ids: The id of each token.
        eos: The id that ends a text.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], ids: dict[str, int], eos: int) -> None:
        self._env, self._ids, self._eos = env, ids, eos
        self._running, self._return = False, 0.0

    def reset(self, example: int, **_: Any) -> str:
        """Begin the episode of an example, and return its prompt."""
        self._env.reset(options={"example": int(example)})
        self._running, self._return = True, 0.0
        return str(self._env.get_wrapper_attr("prompt"))

    def write(self, words: str) -> str:
        """Write the whole answer.

        Args:
            words: The answer, with a space between words and around punctuation marks.

        Returns:
            What was written.
        """
        unknown = [word for word in words.split() if word not in self._ids]
        if unknown:
            return f"No answer may hold the word {unknown[0]!r}: write again."
        for token in [*(self._ids[word] for word in words.split()), self._eos]:
            if self._running:
                _, reward, terminated, truncated, _ = self._env.step(token)
                self._return += float(reward)
                self._running = not (terminated or truncated)
        return f"Written: {self._env.get_wrapper_attr('text')}"

    def get_reward(self) -> float:
        """Return the return of the episode, 0 if nothing was written."""
        return self._return
