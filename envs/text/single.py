"""The token environment, one episode at a time."""

from __future__ import annotations

from operator import index
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import error, logger
from numpy import float64

from ...registry.errors import InvalidArgumentError
from ...registry.terminal import print_picture
from ..arguments import check_options, check_render_mode, integer
from .candidates import Candidates, Integers
from .examples import Example
from .oracle import best_action, best_return
from .picture import Scene, draw_picture, draw_text
from .task import Task

RENDER_MODES = ("ansi", "rgb_array", "human")

# Made once: making a NumPy number takes longer than finding one.
NO, YES = np.int64(0), np.int64(1)


class TokenEnv(gymnasium.Env[Any, Any]):
    """A text is written token by token in answer to a prompt, and scored.

    The ids of the suite are this class with the defaults of `lexigym.envs.text.tasks`, which
    documents them.

    Args:
        task: Dataset, tokenizer, scorer and the numbers that follow from them.
        render_mode: "ansi", "rgb_array", "human" or None.

    Attributes:
        task: The task.
        reward_bounds: The smallest and the largest reward of one step.
        max_steps: T, the most tokens of an episode.

    Raises:
        InvalidArgumentError: If the render mode is none of these.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 8}  # noqa: RUF012, Gymnasium's way

    def __init__(self, task: Task, render_mode: str | None = None) -> None:
        check_render_mode(render_mode, RENDER_MODES)
        self.task = task
        self.render_mode = render_mode
        self.reward_bounds = task.reward_bounds
        self.max_steps = task.new_tokens
        self._encoder = task.make_encoder()
        self.observation_space = self._encoder.space
        self._shows_tokens = task.observation == "tokens"
        self.action_space = gymnasium.spaces.Discrete(task.actions)
        self._judge = task.make_judge(1)
        self._composed = bool(self._judge.components)
        self._shown = task.shown
        self._mask = np.ones(task.actions, np.int8) if self._shown else task.mask
        # A list is quicker to ask than an array.
        self._legal: Any = self._mask.tolist()
        self._rule = task.candidates
        self._candidates: Integers = np.empty(0, np.int64)
        self._start, self._end = task.prompt_tokens, task.prompt_tokens + task.new_tokens
        self._eos, self._shaped = task.tokenizer.eos, task.shaped
        # Prompt, text, and the candidates that observations show.
        self._tokens = np.full(self._end + self._shown, task.tokenizer.pad, np.int64)
        self._slot = -1
        self._running = False
        if self._rule is not None:
            self._offer(self._rule)
        self._potential = self._score = 0.0
        self._invalid = NO
        self._example: Example | None = None
        self._index = NO

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; `options={"example": i}` says with which example of the split.

        Raises:
            InvalidArgumentError: If an option is unknown, or there is no such example.
        """
        asked = check_options(options, ("example",)).get("example")
        if seed is not None:
            super().reset(seed=seed)
        self._running = False
        # Drawn even if one is asked for, so that later episodes don't depend on the option.
        example = self.task.examples.draw(self.np_random.random)
        self._begin(example if asked is None else self.task.examples.get(asked))
        if self.render_mode == "human":
            self.render()
        return self._observe(), self._info()

    def _begin(self, example: Example) -> None:
        if self._rule is None:
            self._tokens = example.blank.copy()
        else:
            self._tokens[: self._end] = example.blank
        self._judge.begin(0, example)
        self._example, self._index = example, example.index
        self._slot = self._start
        self._running = True
        self._potential = self._score = 0.0
        self._invalid = NO
        if self._rule is not None:
            self._offer(self._rule)

    def _offer(self, rule: Candidates) -> None:
        """Find out which tokens may be written next."""
        ids = rule.of(self._tokens[: self._end]) if self._running else rule.none
        self._candidates = ids
        if rule.are_actions:
            self._tokens[self._end :] = ids
        else:
            self._mask = self._legal = rule.legal(ids)

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Write a token.

        Raises:
            InvalidArgumentError: If the action is not an integer from 0 to V - 1, or to k - 1, or
                the proposer gives what may not be written.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        if not self._running:
            raise error.ResetNeeded("no text is being written; call reset() before step().")
        try:
            token = index(action)
            legal = self._legal[token] if token >= 0 else None
        except (TypeError, IndexError):
            legal = None
        if legal is None:
            raise InvalidArgumentError(
                f"the action must be an integer from 0 to {len(self._legal) - 1}, got {action!r}."
            )
        if self._shown:
            token = int(self._tokens[self._end + token])
        reward = self._write(token, legal)
        if self.render_mode == "human":
            self.render()
        return self._observe(), reward, not self._running, False, self._info()

    def _write(self, token: int, legal: int) -> float:
        self._tokens[self._slot] = token
        self._slot += 1
        before = self._potential
        if not legal:
            self._running, self._invalid = False, YES
            self._potential = self._score = 0.0
        else:
            if token == self._eos:
                self._running = False
            else:
                self._running = self._slot < self._end
                self._potential, self._score = self._judge.write(0, token)
            if not self._running:
                self._potential = self._score
        if self._rule is not None:
            self._offer(self._rule)
        if self._shaped:
            return self._potential - before
        return 0.0 if self._running else self._score

    def _observe(self) -> Any:
        if self._shows_tokens:
            return self._tokens.copy()
        return self._encoder.encode(self._tokens, self._slot - self._start, self._mask)

    def _info(self) -> dict[str, Any]:
        info = {
            "action_mask": self._mask.copy(),
            "example": self._index,
            "invalid": self._invalid,
            "score": float64(self._score),
        }
        if self._composed:
            for name, part in self._judge.parts(0).items():
                info[name] = np.float64(0.0 if self._invalid else part)
        return info

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Return the legal actions, `(V,)` or `(k,) bool`, as sb3-contrib asks for them."""
        return self._mask.astype(bool)

    @property
    def text(self) -> str:
        """The text so far."""
        return self.task.decode(self._written())

    @property
    def prompt(self) -> str:
        """The prompt."""
        return self._present().prompt_text

    @property
    def references(self) -> tuple[str, ...]:
        """The references, of which any earns the most."""
        return self._present().goal.references

    @property
    def dataset_fingerprint(self) -> str:
        """The SHA-256 of what episodes are drawn from, in hexadecimal."""
        return self.task.source.fingerprint

    @property
    def num_examples(self) -> int | None:
        """How many examples the split has; None if it is unlimited."""
        return self.task.num_examples

    def oracle_action(self) -> int:
        """Return an action that earns `oracle_return()`.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        return best_action(self.task, self._present(), self._written(), self._candidates)

    def oracle_return(self) -> float:
        """Return the best return from now to the episode's end that a completion earns.

        While the text begins as a reference does, the completion is the rest of it, and earns all
        that can be earned. After that the completions tried are what is left of each reference
        from each place on: for `exact_match` still the best, for other scorers a lower bound.
        With candidates the completions are cut where a token is not among them, and what they earn
        is a lower bound, too.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        example = self._present()
        if not self._running:
            return 0.0
        best = best_return(self.task, example, self._written(), self._candidates)
        return float(best - self._potential if self.task.shaped else best)

    def render(self) -> Any:
        """Return a text or a `(height, width, 3) uint8` picture, or print the text."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        scene = Scene(self.prompt, self.text, self.references, self._score, self._judge.parts(0))
        if self.render_mode == "rgb_array":
            return draw_picture(scene)
        picture = draw_text(scene)
        if self.render_mode == "ansi":
            return picture
        print_picture(picture)
        return None

    def state(self) -> dict[str, Any]:
        """Return a snapshot of plain Python values, from which `restore` goes on exactly."""
        return {
            "example": None if self._example is None else int(self._example.index),
            "written": self._written() if self._example is not None else [],
            "running": self._running,
            "generator": self.np_random.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a snapshot of an environment with the same arguments.

        Raises:
            InvalidArgumentError: If it is not such a snapshot.
        """
        try:
            bit_generator = np.random.PCG64()
            bit_generator.state = state["generator"]
            index, last = state["example"], self.task.tokenizer.size - 1
            written = [integer("a token", token, 0, last) for token in state["written"]]
            running = bool(state["running"])
        except (KeyError, OverflowError, TypeError, ValueError) as problem:
            raise InvalidArgumentError(
                f"this is no state of a token environment ({problem!r}); pass what state() "
                "returned."
            ) from None
        example = None if index is None else self.task.examples.get(index)
        before = self.state()
        self.np_random = np.random.Generator(bit_generator)
        self._example, self._running = None, False
        if example is not None:
            self._begin(example)
            for token in written:
                if not self._running:
                    self.restore(before)
                    raise InvalidArgumentError(
                        f"a text of {len(written)} tokens that ended before goes on in this state; "
                        "pass what state() returned."
                    )
                # No token that isn't a candidate can be the action of one.
                self._write(token, 1 if self._shown else self._legal[token])
            self._running = self._running and running

    def _written(self) -> list[int]:
        """Return the ids of the text, the end of the text included."""
        written: list[int] = self._tokens[self._start : self._slot].tolist()
        return written

    def _present(self) -> Example:
        if self._example is None:
            raise error.ResetNeeded("there is no text yet; call reset() first.")
        return self._example
