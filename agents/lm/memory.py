"""The replay memory of a language model: texts, and what was found out about them on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ...registry.errors import EnvironmentFaultError
from ..dqn.replay import Batch
from ..dqn.restoring import require_shape
from ..dqn.sequences import Integers, SequenceMemory
from .states import TextStates
from .texts import Texts

Found = dict[str, npt.NDArray[Any]]

# How many logits are looked at in one pass.
LOGITS = 2**24


class TextMemory(SequenceMemory):
    """Keeps texts, and of each state the prior's hidden state, and the candidates if there are any.

    With candidates the actions of a batch are places among them, and its masks tell which there
    are.

    Args:
        arguments: Those of `SequenceMemory`.
        texts: How the environment writes.
        candidates: k; 0 where all tokens are judged.
        width: D, the size of hidden states.

    Attributes:
        distinct: Whether a text that is held already is left out: what is shown by an oracle is
            shown many times before all of it was.
    """

    def __init__(self, *arguments: Any, texts: Texts, candidates: int, width: int) -> None:
        super().__init__(*arguments)
        self.texts, self.distinct = texts, False
        self._kept: set[bytes] = set()
        n_envs, steps = len(self.playing_starts), texts.new_tokens
        self.found: Found = {}
        self.playing_found: Found = {}
        kinds: dict[str, tuple[int, Any]] = {"hidden": (width, np.float32)}
        if candidates:
            kinds["candidates"] = candidates, np.int32
        for name, (size, dtype) in kinds.items():
            self.found[name] = np.zeros((self.capacity, steps, size), dtype)
            self.playing_found[name] = np.zeros((n_envs, steps, size), dtype)

    def starts_of(self, observations: npt.NDArray[Any]) -> Integers:
        """Return P: all texts begin behind their prompt."""
        return np.full(len(observations), self.texts.prompt_tokens)

    def record(
        self,
        begins: dict[str, npt.NDArray[Any]],
        rewards: npt.NDArray[np.float64],
        ends: dict[str, npt.NDArray[Any]],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
        valid: npt.NDArray[np.bool_],
    ) -> None:
        """Take one step of every environment; see `SequenceMemory.record`.

        Among `begins` is what was found out about the states, unless `find_out` is to do it.
        """
        (envs,) = np.nonzero(valid)
        if (truncated & valid & ~terminated).any():
            raise EnvironmentFaultError(
                "an episode was truncated, and nothing is known of the state that it ended in: "
                "take the time limit off, and bound texts by max_new_tokens of the environment."
            )
        for name, found in self.playing_found.items():
            if name in begins:
                found[envs, self.playing_lengths[envs]] = begins[name][envs]
        super().record(begins, rewards, ends, terminated, truncated, valid)

    def _keep(self, env: int, tokens: npt.NDArray[Any], terminated: bool) -> None:
        if self.distinct:
            text = tokens.tobytes()
            if text in self._kept:
                self._restart(env)
                return
            self._kept.add(text)
        for name, found in self.found.items():
            found[self.position] = self.playing_found[name][env]
        super()._keep(env, tokens, terminated)

    def find_out(
        self, find: Callable[[TextStates, npt.NDArray[np.bool_] | None, Integers], Found]
    ) -> None:
        """Find out about the states of all texts that are held; equal texts are read once.

        Args:
            find: Returns it of N states, of the `(N, V) bool` masks of their actions, or None, and
                of the actions taken, `(N,)`.
        """
        held = slice(0, self.size)
        _, first, where = np.unique(
            self.tokens[held], axis=0, return_index=True, return_inverse=True
        )
        count = max(1, LOGITS // (len(self.texts.tokens) * self.texts.new_tokens))
        for start in range(0, len(first), count):
            episodes = first[start : start + count]
            lengths = self.lengths[episodes]
            rows = np.repeat(np.arange(len(episodes)), lengths)
            steps = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            drawn = episodes[rows]
            slots = self.starts[drawn] + steps
            tokens = self._to(self.tokens[episodes])
            states = TextStates(tokens, self._to(rows), self._to(slots - 1))
            masks = None
            if self.masks is not None:
                masks = self.masks.rows[self.mask_rows[drawn, steps]]
            for name, values in find(states, masks, self.tokens[drawn, slots]).items():
                self.found[name][drawn, steps] = values
        for found in self.found.values():
            found[held] = found[first[where.ravel()]]

    def _masks_of(self, episodes: Integers, steps: Integers) -> Tensor | None:
        # Those of candidates tell which there are.
        return None if "candidates" in self.found else super()._masks_of(episodes, steps)

    def _gather(self, drawn: Integers, weights: Tensor | None) -> Batch:
        batch = super()._gather(drawn, weights)
        if "candidates" not in self.found:
            return batch
        present, following = batch.observation, batch.next_observation
        assert isinstance(present, TextStates)
        assert isinstance(following, TextStates)
        assert present.candidates is not None
        assert following.candidates is not None
        taken = present.candidates == batch.action[:, None]
        return replace(
            batch,
            action=taken.int().argmax(dim=1),
            action_mask=present.candidates >= 0,
            next_action_mask=following.candidates >= 0,
        )

    def _states(
        self, tokens: Tensor, drawn: Integers, rows: Integers, steps: Integers
    ) -> TextStates:
        found: dict[str, Tensor] = {}
        # Nothing is known of the end of a text, and nothing is asked of it.
        places = drawn[rows], np.minimum(steps, self.lengths[drawn][rows] - 1)
        for name, values in self.found.items():
            kept = self._to(values[places])
            found[name] = kept.long() if name == "candidates" else kept
        slots = self.starts[drawn][rows] + steps - 1
        return TextStates(tokens, self._to(rows), self._to(slots), **found)

    def state(self) -> dict[str, Any]:
        """Return the arrays that `restore` takes."""
        kept = {f"found.{name}": each[: self.size] for name, each in self.found.items()}
        playing = {f"playing.{name}": each for name, each in self.playing_found.items()}
        return super().state() | kept | playing

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        super().restore(state)
        places = {f"found.{name}": each[: self.size] for name, each in self.found.items()}
        places |= {f"playing.{name}": each for name, each in self.playing_found.items()}
        for name, place in places.items():
            require_shape(state, name, place.shape)
            place[:] = state[name].numpy()
