"""An agent that is checked: how it is made, and for which environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import VectorEnv

from ...agents.protocol import mask_argument
from ...registry.agents import known_hyperparameters, make_agent, seed_argument
from ...registry.environments import find_spec, make_vector_environment
from ...registry.errors import InvalidArgumentError
from ...registry.table import Entry
from ...registry.tables import AGENTS
from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment, Environment
from .episode import NOWHERE, Place, Step
from .legality import mask_of

NUM_ENVS = 3
Named = tuple[str, dict[str, Any]]
# Tried in turn until the agent takes one: single actions, words, several players, and torques.
ENVIRONMENTS: tuple[Named, ...] = (
    ("GridRobot-v0", {"size": 4}),
    ("QA-v0", {"level": "small"}),
    ("robot_team_v0", {}),
    ("Pendulum-v1", {}),
)
MASKED: Named = "QA-v0", {"level": "small"}


@dataclass(frozen=True)
class CheckedAgent:
    """What the checks of agents take.

    Attributes:
        name: The agent's name.
        entry: What answers to it.
        hyperparameters: The agent's hyperparameters.
        environment: An id and its arguments; None for the first that the agent takes.
        seed: The seed of agents, and the root of those of episodes.
        episodes: How many are played.
        steps: How long it learns.
        place: The seed and the step where a check is.
    """

    name: str
    entry: Entry
    hyperparameters: Mapping[str, Any]
    environment: CheckedEnvironment | None
    seed: int
    episodes: int
    steps: int
    place: Place = field(default_factory=lambda: [NOWHERE, 0], compare=False)

    @property
    def agent_class(self) -> Any:
        """The agent's class, which this process may not have heard of."""
        AGENTS.add(self.entry)
        return AGENTS.get(self.name)

    @property
    def takes_seed(self) -> bool:
        """Whether the agent has a seed of its own."""
        return bool(seed_argument(self.agent_class, self.seed))

    def make(self, env: Any, **hyperparameters: Any) -> Any:
        """Make one that learns from early on, so that a few steps teach it something."""
        known = known_hyperparameters(self.agent_class) or {}
        early = {"learning_starts": self.steps // 4} if "learning_starts" in known else {}
        seeded = seed_argument(self.agent_class, self.seed)
        chosen = {**early, **seeded, **self.hyperparameters, **hyperparameters}
        return make_agent(self.name, env, **chosen)

    def find_environment(self) -> CheckedEnvironment:
        """Return what it is checked on.

        Raises:
            BrokenPromiseError: If it takes none of those that are tried.
        """
        if self.environment is not None:
            return replace(self.environment, place=self.place)
        refusals = []
        for found in self._candidates(ENVIRONMENTS):
            with found.make() as env:
                try:
                    self.make(env)
                except InvalidArgumentError as error:
                    refusals.append(f"{found.id}: {error}")
                    continue
            return found
        raise BrokenPromiseError(f"it must take an environment, name one ({'; '.join(refusals)})")

    def find_masked_environment(self) -> CheckedEnvironment:
        """Return one with action masks.

        Raises:
            NotApplicableError: If what it is checked on has none, and it takes no other.
        """
        for found in (self.find_environment(), *self._candidates((MASKED,))):
            with found.make() as env:
                observation, info = env.reset(seed=self.seed)
                if mask_of(env, observation, info) is None:
                    continue
                try:
                    self.make(env)
                except InvalidArgumentError as error:
                    raise NotApplicableError(f"it doesn't take {found.id} ({error})") from error
            return found
        raise NotApplicableError("no environment that it takes has action masks")

    def make_vector(self, environment: CheckedEnvironment) -> VectorEnv[Any, Any, Any]:
        """Make several environments at once to learn on."""
        # What was registered in another process only isn't found by its id here.
        gymnasium.registry.setdefault(environment.spec.id, environment.spec)
        return make_vector_environment(environment.id, NUM_ENVS, **environment.arguments)

    def _candidates(self, named: Iterable[Named]) -> Iterator[CheckedEnvironment]:
        for name, arguments in named:
            yield CheckedEnvironment(
                name, find_spec(name), arguments, self.seed, self.episodes, self.place
            )


def ask(agent: Any, env: Environment, step: Step, deterministic: bool) -> Any:
    """Return what an agent does after a step, as the first action of an episode."""
    mask = mask_of(env, step.observation, step.info)
    action, _ = agent.predict(
        step.observation,
        None,
        np.ones(1, dtype=bool),
        deterministic=deterministic,
        **mask_argument(agent, mask),
    )
    return action
