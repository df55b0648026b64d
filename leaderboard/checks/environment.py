"""An environment that is checked: how it is made, and played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec

from ...agents.protocol import episode_seeds
from .episode import MAX_STEPS, NOWHERE, Choose, Place, Step, frozen, play

Environment = gymnasium.Env[Any, Any]


@dataclass(frozen=True)
class CheckedEnvironment:
    """What the checks of environments take.

    Attributes:
        id: As it was asked for, perhaps with the module that registers it.
        spec: What the id stands for.
        arguments: The environment's keyword arguments.
        seed: The root of the seeds of the episodes.
        episodes: How many of them are played.
        place: The seed and the step where a check is.
    """

    id: str
    spec: EnvSpec
    arguments: Mapping[str, Any]
    seed: int
    episodes: int
    place: Place = field(default_factory=lambda: [NOWHERE, 0], compare=False)

    @property
    def seeds(self) -> list[int]:
        """The seeds of the episodes."""
        return list(islice(episode_seeds(self.seed), self.episodes))

    def make(self, **arguments: Any) -> Environment:
        """Make one as `gymnasium.make` does, but without Gymnasium's checker around it."""
        arguments = {**self.arguments, **arguments, "disable_env_checker": True}
        return gymnasium.make(self.spec, **arguments)

    def play(
        self,
        env: Environment,
        seed: int | None,
        choose: Choose | None = None,
        limit: int = MAX_STEPS,
    ) -> Iterator[Step]:
        """Play an episode; see `episode.play`."""
        return play(env, seed, choose, place=self.place, limit=limit)

    def play_all(self, env: Environment) -> Iterator[Step]:
        """Play an episode of each seed."""
        for seed in self.seeds:
            yield from self.play(env, seed)

    def record(self, env: Environment) -> list[Step]:
        """Return copies of all that the episodes of all seeds give, and close the environment."""
        try:
            return frozen(self.play_all(env))
        finally:
            env.close()
