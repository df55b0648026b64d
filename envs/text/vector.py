"""The token environment, many episodes at once on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import error, logger
from gymnasium.spaces import Discrete
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from ...registry.errors import InvalidArgumentError
from ..arguments import check_options, check_render_mode, integer
from ..pcg64 import random, stream_of
from ..vector_arguments import (
    check_actions,
    check_autoreset_mode,
    check_num_envs,
    check_reset_mask,
    check_seeds,
)
from .candidates import Integers
from .examples import Example
from .judge import TokenBleu
from .kernels import begin_where, open_where
from .oracle import best_action, best_return
from .picture import Scene, draw_picture, draw_text
from .single import TokenEnv
from .task import Task

RENDER_MODES = ("ansi", "rgb_array")

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class TokenVectorEnv(VectorEnv[Any, Any, Any]):
    """n episodes of `TokenEnv`, each with its own generator.

    With seeds s to s+n-1 it gives bit for bit what a `SyncVectorEnv` of n single environments
    gives: observations, rewards, both ends and infos, in all three autoreset modes.

    Args:
        task: Dataset, tokenizer, scorer and the numbers that follow from them.
        num_envs: Environments n, at least 1.
        autoreset_mode: A `gymnasium.vector.AutoresetMode` or its value: "NextStep", "SameStep" or
            "Disabled"; with the last, `reset(options={"reset_mask": mask})` begins episodes where
            `mask`, `(n,) bool`, is true.
        render_mode: "ansi", "rgb_array" or None.

    Attributes:
        task: The task.
        reward_bounds: The smallest and the largest reward of one step.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """

    def __init__(
        self,
        task: Task,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        check_render_mode(render_mode, RENDER_MODES)
        self.task = task
        self.num_envs = check_num_envs(num_envs)
        self.render_mode = render_mode
        self.reward_bounds = task.reward_bounds
        self.autoreset_mode = check_autoreset_mode(autoreset_mode)
        self.metadata = {
            **TokenEnv.metadata,
            "render_modes": list(RENDER_MODES),
            "autoreset_mode": self.autoreset_mode,
        }
        self._encoder = task.make_encoder()
        self.single_observation_space = self._encoder.space
        self.single_action_space = Discrete(task.actions)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._rule, self._actions, self._shown = task.candidates, task.actions, task.shown
        # Where candidates are offered, V stands for a token that isn't one.
        legal = task.mask if self._rule is None else np.append(task.mask, 0)
        self._rules = legal.astype(bool), task.tokenizer.eos, task.shaped
        self._masks = self._make_masks()
        self._streams = np.zeros((self.num_envs, 4), np.uint64)
        self._seeded = np.zeros(self.num_envs, bool)
        self._indices = np.full(self.num_envs, -1)
        self._tokens = np.full(
            (self.num_envs, task.prompt_tokens + task.new_tokens), task.tokenizer.pad, np.int64
        )
        self._slots = np.zeros(self.num_envs, np.int64)
        self._running = np.zeros(self.num_envs, bool)
        self._invalid = np.zeros(self.num_envs, np.int64)
        self._potentials = np.zeros(self.num_envs)
        self._scores = np.zeros(self.num_envs)
        self._episodes = (
            self._tokens,
            self._slots,
            self._running,
            self._invalid,
            self._potentials,
            self._scores,
        )
        offered = 0 if self._rule is None else self._rule.k
        self._candidates = np.full((self.num_envs, offered), task.tokenizer.pad, np.int64)
        self._judge = task.make_judge(self.num_envs)
        # Episodes begin in a compiled loop if all examples are known and nothing needs their text.
        self._encoded = task.examples.encoded if isinstance(self._judge, TokenBleu) else None
        if self._encoded is not None and isinstance(self._judge, TokenBleu):
            _, _, bounds, firsts = self._encoded
            self._judge.make_room(int(np.diff(bounds[firsts]).max()), int(np.diff(firsts).max()))

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every environment, or in those of `options["reset_mask"]`.

        Args:
            seed: s for the seeds s to s+n-1, or a sequence of n; None goes on with the generators.
            options: `"reset_mask"`, `(n,) bool`, and `"example"`, the index of an example of the
                split, the same for all of them.

        Raises:
            InvalidArgumentError: If an option or the number of seeds is wrong.
            gymnasium.error.ResetNeeded: If the mask leaves out an environment that never began.
        """
        options = check_options(options, ("reset_mask", "example"))
        mask = check_reset_mask(options.get("reset_mask"), self.num_envs)
        asked = options.get("example")
        example = None if asked is None else self.task.examples.get(asked)
        if np.any(self._indices[~mask] < 0):
            raise error.ResetNeeded("some environments never began; call reset() without a mask.")
        self._seed(seed, mask)
        self._begin(mask, example)
        return self._observe(), self._infos(mask)

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[Any, Floats, Booleans, Booleans, dict[str, Any]]:
        """Write a token to every text; `(n,)` integer actions in, fresh arrays out.

        Raises:
            InvalidArgumentError: If the actions are not n integers from 0 to V - 1, or to k - 1;
                nothing is written then. Also if the proposer gives what may not be written.
            gymnasium.error.ResetNeeded: Before the first reset; without autoreset, also if an
                episode is over.
        """
        mode = self.autoreset_mode
        if self._indices[0] < 0 or (mode is AutoresetMode.DISABLED and not self._running.all()):
            raise error.ResetNeeded("some text isn't being written; call reset() before step().")
        chosen = self._check(np.asarray(actions), self._actions)
        if self._shown:
            chosen = np.take_along_axis(self._candidates, chosen[:, None], axis=1)[:, 0]
        resting = ~self._running
        rewards, terminated = self._write(chosen)
        infos: dict[str, Any] = {}
        if mode is AutoresetMode.NEXT_STEP:
            self._begin(resting)
        elif mode is AutoresetMode.SAME_STEP and terminated.any():
            finals = np.full(self.num_envs, None, dtype=object)
            for env in np.flatnonzero(terminated).tolist():
                finals[env] = self._encode(env)
            infos = {
                "final_obs": finals,
                "_final_obs": terminated.copy(),
                "final_info": self._infos(terminated),
                "_final_info": terminated.copy(),
            }
            self._begin(terminated)
        infos |= self._infos(None)
        return self._observe(), rewards, terminated, np.zeros(self.num_envs, bool), infos

    def _seed(self, seed: int | Sequence[int | None] | None, mask: Booleans) -> None:
        """Set the generators of the masked environments as Gymnasium seeds single ones."""
        seeds = check_seeds(seed, self.num_envs)
        for env in np.flatnonzero(mask).tolist():
            if seeds[env] is not None or not self._seeded[env]:
                self._streams[env] = stream_of(np_random(seeds[env])[0])
                self._seeded[env] = True

    def _make_masks(self) -> npt.NDArray[np.int8]:
        """Return the masks of texts that aren't written, `(n, A)`; a view if they never change."""
        rule = self._rule
        if rule is None:
            return np.broadcast_to(self.task.mask, (self.num_envs, len(self.task.mask)))
        if rule.are_actions:
            return np.broadcast_to(np.ones(rule.k, np.int8), (self.num_envs, rule.k))
        return np.tile(rule.legal(rule.none), (self.num_envs, 1))

    def _write(self, tokens: Integers) -> tuple[Floats, Booleans]:
        """Write a token to every running text; return the rewards and which texts ended."""
        if self._rule is None:
            return self._judge.write_all(tokens, self._rules, self._episodes)
        running, written = self._running.copy(), tokens
        if not self._rule.are_actions:
            # The kernels know one mask for all texts, so what this text may not write is swapped.
            barred = running & (self._masks[np.arange(self.num_envs), tokens] == 0)
            written = np.where(barred, self.task.tokenizer.size, tokens)
        results = self._judge.write_all(written, self._rules, self._episodes)
        envs = np.flatnonzero(running)
        self._tokens[envs, self._slots[envs] - 1] = tokens[envs]
        self._offer(running)
        return results

    def _offer(self, mask: Booleans) -> None:
        """Find out which tokens the texts where `mask` is true may go on with."""
        rule, candidates = self._rule, self._candidates
        if rule is None:
            return
        for env in np.flatnonzero(mask).tolist():
            candidates[env] = rule.of(self._tokens[env]) if self._running[env] else rule.none
            if not rule.are_actions:
                self._masks[env] = rule.legal(candidates[env])

    def _begin(self, mask: Booleans, asked: Example | None = None) -> None:
        """Begin an episode where `mask` is true, with a drawn example or the one asked for."""
        judge, start = self._judge, self.task.prompt_tokens
        if self._encoded is not None and isinstance(judge, TokenBleu):
            begin_where(
                mask,
                -1 if asked is None else int(asked.index),
                start,
                (self._streams, self._indices),
                self._encoded,
                self._episodes,
                judge.joins,
                judge.texts,
            )
            self._offer(mask)
            return
        for env in np.flatnonzero(mask).tolist():
            # Drawn even if one is asked for, so that later episodes don't depend on the option.
            drawn = self.task.examples.draw(partial(random, self._streams, env))
            example = drawn if asked is None else asked
            self._indices[env] = example.index
            self._tokens[env] = example.blank
            judge.begin(env, example)
        open_where(mask, start, self._episodes)
        self._offer(mask)

    def _encode(self, env: int) -> Any:
        length = int(self._slots[env]) - self.task.prompt_tokens
        tokens = self._tokens[env]
        if self._shown:
            tokens = np.append(tokens, self._candidates[env])
        return self._encoder.encode(tokens, length, self._masks[env])

    def _observe(self) -> Any:
        if self.task.observation == "tokens":
            if self._shown:
                return np.hstack([self._tokens, self._candidates])
            return self._tokens.copy()
        space = self.single_observation_space
        observations = [self._encode(env) for env in range(self.num_envs)]
        empty: Any = create_empty_array(space, self.num_envs)
        return concatenate(space, observations, empty)

    def _infos(self, mask: Booleans | None) -> dict[str, Any]:
        """Return the infos of the masked environments, all for None, as Gymnasium batches them."""
        given = np.ones(self.num_envs, bool) if mask is None else mask
        whole = mask is None or mask.all()
        columns: dict[str, npt.NDArray[Any]] = {
            "example": self._indices,
            "invalid": self._invalid,
            "score": self._scores,
        }
        if self._judge.components:
            parts = [self._judge.parts(env) for env in range(self.num_envs)]
            for name in self._judge.components:
                column = np.array([part.get(name, 0.0) for part in parts])
                columns[name] = np.where(self._invalid == 1, 0.0, column)
        masks = self._masks
        if not whole:
            masks = np.zeros(masks.shape, np.int8)
            masks[given] = self._masks[given]
        elif self._rule is not None:
            masks = masks.copy()
        infos: dict[str, Any] = {"action_mask": masks, "_action_mask": given.copy()}
        for name, column in columns.items():
            infos[name] = column.copy() if whole else column * given
            infos[f"_{name}"] = given.copy()
        return infos

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # A pickle turns a view into a whole array that could be written to.
        if self._rule is None or self._rule.are_actions:
            self._masks = self._make_masks()

    def action_masks(self) -> Booleans:
        """Return the legal actions, `(n, V)` or `(n, k) bool`."""
        return self._masks.astype(bool)

    @property
    def num_examples(self) -> int | None:
        """How many examples the split has; None if it is unlimited."""
        return self.task.num_examples

    @property
    def text(self) -> tuple[str, ...]:
        """The texts so far."""
        return tuple(self.task.decode(self._written(env)) for env in range(self.num_envs))

    def oracle_action(self) -> Integers:
        """Return actions that earn `oracle_return()`, `(n,) int64`."""
        return np.array(
            [
                best_action(self.task, example, self._written(env), self._candidates[env])
                for env, example in self._present()
            ]
        )

    def oracle_return(self) -> Floats:
        """Return the best returns from now, `(n,)`; see `TokenEnv.oracle_return`."""
        best = np.array(
            [
                best_return(self.task, example, self._written(env), self._candidates[env])
                for env, example in self._present()
            ]
        )
        return np.where(self._running, best - self._potentials * self.task.shaped, 0.0)

    def render(self) -> tuple[Any, ...] | None:
        """Return n texts, or n `(height, width, 3) uint8` pictures."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        draw = draw_text if self.render_mode == "ansi" else draw_picture
        return tuple(
            draw(
                Scene(
                    example.prompt_text,
                    self.task.decode(self._written(env)),
                    example.goal.references,
                    float(self._scores[env]),
                    self._judge.parts(env),
                )
            )
            for env, example in self._present()
        )

    def state(self) -> dict[str, Any]:
        """Return a snapshot of plain Python values, from which `restore` goes on exactly.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        return {
            "streams": self._streams.tolist(),
            "examples": [int(example.index) for _, example in self._present()],
            "written": [self._written(env) for env in range(self.num_envs)],
            "running": self._running.tolist(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a snapshot of an environment with the same arguments.

        Raises:
            InvalidArgumentError: If it is not such a snapshot.
        """
        try:
            streams = np.array(state["streams"], np.uint64).reshape(self.num_envs, 4)
            running = np.array(state["running"], bool).reshape(self.num_envs)
            last = self.task.tokenizer.size - 1
            written = [
                [integer("a token", token, 0, last) for token in tokens]
                for tokens in state["written"]
            ]
            chosen = list(zip(range(self.num_envs), state["examples"], written, strict=True))
        except (KeyError, OverflowError, TypeError, ValueError) as problem:
            raise InvalidArgumentError(
                f"this is no state of {self.num_envs} token environments ({problem!r}); pass what "
                "state() of one with the same arguments returned."
            ) from None
        texts = [(env, self.task.examples.get(index), tokens) for env, index, tokens in chosen]
        self._running[:] = False
        unfinished = np.zeros(self.num_envs, bool)
        for env, example, tokens in texts:
            self._begin(np.arange(self.num_envs) == env, example)
            for token in tokens:
                # No other text is running.
                self._write(np.full(self.num_envs, token))
            unfinished[env] = self._running[env]
            self._running[env] = False
        self._streams[:] = streams
        # Beyond a text's end, compiled code would write into other memory.
        self._running[:] = running & unfinished
        self._seeded[:] = True

    def _written(self, env: int) -> list[int]:
        """Return the ids of a text, the end of the text included."""
        start = self.task.prompt_tokens
        written: list[int] = self._tokens[env, start : self._slots[env]].tolist()
        return written

    def _present(self) -> list[tuple[int, Example]]:
        if np.any(self._indices < 0):
            raise error.ResetNeeded("there are no texts yet; call reset() first.")
        return [(env, self.task.examples.get(i)) for env, i in enumerate(self._indices.tolist())]

    def _check(self, actions: npt.NDArray[Any], size: int) -> Integers:
        return check_actions(actions, self.num_envs, size, f"integers from 0 to {size - 1}")
