"""A player's place in several games, as the vector of environments that its agent learns on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from ...registry.errors import EnvironmentFaultError, InvalidArgumentError
from ..batches import sample_legal
from ..protocol import Agent, mask_argument

# An agent that ends each game at once would leave nothing to learn from to those after it.
GAMES_WITH_THEIR_OWN_MOVES = 10
MOST_GAMES_WITHOUT_A_MOVE = 10_000


class Seats(VectorEnv[Any, Any, Any]):
    """One seat in each of n games; in the other seats, other agents play as they do now.

    A step is one decision of the seat's player: its game then goes on until that player is to move
    again, or its episode ends, and the reward is what the player was paid on the way. An agent that
    knows no masks may choose what is forbidden: a legal action is drawn in its place. If others
    keep ending the game before the player is to move, they are moved at random until it is.

    Recurrent agents in the other seats remember each game by itself, from its first move on. They
    are asked game by game, since only they know how the states of several make up that of a batch.

    Args:
        games: Joint forms of one game, each its own copy.
        players: Whose seat it is; several take it in turns, an episode each, and must have the same
            spaces.
        on_step: Called at the end of each step.

    Attributes:
        agents: Who plays, by player; to be set before the first reset.

    Raises:
        InvalidArgumentError: If the players' spaces differ.
        EnvironmentFaultError: From `reset` and `step`, if the player is never to move.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012, Gymnasium's way

    def __init__(
        self,
        games: Sequence[gymnasium.Env[Any, Any]],
        players: Sequence[str],
        on_step: Callable[[], None] | None = None,
    ) -> None:
        self.games = list(games)
        self.players = tuple(players)
        self.agents: Mapping[str, Agent] = {}
        self.num_envs = len(self.games)
        self._on_step = on_step
        self.single_observation_space = common_space(self.games[0].observation_space, self.players)
        self.single_action_space = common_space(self.games[0].action_space, self.players)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        bounds = getattr(self.games[0].unwrapped, "reward_bounds", None)
        if bounds is not None:
            self.reward_bounds = bounds
        # A copy, whose generators are this vector's own.
        self._drawn_from: Any = copy.deepcopy(self.games[0].action_space)
        self._seated = [""] * self.num_envs
        self._episodes = 0
        self._observations: list[dict[str, Any]] = [{} for _ in self.games]
        self._masks: list[dict[str, npt.NDArray[np.int8]]] = [{} for _ in self.games]
        # The recurrent states of the others, by game and player, and whose agents have such.
        self._states: list[dict[str, Any]] = [{} for _ in self.games]
        self._recurrent: set[str] = set()
        self._earned = np.zeros(self.num_envs)
        # Games in a row that have begun at a seat without a decision of its player.
        self._begun = np.zeros(self.num_envs, dtype=np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin a game at each seat; all that is drawn follows from the seeds of the games."""
        seeds: list[int | None] = [None] * self.num_envs
        if isinstance(seed, list):
            seeds = seed
        elif seed is not None:
            seeds = np.random.SeedSequence(seed).generate_state(self.num_envs).tolist()
        given = [each for each in seeds if each is not None]
        if given:
            # A number more than the games have, lest one game alone draws the same.
            sequence = np.random.SeedSequence([*given, self.num_envs])
            self._np_random = np.random.default_rng(sequence)
        self._drawn_from.seed(int(self.np_random.integers(2**31)))
        self._recurrent.clear()
        self._episodes = 0
        self._begun[:] = 0
        for index, each in enumerate(seeds):
            self._begin(index, each, options)
        self._play_on({})
        return self._batch(), self._info()

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Decide at each seat; an ended episode's last observation is in the info `final_obs`."""
        chosen = dict(enumerate(self._legal(np.asarray(actions))))
        finals = self._play_on(chosen)
        rewards, self._earned = self._earned, np.zeros(self.num_envs)
        terminated, truncated = np.zeros((2, self.num_envs), dtype=bool)
        last = np.full(self.num_envs, None, dtype=object)
        for index, (observation, reward, is_terminated) in finals.items():
            last[index] = observation
            # What was earned since belongs to the next episode.
            rewards[index], self._earned[index] = reward, rewards[index]
            terminated[index], truncated[index] = is_terminated, not is_terminated
        info = self._info()
        if finals:
            over = terminated | truncated
            info |= {"final_obs": last, "_final_obs": over, "final_info": {}, "_final_info": over}
        if self._on_step is not None:
            self._on_step()
        return self._batch(), rewards, terminated, truncated, info

    def close_extras(self, **keywords: Any) -> None:  # noqa: ARG002, Gymnasium's signature
        """Close the games."""
        for game in self.games:
            game.close()

    def _begin(self, index: int, seed: int | None, options: dict[str, Any] | None) -> None:
        self._seated[index] = self.players[self._episodes % len(self.players)]
        self._episodes += 1
        self._begun[index] += 1
        if self._begun[index] > MOST_GAMES_WITHOUT_A_MOVE:
            raise EnvironmentFaultError(
                f"{self._seated[index]} was never to move in {MOST_GAMES_WITHOUT_A_MOVE} games: "
                "there is nothing for it to learn."
            )
        self._states[index] = {}
        self._observations[index], info = self.games[index].reset(seed=seed, options=options)
        self._masks[index] = info.get("action_mask", {})

    def _play_on(self, chosen: dict[int, Any]) -> dict[int, tuple[Any, float, bool]]:
        """Go on in each game until its seat is to decide, or in those of `chosen` to decide anew.

        Returns:
            Of the episodes that ended, the last observation, the reward of the last decision, and
            whether it was terminated.
        """
        finals: dict[int, tuple[Any, float, bool]] = {}
        going_on = [
            index for index in range(self.num_envs) if index in chosen or self._waits(index)
        ]
        while going_on:
            actions = self._others_actions(going_on)
            for index in going_on:
                game, seated = self.games[index], self._seated[index]
                if index in chosen:
                    actions[index][seated] = chosen.pop(index)
                    self._begun[index] = 0
                observation, _, terminated, truncated, info = game.step(actions[index])
                self._observations[index] = observation
                self._masks[index] = info.get("action_mask", {})
                self._earned[index] += info["rewards"][seated]
                state: Any = game.unwrapped
                ended = state.terminated[seated] or state.truncated[seated]
                if terminated or truncated or ended:
                    is_terminated = bool(state.terminated[seated])
                    # One that ended before a decision of the seat's player is none of its own.
                    final = observation[seated], float(self._earned[index]), is_terminated
                    finals.setdefault(index, final)
                    self._earned[index] = 0.0
                    self._begin(index, None, None)
            going_on = [index for index in going_on if self._waits(index)]
        return finals

    def _waits(self, index: int) -> bool:
        state: Any = self.games[index].unwrapped
        return self._seated[index] not in state.movers

    def _others_actions(self, indices: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return the actions of those who are to move besides who has the seat."""
        asked: dict[str, list[int]] = {}
        for index in indices:
            state: Any = self.games[index].unwrapped
            for player in state.movers:
                if player != self._seated[index]:
                    asked.setdefault(player, []).append(index)
        actions: dict[int, dict[str, Any]] = {index: {} for index in indices}
        for player, where in asked.items():
            masks = self._stacked_masks([player] * len(where), where)
            legal = self._drawn_legal(player, self._answers(player, where, masks), masks)
            for index, answer in zip(where, legal, strict=True):
                patient = self._begun[index] <= GAMES_WITH_THEIR_OWN_MOVES
                actions[index][player] = answer if patient else self._draw(index, player)
        return actions

    def _answers(
        self, player: str, where: Sequence[int], masks: npt.NDArray[np.int8] | None
    ) -> Any:
        """Return what a player's agent does in these games, which may be forbidden."""
        agent = self.agents[player]
        seen = [self._observations[index][player] for index in where]
        if player not in self._recurrent:
            answers, state = agent.predict(
                self._stack(player, seen), deterministic=False, **mask_argument(agent, masks)
            )
            if state is None:
                return answers
            self._recurrent.add(player)
        chosen = []
        for row, index in enumerate(where):
            states = self._states[index]
            action, states[player] = agent.predict(
                seen[row],
                states.get(player),
                np.array([player not in states]),
                deterministic=False,
                **mask_argument(agent, None if masks is None else masks[row]),
            )
            chosen.append(action)
        return np.stack(chosen)

    def _draw(self, index: int, player: str) -> Any:
        """Return a random action, a legal one where there is a mask."""
        return self._drawn_from[player].sample(self._masks[index].get(player))

    def _legal(self, actions: npt.NDArray[Any]) -> Any:
        masks = self._stacked_masks(self._seated, range(self.num_envs))
        return self._drawn_legal(self.players[0], actions, masks)

    def _drawn_legal(self, player: str, actions: Any, masks: npt.NDArray[np.int8] | None) -> Any:
        """Return actions, with a legal one where one is forbidden."""
        if masks is None:
            return actions
        start = int(self.games[0].action_space[player].start)  # type: ignore[index]
        legal = masks.astype(bool)
        places = np.array(actions, dtype=np.int64) - start
        forbidden = ~legal[np.arange(len(places)), places]
        if forbidden.any():
            places[forbidden] = sample_legal(legal[forbidden], self.np_random)
        return places + start

    def _stacked_masks(
        self, players: Sequence[str], indices: Sequence[int]
    ) -> npt.NDArray[np.int8] | None:
        masks = [
            self._masks[index].get(player) for player, index in zip(players, indices, strict=True)
        ]
        given = [mask for mask in masks if mask is not None]
        return np.stack(given) if len(given) == len(masks) else None

    def _stack(self, player: str, observations: list[Any]) -> Any:
        part = self.games[0].observation_space
        assert isinstance(part, spaces.Dict)
        space = part[player]
        empty: Any = create_empty_array(space, len(observations))
        return concatenate(space, observations, empty)

    def _batch(self) -> Any:
        return self._stack(
            self.players[0],
            [
                observation[seated]
                for observation, seated in zip(self._observations, self._seated, strict=True)
            ],
        )

    def _info(self) -> dict[str, Any]:
        masks = self._stacked_masks(self._seated, range(self.num_envs))
        if masks is None:
            return {}
        return {"action_mask": masks, "_action_mask": np.ones(self.num_envs, dtype=bool)}


def common_space(by_player: Any, players: Sequence[str]) -> gymnasium.Space[Any]:
    """Return the space that all of these players have.

    Args:
        by_player: A Dict space.
        players: At least one.

    Raises:
        InvalidArgumentError: If theirs differ.
    """
    first: gymnasium.Space[Any] = by_player[players[0]]
    for player in players:
        if by_player[player] != first:
            raise InvalidArgumentError(
                f"{players[0]} has the space {first}, {player} has {by_player[player]}: they can't "
                "share an agent; choose shared=False."
            )
    return first
