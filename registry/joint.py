"""Games of several players, in PettingZoo's forms, as one Gymnasium environment that moves for all.

So a game is made, played, judged and compared as any other environment is. Nothing of PettingZoo is
imported: a game is known by its methods.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import error, spaces

from .errors import InvalidArgumentError, did_you_mean, shortened

# The line of the one argument that only the joint form of a game has.
ORACLE_PLAYERS = """\
    oracle_players: Players whom the environment moves itself, by its oracle; they have no place in
        spaces, rewards or infos.
"""


class Joint(gymnasium.Env[dict[str, Any], dict[str, Any]]):
    """A game whose players are moved together, by what is called a joint action.

    Observations and actions are dicts by player. In a game of turns only who is to move acts: what
    the others' actions are doesn't matter. The reward is the mean over the players. An episode ends
    when the last player's ends: terminated where all were, else truncated. The info holds
    "action_mask", by player `(A,) int8`, all zero for who isn't to move, of players with Discrete
    actions; and "rewards", by player.

    What else the game offers, such as `oracle_return()` or `text`, this offers too.

    Args:
        game: PettingZoo's `ParallelEnv` or `AECEnv`.
        oracle_players: Players whom the environment moves itself, by the game's
            `oracle_action(player)`. They have no place in spaces, rewards or infos.

    Attributes:
        players: Those who are moved from outside, in the game's order.
        movers: Those of them who are to move now.
        terminated: Whether a player's episode ended, by player.
        truncated: Whether it was cut off, by player.

    Raises:
        InvalidArgumentError: If there is no such player, none is left, or `game` is no game.
    """

    def __init__(self, game: Any, *, oracle_players: Collection[str] = ()) -> None:
        if not hasattr(game, "possible_agents"):
            raise InvalidArgumentError(
                f"{game!r} is no game of several players: pass a ParallelEnv or an AECEnv of "
                "PettingZoo."
            )
        named = [oracle_players] if isinstance(oracle_players, str) else oracle_players
        for name in named:
            if name not in game.possible_agents:
                raise InvalidArgumentError(
                    f"the game has no player {name!r}: {did_you_mean(name, game.possible_agents)}"
                )
        self.game: Any = game
        self.oracle_players = tuple(each for each in game.possible_agents if each in named)
        self.players = tuple(each for each in game.possible_agents if each not in named)
        if not self.players:
            raise InvalidArgumentError(
                f"the oracle plays all of {', '.join(self.oracle_players)}: leave one out."
            )
        self._moves: _Moves = _Turns(game) if hasattr(game, "agent_iter") else _Together(game)
        self.observation_space = spaces.Dict(
            {player: game.observation_space(player) for player in self.players}
        )
        self._action_spaces = {player: game.action_space(player) for player in self.players}
        self.action_space = spaces.Dict(self._action_spaces)
        self.metadata = game.metadata
        self.render_mode = getattr(game.unwrapped, "render_mode", None)
        self.movers: tuple[str, ...] = ()
        self._rewards = dict.fromkeys(self.players, 0.0)

    @property
    def terminated(self) -> Mapping[str, bool]:
        """Whether a player's episode ended."""
        return self._moves.terminated

    @property
    def truncated(self) -> Mapping[str, bool]:
        """Whether a player's episode was cut off."""
        return self._moves.truncated

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin a game, and move whom the oracle plays up to the first other player's turn."""
        super().reset(seed=seed)
        self._moves.reset(seed, options)
        self._rewards = dict.fromkeys(self.players, 0.0)
        self._play_oracle()
        return self._observations(), self._info(dict.fromkeys(self.players, 0.0))

    def step(
        self, action: Mapping[str, Any]
    ) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Move all who are to move, and go on to where one of the players is to move again.

        Raises:
            InvalidArgumentError: If it is no dict, or has no action of a player who is to move.
            gymnasium.error.ResetNeeded: Before the first reset, and after an episode's end.
        """
        if not self.movers:
            raise error.ResetNeeded("no game is running; call reset() before step().")
        if not isinstance(action, Mapping):
            raise InvalidArgumentError(
                f"the action must be a dict of one for each player of `movers`, got "
                f"{shortened(action)}."
            )
        self._move(action)
        self._play_oracle()
        # What was earned before the first move counts with it.
        rewards, self._rewards = self._rewards, dict.fromkeys(self.players, 0.0)
        over = not self.movers
        terminated = over and all(self.terminated[player] for player in self.players)
        reward = sum(rewards.values()) / len(rewards)
        info = self._info(rewards)
        return self._observations(), reward, terminated, over and not terminated, info

    def render(self) -> Any:
        """Return what the game shows."""
        return self.game.render()

    def close(self) -> None:
        """Close the game."""
        self.game.close()

    def oracle_action(self) -> dict[str, int]:
        """Return what the game's oracle does now, by player; who isn't to move does 0.

        Raises:
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        return {
            player: self._oracle(player) if player in self.movers else 0 for player in self.players
        }

    def __getattr__(self, name: str) -> Any:
        """Return what else the game has."""
        # Copies and pickles ask before there is a game.
        if name.startswith("_") or name == "game":
            raise AttributeError(name)
        return getattr(self.game.unwrapped, name)

    def _oracle(self, player: str) -> int:
        return int(self.game.unwrapped.oracle_action(player))

    def _play_oracle(self) -> None:
        """Move while none but those is to move whom the oracle plays, and find out who is next."""
        while True:
            movers = self._moves.movers
            self.movers = tuple(player for player in self.players if player in movers)
            if self.movers or not movers:
                return
            self._move({})

    def _move(self, action: Mapping[str, Any]) -> None:
        actions = {}
        for player in self._moves.movers:
            if player in self.oracle_players:
                actions[player] = self._oracle(player)
            elif player in action:
                actions[player] = action[player]
            else:
                named = ", ".join(map(str, action)) or "nobody"
                raise InvalidArgumentError(
                    f"{player!r} is to move, but the action is for {named}: pass one for each "
                    "player of `movers`."
                )
        for player, reward in self._moves.move(actions).items():
            if player in self._rewards:
                self._rewards[player] += float(reward)

    def _observations(self) -> dict[str, Any]:
        return {player: self._moves.observation(player) for player in self.players}

    def _info(self, rewards: dict[str, float]) -> dict[str, Any]:
        masks = {
            player: self._mask(player, int(space.n))
            for player, space in self._action_spaces.items()
            if isinstance(space, spaces.Discrete)
        }
        return {"action_mask": masks, "rewards": rewards}

    def _mask(self, player: str, count: int) -> npt.NDArray[np.int8]:
        if player not in self.movers:
            return np.zeros(count, np.int8)
        mask = self._moves.info(player).get("action_mask")
        observation = self._moves.observation(player)
        # The two places in which games of PettingZoo have it.
        if mask is None and isinstance(observation, Mapping):
            mask = observation.get("action_mask")
        return np.ones(count, np.int8) if mask is None else np.asarray(mask, np.int8)


def joint_form(make: Callable[..., Any]) -> Callable[..., Joint]:
    """Return what makes the joint form of a game, with the documentation of what makes the game.

    Args:
        make: Makes the game; its docstring has a section `Arguments:`.
    """

    @functools.wraps(make, updated=())
    def joint(*arguments: Any, oracle_players: Collection[str] = (), **keywords: Any) -> Joint:
        return Joint(make(*arguments, **keywords), oracle_players=oracle_players)

    signature = inspect.signature(make)
    known = inspect.signature(joint, follow_wrapped=False).parameters["oracle_players"]
    joint.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), known]
    )
    heading = "Arguments:\n"
    joint.__doc__ = (inspect.getdoc(make) or "").replace(heading, heading + ORACLE_PLAYERS)
    return joint


class _Moves(Protocol):
    """How a game is moved on: by all who are to move."""

    terminated: dict[str, bool]
    truncated: dict[str, bool]

    @property
    def movers(self) -> tuple[str, ...]: ...

    def reset(self, seed: int | None, options: dict[str, Any] | None) -> None: ...

    def move(self, actions: dict[str, Any]) -> Mapping[str, Any]: ...

    def observation(self, player: str) -> Any: ...

    def info(self, player: str) -> Mapping[str, Any]: ...


class _Together:
    """A `ParallelEnv`: all players move at once, until their episodes end."""

    def __init__(self, game: Any) -> None:
        self.game = game
        self.movers: tuple[str, ...] = ()
        self.terminated: dict[str, bool] = {}
        self.truncated: dict[str, bool] = {}

    def reset(self, seed: int | None, options: dict[str, Any] | None) -> None:
        self._observations, self._infos = self.game.reset(seed=seed, options=options)
        self.movers = tuple(self.game.agents)
        self.terminated = dict.fromkeys(self.game.possible_agents, False)
        self.truncated = dict.fromkeys(self.game.possible_agents, False)

    def move(self, actions: dict[str, Any]) -> Mapping[str, Any]:
        observations, rewards, terminated, truncated, infos = self.game.step(actions)
        # Of a player whose episode has ended, what was last is kept.
        self._observations = {**self._observations, **observations}
        self._infos = {**self._infos, **infos}
        self.terminated.update(terminated)
        self.truncated.update(truncated)
        self.movers = tuple(self.game.agents)
        return dict(rewards)

    def observation(self, player: str) -> Any:
        return self._observations[player]

    def info(self, player: str) -> Mapping[str, Any]:
        info: Mapping[str, Any] = self._infos[player]
        return info


class _Turns:
    """An `AECEnv`: one player moves after the other."""

    def __init__(self, game: Any) -> None:
        self.game = game
        self.movers: tuple[str, ...] = ()
        self.terminated: dict[str, bool] = {}
        self.truncated: dict[str, bool] = {}
        self._last: dict[str, Any] = {}

    def reset(self, seed: int | None, options: dict[str, Any] | None) -> None:
        self.game.reset(seed=seed, options=options)
        self.terminated = dict.fromkeys(self.game.possible_agents, False)
        self.truncated = dict.fromkeys(self.game.possible_agents, False)
        self._last = {}
        self.movers = (self.game.agent_selection,)

    def move(self, actions: dict[str, Any]) -> Mapping[str, Any]:
        game = self.game
        game.step(actions[game.agent_selection])
        rewards = dict(game.rewards)
        for player in game.agents:
            self.terminated[player] = bool(game.terminations[player])
            self.truncated[player] = bool(game.truncations[player])
            if self._is_over(player):
                self._last[player] = game.observe(player)
        # PettingZoo takes leave of each player by a step without an action.
        while game.agents and self._is_over(game.agent_selection):
            game.step(None)
        self.movers = (game.agent_selection,) if game.agents else ()
        return rewards

    def observation(self, player: str) -> Any:
        return self._last[player] if player in self._last else self.game.observe(player)

    def info(self, player: str) -> Mapping[str, Any]:
        info: Mapping[str, Any] = self.game.infos[player]
        return info

    def _is_over(self, player: str) -> bool:
        return self.terminated[player] or self.truncated[player]
