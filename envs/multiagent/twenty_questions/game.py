"""Twenty questions, one turn at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import error, logger, spaces
from gymnasium.utils import seeding
from pettingzoo import AECEnv

from ....registry.errors import InvalidArgumentError
from ....registry.terminal import print_picture
from ...arguments import check_options, check_render_mode, choice, integer, number
from ..legal_discrete import LegalDiscrete
from ..players import known_player
from .dialogue import ANSWERS, Dialogue
from .own import own_table
from .picture import draw_picture, draw_text
from .shipped import CATEGORIES, LEVELS, shipped_table
from .strategy import Strategy

RENDER_MODES = ("ansi", "rgb_array", "human")
GUESSER, ANSWERER = PLAYERS = ("guesser_0", "answerer_0")
MAX_QUESTIONS = 100

Features = npt.NDArray[np.float32]


class TwentyQuestions(AECEnv):  # type: ignore[misc]  # PettingZoo has no type stubs.
    """A guesser asks yes/no questions about a hidden entity, an answerer answers.

    Task:
        Find out which of E entities is hidden, in as few questions as possible. It is drawn at
        reset, uniformly. The questions and their true answers follow from facts that ship with the
        package; the answerer sees them, and nothing but the common reward makes it tell the truth.

    Players:
        `"guesser_0"` and `"answerer_0"`, in turn: the guesser asks, the answerer answers, and so on
        until the guesser names an entity.

    Observation:
        `Box(0, 1, (2 Q + 1,), float32)` for both, Q being the number of questions.
        Guesser: for each question, whether its answer was yes; for each, whether it was no.
        Answerer: the question that is to be answered, one-hot, zeros if there is none; for each
        question, whether yes is the true answer.
        The last number, for both: which part of the guesser's `max_questions + 1` turns is left.
        `state()`: `Box(0, 1, (3 Q + 1 + E,), float32)`: what the guesser sees, the question that is
        to be answered, one-hot, and the entity, one-hot.

    Actions:
        Guesser: `Discrete(Q + E)`: i asks question i, Q + j names entity j; `unwrapped.sentences`
        has all as sentences. A question may be asked once, and none when `max_questions` were.
        Answerer: `Discrete(2)`: 0 is no, 1 is yes.
        Another action is an error. The guesser's space samples legal actions.

    Reward:
        Both are paid the same: `-question_cost` when a question is asked, 1 when the hidden entity
        is named, 0 when another is. Bounds of one step: `(-question_cost, 1)`.

    Episode end:
        `terminated`, for both, when an entity is named. Never `truncated`: how many questions are
        left is part of the task, and the guesser sees it.

    Info:
        At all times, for each player: `action_mask` `int8`, `(Q + E,)` or `(2,)`, 1 for actions
        that are legal at its next turn; `turn` `int64`, 1 if it is the player's turn; `questions`
        `int64`, how many were asked; `score` `float64`, 1 after the right name, else 0.

    Arguments:
        render_mode: `"ansi"`, `"rgb_array"`, `"human"` (prints) or None.
        category: `"countries"` or `"elements"`.
        level: `"standard"` has all 195 countries and 82 questions on their continents, currencies
            and the spelling of their names and capitals, or all 118 elements and 60 questions;
            `"small"` 16 countries and 12 questions, or 18 elements and 13.
        entities: Instead of these, entities of your own: a mapping of names to attributes, or the
            path of a table; see `lexigym.envs.multiagent.twenty_questions.own`.
        max_questions: How many may be asked, in [1, 100].
        question_cost: What one costs, in [0, 1].
        `reset(options={"example": i})` hides entity i, of `unwrapped.num_examples`.

    Best return:
        `oracle_return()` is what the guesser can expect, who doesn't know the entity: the mean over
        all entities that fit the answers best, of the return of the best way to go on with true
        answers. So the mean of what the oracles earn over all entities is `oracle_return()` at
        reset: by default 0.846 for countries, 0.862 for elements, 0.92 and 0.916 if small. There,
        and wherever at most 16 entities are left, no way is better; in between the first questions
        come from the two most promising splits (see
        `lexigym.envs.multiagent.twenty_questions.strategy`).

    Version history:
        v0: first version.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range.
        DatasetError: If the table of `entities` can't be read.

    Twenty questions is an old parlour game. If every question were possible, the best way to ask
    would be the code of Huffman, "A Method for the Construction of Minimum-Redundancy Codes"
    (1952): the bound that the oracle searches by.
    """

    metadata = {  # noqa: RUF012, PettingZoo's way
        "name": "twenty_questions_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": False,
        "render_fps": 2,
    }

    def __init__(
        self,
        render_mode: str | None = None,
        *,
        category: str = "countries",
        level: str = "standard",
        entities: Any = None,
        max_questions: int = 20,
        question_cost: float = 0.02,
    ) -> None:
        super().__init__()
        check_render_mode(render_mode, RENDER_MODES)
        self.render_mode = render_mode
        category = choice("category", category, tuple(CATEGORIES))
        level = choice("level", level, LEVELS)
        self.max_questions = integer("max_questions", max_questions, 1, MAX_QUESTIONS)
        self.question_cost = number("question_cost", question_cost, "in [0, 1]", _is_part)
        self.table = shipped_table(category, level) if entities is None else own_table(entities)
        self.reward_bounds = (0.0 - self.question_cost, 1.0)
        # No question is asked twice, each is answered, and then an entity is named.
        self.max_steps = 2 * min(self.max_questions, len(self.table.questions)) + 1
        self.possible_agents = list(PLAYERS)
        self.agents: list[str] = []
        self._strategy = Strategy(self.table, self.question_cost, self.max_questions)
        names, questions = len(self.table.entities), len(self.table.questions)
        guesser_actions = LegalDiscrete(questions + names)
        self._mask = guesser_actions.legal
        self._action_spaces = {GUESSER: guesser_actions, ANSWERER: LegalDiscrete(len(ANSWERS))}
        # PettingZoo warns of players that see different spaces.
        self._observation_spaces = {
            player: spaces.Box(0, 1, (2 * questions + 1,), np.float32) for player in PLAYERS
        }
        self.state_space = spaces.Box(0, 1, (3 * questions + 1 + names,), np.float32)
        self.np_random: np.random.Generator | None = None
        self._dialogue: Dialogue | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The guesser's actions: its questions, then "Is it ...?" for each entity."""
        return (*self.table.questions, *(f"Is it {name}?" for name in self.table.entities))

    @property
    def num_examples(self) -> int:
        """How many entities there are."""
        return len(self.table.entities)

    @property
    def dataset_fingerprint(self) -> str:
        """The SHA-256 of entities, questions and answers, in hexadecimal."""
        return self.table.fingerprint

    @property
    def entity(self) -> str:
        """The hidden entity."""
        return self.table.entities[self._present().entity]

    @property
    def text(self) -> str:
        """The dialogue so far, a line for each question."""
        return self._present().text

    def observation_space(self, agent: str) -> spaces.Box:
        """Return the space of what a player sees."""
        return self._observation_spaces[known_player(agent, PLAYERS)]

    def action_space(self, agent: str) -> LegalDiscrete:
        """Return the space of what a player does."""
        return self._action_spaces[known_player(agent, PLAYERS)]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode; `options={"example": i}` says with which entity.

        Raises:
            InvalidArgumentError: If an option is unknown, or there is no such entity.
        """
        # PettingZoo's `api_test` passes an option of the name "options".
        asked = check_options(options, ("example", "options")).get("example")
        if asked is not None:
            asked = integer("the index of an entity", asked, 0, self.num_examples - 1)
        if seed is not None or self.np_random is None:
            self.np_random, _ = seeding.np_random(seed)
        # Drawn even if one is asked for, so that later episodes don't depend on the option.
        drawn = int(self.np_random.integers(self.num_examples))
        self._dialogue = Dialogue(self.table, self.max_questions, drawn if asked is None else asked)
        self._mask[:] = 1
        self.agents = list(PLAYERS)
        self.agent_selection = GUESSER
        self.rewards = dict.fromkeys(PLAYERS, 0.0)
        self._cumulative_rewards = dict.fromkeys(PLAYERS, 0.0)
        self.terminations = dict.fromkeys(PLAYERS, False)
        self.truncations = dict.fromkeys(PLAYERS, False)
        self._skip_agent_selection = None
        self._finish_turn()

    def step(self, action: int | None) -> None:
        """Let the player `agent_selection` move; a finished one with None.

        Raises:
            InvalidArgumentError: If the action is illegal, or a finished player acts; the game then
                stays as it is.
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
        dialogue, chosen = self._present(), self._action_spaces[player].check(player, action)
        questions, reward = len(self.table.questions), 0.0
        if player == ANSWERER:
            dialogue.answer(chosen)
        elif chosen < questions:
            dialogue.ask(chosen)
            self._mask[chosen if dialogue.questions_left else slice(questions)] = 0
            reward = -self.question_cost
        else:
            dialogue.name(chosen - questions)
            self.terminations = dict.fromkeys(PLAYERS, True)
            reward = float(dialogue.right)
        self.rewards = dict.fromkeys(PLAYERS, reward)
        self._cumulative_rewards[player] = 0.0
        self._accumulate_rewards()
        self.agent_selection = GUESSER if player == ANSWERER else ANSWERER
        self._finish_turn()

    def _finish_turn(self) -> None:
        dialogue = self._present()
        self.infos = {
            player: {
                "action_mask": space.legal.copy(),
                "turn": np.int64(player == self.agent_selection and dialogue.named < 0),
                "questions": np.int64(len(dialogue.asked)),
                "score": np.float64(dialogue.right),
            }
            for player, space in self._action_spaces.items()
        }
        if self.render_mode == "human":
            self.render()

    def _present(self) -> Dialogue:
        if self._dialogue is None:
            raise error.ResetNeeded("nothing is hidden yet; call reset() first.")
        return self._dialogue

    def observe(self, agent: str) -> Features:
        """Return what a player sees; see the class.

        Raises:
            InvalidArgumentError: If there is no such player.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        dialogue = self._present()
        if known_player(agent, PLAYERS) == GUESSER:
            parts = [dialogue.answered > 0, dialogue.answered < 0]
        else:
            parts = [one_hot(dialogue.pending, len(self.table.questions)), dialogue.truths]
        # Naming is a turn, too; so nothing is ever all zeros, which PettingZoo's tests warn of.
        left = (dialogue.questions_left + 1) / (self.max_questions + 1)
        return np.concatenate([*parts, [left]], dtype=np.float32)

    def state(self) -> Features:
        """Return the whole game; see the class.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        dialogue = self._present()
        pending = one_hot(dialogue.pending, len(self.table.questions))
        hidden = one_hot(dialogue.entity, self.num_examples)
        return np.concatenate([self.observe(GUESSER), pending, hidden], dtype=np.float32)

    def oracle_action(self, agent: str) -> int:
        """Return what a player does now in the best play that is known.

        The answerer tells the truth (0 if nothing is asked). The guesser goes by the entities that
        contradict the fewest answers: all that fit, as long as there is one, so that it goes on
        sensibly after lies, too. While an answer is awaited it says what it would do without it.

        Raises:
            InvalidArgumentError: If there is no such player.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        dialogue = self._present()
        if known_player(agent, PLAYERS) == ANSWERER:
            return int(dialogue.pending >= 0 and dialogue.truths[dialogue.pending])
        entities = dialogue.candidates
        plan = self._strategy.plan(entities, dialogue.questions_left, dialogue.asked_set)
        if plan.question >= 0:
            return plan.question
        # The first of those that may be it, by the lowest bit.
        return len(self.table.questions) + (entities & -entities).bit_length() - 1

    def oracle_return(self) -> float:
        """Return what each player can expect from now on if both follow their oracles.

        The mean over the entities that contradict the fewest answers, whichever is hidden: so it is
        right for the guesser's knowledge, and 0 once an entity is named. It is exact for at most 16
        such entities, and otherwise what the plan that is followed earns.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        dialogue = self._present()
        if dialogue.named >= 0:
            return 0.0
        state = dialogue.questions_left, dialogue.asked_set
        entities, pending = dialogue.candidates, dialogue.pending
        if pending >= 0:
            total = self._strategy.total(entities, pending, *state)
        else:
            total = self._strategy.plan(entities, *state).total
        return total / entities.bit_count()

    def render(self) -> Any:
        """Return a text or a `(height, width, 3) uint8` picture, or print the text."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with a render_mode.")
            return None
        dialogue = self._present()
        if self.render_mode == "rgb_array":
            return draw_picture(dialogue)
        if self.render_mode == "ansi":
            return draw_text(dialogue)
        print_picture(draw_text(dialogue))
        return None

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def one_hot(place: int, size: int) -> npt.NDArray[np.bool_]:
    """Return `(size,) bool`, true at the place, or nowhere if it is negative."""
    return np.asarray(np.arange(size) == place)


def _is_part(value: float) -> bool:
    return 0 <= value <= 1
