"""The game of speaker and listener, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import error, logger
from pettingzoo import AECEnv

from ....registry.errors import InvalidArgumentError
from ...arguments import check_options, check_render_mode
from ...datasets.schema import stable_hash
from ..legal_discrete import LegalDiscrete
from ..players import known_player
from .arguments import make_writer
from .channel import Channel
from .observations import RelayEncoder
from .picture import RelayScene, show

RENDER_MODES = ("ansi", "rgb_array", "human")
SPEAKER, LISTENER = PLAYERS = ("speaker_0", "listener_0")

# What infos of the single environment hold that isn't the listener's to know, or can't happen.
NOT_TOLD = ("action_mask", "example", "invalid")

NO, YES = np.int64(0), np.int64(1)


class TranslationRelay(AECEnv[str, Any, Any]):  # type: ignore[misc]
    """A sentence goes through a narrow channel, and comes out in another language.

    Task:
        The speaker reads an English sentence and sends a message of few symbols; the listener, who
        sees nothing but the message, writes the translation. The symbols mean nothing at first: the
        two have to agree on a code. It is the signalling game of Lewis (1969), with a text as the
        act, as in Lazaridou et al. (2017), "Multi-Agent Cooperation and the Emergence of (Natural)
        Language". Sentences, tokens, splits and scores are those of `Translation-v0`, whose steps
        the listener's steps are.

    Players:
        `"speaker_0"` moves first, until its message is complete; then `"listener_0"` moves to the
        episode's end.

    Observation:
        Ids below `N = V + A`: the V tokens of `Translation-v0`, of which 0 pads and 1 ends, and the
        A symbols, symbol s being `V + s`. Both players see `L = max(P, T) + k` slots.
        The speaker: the sentence, left-padded to `max(P, T)`; the message so far, right-padded to
        k. So it is always sent from slot `max(P, T)` on. An early end shows as token 1.
        The listener: the message so far, token 1 after it if it is shorter than k, right-padded to
        k; the text so far, right-padded. So it is always written from slot k on.
        `"tokens"`: `Box(0, N - 1, (L,), int64)`, the ids.
        `"one_hot"`: `Box(0, 1, (L * N,), float32)`, each id one-hot, one after the other, for
        networks that take numbers only, such as perceptrons.
        `state()`: sentence, message and text, `(P + k + T,)` or `((P + k + T) * N,)` likewise.

    Actions:
        The speaker's, `Discrete(A + 1)`: a symbol from 0 to A - 1, or A, which ends the message
        early. All are legal but A as the first. After k symbols the message is complete by itself.
        The listener's, `Discrete(V)`: the token that is written next; legal is what
        `Translation-v0` allows.
        A forbidden action is an error, and leaves the game as it is. `sample()` of the spaces draws
        among what is legal now, unless it is told otherwise.

    Reward:
        Common to both, that of `Translation-v0` for the listener's token; 0 for symbols. The score
        is sentence BLEU as sacrebleu computes it, with the tokenizer of the language.
        `"shaped"`: `potential(after) - potential(before)`; the potential is 0 at the start and the
        score at the end, so each player's return is the score. It tells how far the text agrees
        with the best reference, in order (see `lexigym.envs.text.alignment`).
        `"terminal"`: the score, at the end.
        Bounds of one step: (-1, 1) shaped, (0, 1) terminal; of a return (0, 1). What the speaker's
        last symbol earns until the end is the whole score, as `last()` tells it.

    Episode end:
        Both players are terminated when the listener writes token 1, or its T tokens. Never
        truncated.

    Info:
        Of both players, always: `action_mask` `int8`, `(A + 1,)` or `(V,)`; `turn` `int64`, 1 if it
        is the player's turn; `score` `float64`, of the text so far; and each component of a
        composed score by name, `float64`. Of the speaker also `example` `int64`, the example's
        place in the split. The mask of a listener who waits is that of its first token; that of a
        speaker whose message is complete allows all.

    Arguments:
        render_mode: `"ansi"`, `"rgb_array"`, `"human"` (printed live) or None.
        level: `"quick"`: those dates of `"small"` that are among the first four days of a month,
            each once: 60 to train on, 7 to validate, 17 to test (V at most 28, T at most 8);
            `"small"` and `"standard"` as in `Translation-v0`: dates and numbers without end, and
            the phrase book.
        message_length: k, the symbols of a message; at least 1.
        alphabet_size: A; at least 2. There are `A ** k` messages of full length.
        target: `"fr"`, `"de"`, `"es"` or `"zh"`.
        dataset: As in `Translation-v0`; None is the level's own.
        dataset_arguments: Keyword arguments of the dataset, unless it is an object.
        tokenizer: As in `Translation-v0`.
        scorer: A name, products and weighted sums of names, or an object with `score`.
        split: `"train"`, `"validation"` or `"test"`; they share no sentence.
        reward: `"shaped"` or `"terminal"`.
        observation: `"tokens"` or `"one_hot"`.
        mask: `"target"`: tokens that occur in references, and the end; `"all"`: all but padding.
        max_prompt_tokens: P; None is what the longest sentence needs.
        max_new_tokens: T; None is what the longest reference and the end need.
        candidates: At each step only so many tokens are legal, those that the n-gram model of the
            train references likes best after the text so far, the end among them; it knows nothing
            of the sentence. None: all that `mask` allows.
        `reset(options={"example": i})` begins an episode with example i of the split.

    Best return:
        The oracles agree on a code: the speaker's sends the example's place in the split (of a
        split without end, the hash of its sentence) in base A, its last k digits. The listener's
        writes the best completion, as that of `Translation-v0`, and reads the example from the
        environment, whatever was sent: so `oracle_return()` bounds what is possible, and knows it
        exactly where all sentences of the split have different codes, as they have if there are at
        most `A ** k` of them, and the speaker has kept to the code so far. Like that of
        `Translation-v0` it is a lower bound of the bound after tokens that no reference has, and
        with `candidates`.

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
    """

    metadata = {  # noqa: RUF012, PettingZoo's way
        "name": "translation_relay_v0",
        "render_modes": list(RENDER_MODES),
        # PettingZoo's `aec_to_parallel` asks for players who act in a cycle; these don't.
        "is_parallelizable": False,
        "render_fps": 8,
    }

    def __init__(
        self,
        render_mode: str | None = None,
        *,
        level: str = "quick",
        message_length: int = 3,
        alphabet_size: int = 16,
        target: str = "fr",
        dataset: Any = None,
        dataset_arguments: Mapping[str, Any] | None = None,
        tokenizer: Any = "words",
        scorer: Any = "bleu",
        split: str = "train",
        reward: str = "shaped",
        observation: str = "tokens",
        mask: str = "target",
        max_prompt_tokens: int | None = None,
        max_new_tokens: int | None = None,
        candidates: int | None = None,
    ) -> None:
        super().__init__()
        check_render_mode(render_mode, RENDER_MODES)
        self.render_mode = render_mode
        self._writer = make_writer(
            level,
            target,
            dataset,
            dataset_arguments,
            tokenizer=tokenizer,
            scorer=scorer,
            split=split,
            reward=reward,
            mask=mask,
            max_prompt_tokens=max_prompt_tokens,
            max_new_tokens=max_new_tokens,
            candidates=candidates,
        )
        self.task = task = self._writer.task
        self.reward_bounds = task.reward_bounds
        vocabulary = task.tokenizer
        self._channel = Channel(
            message_length,
            alphabet_size,
            first=vocabulary.size,
            pad=vocabulary.pad,
            eos=vocabulary.eos,
        )
        self.message_length = self._channel.message_length
        self.alphabet_size = self._channel.alphabet_size
        self._encoder = RelayEncoder(
            observation,
            vocabulary.size + self.alphabet_size,
            source_tokens=task.prompt_tokens,
            message_length=self.message_length,
            new_tokens=task.new_tokens,
            pad=vocabulary.pad,
        )
        self.state_space = self._encoder.make_state_space()
        self.max_steps = self.message_length + task.new_tokens
        self.possible_agents = list(PLAYERS)
        self.observation_spaces = {
            SPEAKER: self._encoder.make_space(),
            LISTENER: self._encoder.make_space(),
        }
        self._action_spaces = {
            SPEAKER: LegalDiscrete(self.alphabet_size + 1),
            LISTENER: LegalDiscrete(task.actions),
        }
        self.action_spaces: dict[str, gymnasium.Space[Any]] = {**self._action_spaces}
        self.agents: list[str] = []
        # What the single environment showed last: the sentence and the text, and its info.
        self._page: npt.NDArray[np.int64] | None = None
        self._told: dict[str, Any] = {}

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the observation space of a player."""
        return self.observation_spaces[known_player(agent, PLAYERS)]

    def action_space(self, agent: str) -> LegalDiscrete:
        """Return the action space of a player, which samples among what is legal now."""
        return self._action_spaces[known_player(agent, PLAYERS)]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode; `options={"example": i}` says with which example of the split.

        Raises:
            InvalidArgumentError: If an option is unknown, or there is no such example.
        """
        # PettingZoo's tests pass "options" to every environment.
        asked = {name: value for name, value in (options or {}).items() if name != "options"}
        check_options(asked, ("example",))
        self.agents = []
        self._page, self._told = self._writer.reset(seed=seed, options=asked)
        self._channel.open()
        self.agents = list(PLAYERS)
        self.agent_selection = SPEAKER
        self._skip_agent_selection = None
        self.rewards = dict.fromkeys(PLAYERS, 0.0)
        self._cumulative_rewards = dict.fromkeys(PLAYERS, 0.0)
        self.terminations = dict.fromkeys(PLAYERS, False)
        self.truncations = dict.fromkeys(PLAYERS, False)
        self._tell()
        if self.render_mode == "human":
            self.render()

    def step(self, action: Any) -> None:
        """Take the turn of `agent_selection`; None is the only action of a finished player.

        Raises:
            InvalidArgumentError: If the action is no integer of the player's space, or forbidden.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        if not self.agents:
            raise error.ResetNeeded("no game is being played; call reset() before step().")
        player = self.agent_selection
        if self.terminations[player]:
            if action is not None:
                raise InvalidArgumentError(
                    f"{player} has finished, so its only action is None, got {action!r}."
                )
            self._was_dead_step(None)
            return
        chosen = self._action_spaces[player].check(player, action)
        self._cumulative_rewards[player] = 0.0
        self.rewards = dict.fromkeys(PLAYERS, self._play(player, chosen))
        self._accumulate_rewards()
        self._tell()
        if self.render_mode == "human":
            self.render()

    def _play(self, player: str, action: int) -> float:
        """Take a legal action, say whose turn is next, and return what it earns."""
        if player == SPEAKER:
            self._channel.send(action)
            self.agent_selection = LISTENER if self._channel.is_closed else SPEAKER
            return 0.0
        self._page, reward, ended, _, self._told = self._writer.step(action)
        if ended:
            self.terminations = dict.fromkeys(PLAYERS, True)
            self.agent_selection = SPEAKER
        return float(reward)

    def _tell(self) -> None:
        """Tell the players in their infos what there is to know, and their spaces what is legal."""
        masks = {SPEAKER: self._channel.legal, LISTENER: self._told["action_mask"]}
        scores = {name: value for name, value in self._told.items() if name not in NOT_TOLD}
        self.infos = {}
        for player, mask in masks.items():
            moves = player == self.agent_selection and not self.terminations[player]
            self._action_spaces[player].legal = mask
            self.infos[player] = {
                "action_mask": mask.copy(),
                "turn": YES if moves else NO,
                **scores,
            }
        self.infos[SPEAKER]["example"] = self._told["example"]

    def observe(self, agent: str) -> npt.NDArray[Any]:
        """Return what a player sees now.

        Raises:
            InvalidArgumentError: If there is no such player.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        source, text = self._words()
        if known_player(agent, PLAYERS) == SPEAKER:
            return self._encoder.speaker(source, self._channel.shown)
        return self._encoder.listener(self._channel.heard, text)

    def state(self) -> npt.NDArray[Any]:
        """Return sentence, message and text, in `state_space`.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        source, text = self._words()
        return self._encoder.state(source, self._channel.shown, text)

    def _words(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the sentence, `(P,)`, and the text, `(T,)`."""
        if self._page is None:
            raise error.ResetNeeded("there is nothing to see yet; call reset() first.")
        cut = self.task.prompt_tokens
        return self._page[:cut], self._page[cut:]

    def oracle_action(self, player: str) -> int:
        """Return what a player does now if both follow the oracle; see Best return.

        Of a player who waits, what it would do.

        Raises:
            InvalidArgumentError: If there is no such player.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        if known_player(player, PLAYERS) == LISTENER:
            return self._writer.oracle_action()
        sentence = self._writer.prompt
        if self._channel.is_closed:
            return 0
        endless = self.num_examples is None
        number = stable_hash(sentence) if endless else int(self._told["example"])
        return self._channel.code(number)[self._channel.sent]

    def oracle_return(self) -> float:
        """Return what each player earns from now on if both follow the oracle; see Best return.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        return self._writer.oracle_return()

    @property
    def text(self) -> str:
        """The translation so far."""
        return self._writer.text

    @property
    def prompt(self) -> str:
        """The sentence that the speaker reads."""
        return self._writer.prompt

    @property
    def references(self) -> tuple[str, ...]:
        """The references, of which any earns the most."""
        return self._writer.references

    @property
    def message(self) -> list[int]:
        """The speaker's actions so far; A where it ended the message early."""
        return self._channel.actions

    @property
    def dataset_fingerprint(self) -> str:
        """The SHA-256 of what episodes are drawn from, in hexadecimal."""
        return self._writer.dataset_fingerprint

    @property
    def num_examples(self) -> int | None:
        """How many examples the split has; None if it is unlimited."""
        return self._writer.num_examples

    @property
    def np_random(self) -> np.random.Generator:
        """The generator that draws the sentences, which `reset(seed=...)` makes."""
        return self._writer.np_random

    def render(self) -> Any:
        """Return a text or a `(height, width, 3) uint8` picture, or print the text."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        names = self._told.keys() - {"score", *NOT_TOLD}
        parts = {name: self._told[name] for name in sorted(names)}
        scene = RelayScene(
            self.prompt, self.text, self.references, self._told["score"], parts, self._channel.text
        )
        return show(scene, self.render_mode)

    def close(self) -> None:
        """Release nothing: the game holds neither windows nor files."""
