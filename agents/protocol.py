"""What an agent is, and how one is judged: the protocol, action masks, and the returns it earns."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import gymnasium
import numpy as np
import numpy.typing as npt

from ..registry.errors import EnvironmentFaultError, InvalidArgumentError
from .actions import chosen_action


@runtime_checkable
class Agent(Protocol):
    """What the suite asks of an agent: the surface that Stable-Baselines3 users know.

    Agents of the registry are classes called as `cls(env, **hyperparameters)`; they also have a
    class method `hyperparameters()` that maps each known hyperparameter to its default.
    """

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, Any]:
        """Choose actions: an int for one observation, an `(n,) int64` array for a batch of n.

        Args:
            observation: One observation of the environment's space, or a batch of n.
            state: The recurrent state of the previous call; None for agents that have none.
            episode_start: `(n,) bool`, where an episode begins; used by recurrent agents.
            deterministic: Greedy if true, else the behaviour the agent would evaluate with.
            action_masks: `(A,)` or `(n, A)`, true where an action is legal; None if all are.

        Returns:
            The actions and the next recurrent state.
        """
        ...

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Self:
        """Learn from `total_timesteps` further environment steps, and return the agent itself."""
        ...

    def save(self, path: str | Path) -> None:
        """Write a checkpoint in one atomic step."""
        ...

    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Self:
        """Read a checkpoint; `env` is needed only to learn on."""
        ...


def takes_action_masks(agent: Agent) -> bool:
    """Whether `predict` accepts `action_masks`; Stable-Baselines3's own models mostly don't."""
    return "action_masks" in inspect.signature(agent.predict).parameters


def mask_argument(agent: Agent, action_masks: Any) -> dict[str, Any]:
    """Return masks as the keyword argument of `predict`, nothing if it takes none."""
    if action_masks is None or not takes_action_masks(agent):
        return {}
    return {"action_masks": action_masks}


def evaluate(
    agent: Agent,
    env: gymnasium.Env[Any, Any],
    episodes: int | None = None,
    *,
    seed: int = 0,
    deterministic: bool = True,
) -> npt.NDArray[np.float64]:
    """Play whole episodes and return their undiscounted returns, `(episodes,) float64`.

    Episode i starts from a seed drawn from `SeedSequence(seed)`, so that agents are compared on the
    same episodes.

    Args:
        agent: Any agent of the protocol; masks in the environment's info are passed to it. An
            action that they forbid counts as the environment counts it.
        env: A single environment.
        episodes: How many episodes, at least 1; None plays every example of the environment's
            split once, in order, where the environment has examples and a finite number of them.
        seed: The root of the episodes' seeds.
        deterministic: Greedy actions if true.

    Raises:
        InvalidArgumentError: If `episodes` is below 1, or None where there are no examples.
        EnvironmentFaultError: If a reward is not a finite number.
        AgentFaultError: If the agent chooses what is no action of the environment.
    """
    options: list[dict[str, Any] | None]
    if episodes is None:
        options = [{"example": index} for index in range(_num_examples(env))]
    elif episodes < 1:
        raise InvalidArgumentError(f"episodes must be at least 1, got {episodes}.")
    else:
        options = [None] * episodes
    masked = takes_action_masks(agent)
    seeds = episode_seeds(seed)
    returns = np.zeros(len(options))
    for episode, chosen in enumerate(options):
        observation, info = env.reset(seed=next(seeds), options=chosen)
        state, episode_start, done = None, np.ones(1, dtype=bool), False
        while not done:
            mask = info.get("action_mask") if masked else None
            keywords = {} if mask is None else {"action_masks": mask}
            answer = agent.predict(
                observation, state, episode_start, deterministic=deterministic, **keywords
            )
            action, state = chosen_action(agent, env, answer)
            observation, reward, terminated, truncated, info = env.step(action)
            require_finite_rewards(reward)
            returns[episode] += float(reward)
            episode_start, done = np.zeros(1, dtype=bool), terminated or truncated
    return returns


def _num_examples(env: gymnasium.Env[Any, Any]) -> int:
    count = getattr(env.unwrapped, "num_examples", None)
    if count is None:
        raise InvalidArgumentError(
            f"{env} has no finite number of examples to play once each: pass the number of "
            "episodes."
        )
    return int(count)


def episode_seeds(seed: int) -> Iterator[int]:
    """Yield seeds for episode after episode: independent streams, not neighbours of `seed`."""
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    while True:
        yield int(generator.integers(2**31))


def require_finite_rewards(rewards: Any) -> None:
    """Raise an `EnvironmentFaultError` where a reward is NaN, infinite or no number.

    A single one would spread through the targets into every weight.
    """
    try:
        finite = bool(np.all(np.isfinite(rewards)))
    except TypeError:
        rewards, finite = repr(rewards), False
    if not finite:
        raise EnvironmentFaultError(
            f"the environment paid a reward of {rewards}; rewards must be finite numbers: "
            "mend its reward, or wrap it to replace the value."
        )
