"""Independent learners: each player of a game has an agent that learns as if it were alone."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv, VectorEnv

from ...registry.agents import find_agent, load_agent, make_agent, seed_argument
from ...registry.errors import CheckpointError, InvalidArgumentError, shortened
from ...registry.joint import Joint
from ..batches import batch_size, movers
from ..callbacks import Callback, CallbackList, as_callback
from ..checkpoint import fitting, read_config, read_tensors, write_checkpoint
from ..progress import ProgressBar
from ..protocol import Agent, mask_argument
from ..spaces import Spaces, environment_spec_json
from .seats import Seats, common_space
from .turns import Turns

CHECKPOINT = "checkpoint"
# One agent that all players share goes by this name.
SHARED = "shared"


class IndependentAgents:
    """Independent learners (Tan 1993): agents of the suite, one for each player or one for all.

    The update is that of the agents, to which the other players are part of the environment.

    Differences from the paper:
        1. Each agent learns in games of its own, in which the others play as they do at that time,
           with their exploration; the agents learn in turn, a step each.
        2. With `shared`, one agent learns in the seat of every player, an episode each: parameter
           sharing (Gupta et al. 2017) and self-play are the same thing here.
        3. An agent that knows no masks may choose what is forbidden while it learns: a legal action
           is drawn in its place.

    Args:
        env: A game of several players: by id, such as `gymnasium.make("robot_team_v0")`; a
            `SyncVectorEnv` of it; or a `ParallelEnv` or `AECEnv` of PettingZoo, or a list of these.
        agent: The name of an agent, or a dict of one for each player.
        shared: Whether one agent plays, and learns from, all seats; their spaces must be the same.
        hyperparameters: Those of the agents. What stands under the name of a player is its own.
        seed: The root of all agents' seeds.

    Attributes:
        players: The players, in the order of the spaces.
        agents: Who plays, by player.
        num_timesteps: Decisions that were learned from, of all agents together.

    Raises:
        InvalidArgumentError: If the environment is no such game, there is no such player, or an
            agent refuses its spaces or hyperparameters.
        UnknownNameError: If there is no such agent.
    """

    name = "independent"

    def __init__(
        self,
        env: Any,
        *,
        agent: str | Mapping[str, str] = "dqn",
        shared: bool = False,
        hyperparameters: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> None:
        self._prepare(env, agent, shared, hyperparameters, seed)
        own = self._own_hyperparameters()
        roots = np.random.SeedSequence(seed).spawn(len(self._names))
        self._take_places(
            {
                seat: make_agent(
                    name,
                    self._seats.get(seat) or self._spaces_of(seat),
                    **seed_argument(find_agent(name, {}), int(root.generate_state(1)[0]))
                    | own[seat],
                )
                for (seat, name), root in zip(self._names.items(), roots, strict=True)
            }
        )

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each hyperparameter with its default."""
        return {"agent": "dqn", "shared": False, "hyperparameters": None, "seed": None}

    @property
    def num_timesteps(self) -> int:
        """Decisions that were learned from, of all agents together."""
        return sum(int(getattr(agent, "num_timesteps", 0)) for agent in self._by_seat.values())

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds."""
        return {
            "agent": self.name,
            "hyperparameters": self._given,
            "environment": self._environment,
            **self.spaces.to_json(),
            "num_timesteps": self.num_timesteps,
        }

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, Any]:
        """Choose an action for each player who is to move; see `Agent.predict`.

        Args:
            observation: By player, one each or a batch of n.
            state: What the last call returned.
            episode_start: `(n,) bool`, where an episode begins.
            deterministic: Greedy if true.
            action_masks: By player, `(A,)` or `(n, A)`; whose mask is all zero isn't to move.

        Returns:
            By player an int, or `(n,) int64`, and the next state. Who isn't to move has an action
            that means nothing.

        Raises:
            InvalidArgumentError: If a player whose agent is recurrent is to move in some games of a
                batch, but not in all.
        """
        size = batch_size(observation, self.spaces.observation_space)
        starts = np.zeros(size or 1, dtype=bool)
        if episode_start is not None:
            starts |= np.asarray(episode_start, dtype=bool)
        actions, memories = {}, {}
        for player, agent in self.agents.items():
            memory, unseen = (None, np.ones_like(starts)) if state is None else state[player]
            # A player may sit out the first moves, which are then no start of its own.
            unseen = unseen | starts
            mask = None if action_masks is None else action_masks.get(player)
            moves = np.ones(size or 1, dtype=bool)
            if mask is not None:
                moves, mask = movers(mask)
            if not moves.any():
                start = int(getattr(self._spaces_of(player).action_space, "start", 0))
                actions[player] = start if size is None else np.full(size, start)
            else:
                actions[player], memory = agent.predict(
                    observation[player],
                    memory,
                    unseen,
                    deterministic=deterministic,
                    **mask_argument(agent, mask),
                )
                if memory is not None and not moves.all():
                    raise InvalidArgumentError(
                        f"{player} is to move in some games of the batch only, but its agent is "
                        "recurrent, and would remember the others wrongly: pass one game at a time."
                    )
                unseen = unseen & ~moves
            memories[player] = memory, unseen
        return actions, memories

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Self:
        """Learn from `total_timesteps` further decisions, divided among the agents evenly.

        Args:
            total_timesteps: At least 1 for each agent.
            callback: As `as_callback` takes it; it is told of each step of each agent.
            progress_bar: Whether to show one.

        Raises:
            InvalidArgumentError: If there is no game to learn in, or no step for each agent.
        """
        if not self._games:
            raise InvalidArgumentError(
                "these agents have no game to learn in: pass env to lexigym.load_agent."
            )
        learners = self._by_seat
        if total_timesteps < len(learners):
            raise InvalidArgumentError(
                f"total_timesteps must be at least 1 for each of {len(learners)} agents, got "
                f"{total_timesteps}."
            )
        callbacks: Callback = as_callback(callback)
        if progress_bar:
            callbacks = CallbackList([callbacks, ProgressBar(total_timesteps)])
        goes_on = True

        def tell(_: Any) -> bool:
            nonlocal goes_on
            goes_on = goes_on and callbacks.on_step(self)
            return goes_on

        share, rest = divmod(total_timesteps, len(learners))
        functions = {
            seat: partial(agent.learn, share + (index < rest), callback=tell)
            for index, (seat, agent) in enumerate(learners.items())
        }
        callbacks.on_training_start(self)
        try:
            if len(functions) == 1:
                next(iter(functions.values()))()
            else:
                self._turns.run(functions)
        finally:
            callbacks.on_training_end(self)
        return self

    def save(self, path: str | Path, **arguments: Any) -> None:
        """Write a checkpoint in one atomic step; it holds a checkpoint of each agent.

        Args:
            path: The file; ".zip" is appended to a name without a suffix.
            **arguments: Passed on to the `save` of each agent.
        """
        members: dict[str, dict[str, npt.NDArray[np.uint8]]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for index, agent in enumerate(self._by_seat.values()):
                file = Path(folder, f"{index}.zip")
                agent.save(file, **arguments)
                content = np.frombuffer(file.read_bytes(), np.uint8)
                members[_member(index)] = {CHECKPOINT: content}
        write_checkpoint(path, self.config, members)

    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Self:
        """Read a checkpoint; `env`, a game as it was saved for, is needed only to learn on.

        Raises:
            CheckpointError: If it is no whole checkpoint, of other spaces, or if an agent in it is
                another than its config tells.
        """
        config = read_config(path, cls.name)
        agent = cls.__new__(cls)
        with fitting(path):
            saved = Spaces.from_json(config)
            # What is loaded takes the place of agents, so none are made.
            hyperparameters = cls.hyperparameters() | config["hyperparameters"]
            agent._prepare(saved if env is None else env, **hyperparameters)
            saved.require(agent.spaces, path)
            if env is None:
                agent._environment = config["environment"]
            agent._take_places(agent._loaded(path))
        return agent

    def _prepare(
        self,
        env: Any,
        agent: str | Mapping[str, str],
        shared: bool,
        hyperparameters: Mapping[str, Any] | None,
        seed: int | None,
    ) -> None:
        """Note the arguments of the constructor, and make the seats, but no agents yet."""
        for name, value in {"hyperparameters": hyperparameters, "agent": agent}.items():
            if not isinstance(value, (Mapping, str if name == "agent" else type(None))):
                raise InvalidArgumentError(
                    f"{name} must be a dict, got {value!r}: write it as {{name: value}}."
                )
        self._given: dict[str, Any] = {
            "agent": agent if isinstance(agent, str) else dict(agent),
            "shared": shared,
            "hyperparameters": None if hyperparameters is None else dict(hyperparameters),
            "seed": seed,
        }
        self._environment = environment_spec_json(env)
        self._games = [] if isinstance(env, Spaces) else _games_of(env)
        self.spaces = env if isinstance(env, Spaces) else Spaces.of(self._games[0])
        if not isinstance(self.spaces.action_space, spaces.Dict):
            raise InvalidArgumentError(
                f"independent plays games of several players, got the action space "
                f"{self.spaces.action_space}: choose the agent {agent!r} itself."
            )
        self.players = tuple(self.spaces.action_space)
        self._names = self._names_of(agent, shared)
        self._turns = Turns()
        self._seats = {
            seat: Seats(
                copy.deepcopy(self._games),
                self.players if seat == SHARED else (seat,),
                partial(self._turns.pass_on, seat),
            )
            for seat in self._names
            if self._games
        }

    def _loaded(self, path: str | Path) -> dict[str, Agent]:
        """Return the agents in a checkpoint, by seat."""
        loaded = {}
        with tempfile.TemporaryDirectory() as folder:
            for index, (seat, name) in enumerate(self._names.items()):
                content = (read_tensors(path, _member(index)) or {}).get(CHECKPOINT)
                if content is None:
                    raise CheckpointError(
                        f"{str(path)!r} holds no agent for {seat}: load another copy."
                    )
                file = Path(folder, f"{index}.zip")
                file.write_bytes(content.numpy().tobytes())
                found = read_config(file)["agent"]
                if found != name:
                    raise CheckpointError(
                        f"{str(path)!r} names the agent {shortened(name)} for {seat}, but holds "
                        f"one of {shortened(found)}: load another copy."
                    )
                loaded[seat] = load_agent(file, env=self._seats.get(seat))
        return loaded

    def _names_of(self, agent: str | Mapping[str, str], shared: bool) -> dict[str, str]:
        """Return the name of the agent of each seat."""
        if shared:
            if not isinstance(agent, str):
                raise InvalidArgumentError(
                    f"shared=True is one agent for all players, got agent={agent!r}: pass one name."
                )
            for space in (self.spaces.observation_space, self.spaces.action_space):
                common_space(space, self.players)
            return {SHARED: agent}
        if isinstance(agent, str):
            return dict.fromkeys(self.players, agent)
        if set(agent) != set(self.players):
            raise InvalidArgumentError(
                f"agent names {', '.join(agent) or 'nobody'}, but the players are "
                f"{', '.join(self.players)}: name one agent for each."
            )
        return {player: agent[player] for player in self.players}

    def _own_hyperparameters(self) -> dict[str, dict[str, Any]]:
        """Return what each seat's agent is given."""
        given: dict[str, Any] = self._given["hyperparameters"] or {}
        common = {name: value for name, value in given.items() if name not in self.players}
        return {seat: common | given.get(seat, {}) for seat in self._names}

    def _spaces_of(self, seat: str) -> Spaces:
        player = self.players[0] if seat == SHARED else seat
        by_player: Any = self.spaces
        return Spaces(by_player.observation_space[player], by_player.action_space[player])

    def _take_places(self, agents: dict[str, Agent]) -> None:
        """Let these agents play, by seat."""
        self._by_seat = agents
        self.agents = {player: agents.get(player) or agents[SHARED] for player in self.players}
        for seats in self._seats.values():
            seats.agents = self.agents


def _games_of(env: Any) -> list[gymnasium.Env[Any, Any]]:
    """Return the games of an environment in their joint form."""
    if isinstance(env, (list, tuple)):
        return [game for each in env for game in _games_of(each)]
    if isinstance(env, SyncVectorEnv):
        return list(env.envs)
    if isinstance(env, VectorEnv):
        raise InvalidArgumentError(
            f"independent needs the games themselves, which {type(env).__name__} hides: pass a "
            "SyncVectorEnv, or a list of games."
        )
    return [env if isinstance(env, gymnasium.Env) else Joint(env)]


def _member(index: int) -> str:
    return f"agent-{index}"
