"""A price for straying from a reference policy, such as a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import error, spaces
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper

from ...registry.errors import InvalidArgumentError
from ..arguments import number
from ..vector_arguments import check_autoreset_mode
from .token_spaces import require_vocabulary_size

# A token of probability 2e-9: less likely ones, illegal ones among them, pay as much.
FLOOR = -20.0
# How far probabilities may sum beyond 1 by the rounding of float32.
ROUNDING = 1e-3

Floats = npt.NDArray[np.float64]


@runtime_checkable
class Reference(Protocol):
    """A policy that is known by what it would write next."""

    def log_probabilities(self, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.floating[Any]]:
        """Return log pi(a | s) of every action: `(L,)` to `(V,)`, and `(n, L)` to `(n, V)`.

        Args:
            tokens: Token observations, prompt and text.
        """
        ...


class KLPenalty(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """The reward less `coefficient` times an estimate of KL(pi || pi_ref) from the action taken.

    Over an episode the estimates sum, in expectation under pi, to the Kullback-Leibler divergence
    of its texts from the reference's. What stands for log pi(a | s) is the agent's to tell:

    - Nothing told: penalty = coefficient * -log pi_ref(a | s), the cross-entropy form. For a
      deterministic policy, whose log pi(a | s) is 0, it is the divergence itself. It is a function
      of state and action alone, so that it is right in a replay memory, whoever acted: use it for
      agents that learn values off-policy. A soft or Munchausen one whose temperature is
      `coefficient` adds the policy's entropy itself, and learns just what the full form asks for;
      a hard one learns the best single text, likely under the reference.
    - `policy`, or `set_log_probability` before a step: penalty = coefficient *
      (log pi(a | s) - log pi_ref(a | s)), for agents that learn on-policy, such as PPO. In a replay
      memory it would be out of date as soon as the policy changes. An agent is made after its
      environment: a function may look it up when it is called.

    The estimate can be negative in the second form, its expectation can't. An illegal action has
    log pi_ref = -inf and pays as one of log-probability `floor`, so that rewards stay finite.

    `info["task_reward"]` holds the reward as it was, `info["kl_penalty"]` what was subtracted, both
    `float64`, 0 at reset.

    Source: the reward of Ziegler et al. 2019, equation 2; Schulman et al. 2017, "Equivalence
    between policy gradients and soft Q-learning", for the equivalence.

    Args:
        env: An environment with Discrete actions from 0 to V - 1.
        reference: A `Reference`, for token observations, by themselves or as the `tokens` of a
            Dict; or a function of any observation that returns log pi_ref(a | s) of every action,
            `(V,)`.
        coefficient: At least 0; the attribute may be changed between steps.
        policy: What acts, in either of these forms; None if nothing tells.
        floor: Below 0; log-probabilities under it count as it.

    Attributes:
        coefficient: As given.
        reward_bounds: The smallest and the largest reward of one step, where the environment
            declares its own.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range, or, at a step, if what
            is returned for log-probabilities can't be such.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        reference: Reference | Callable[[Any], npt.ArrayLike],
        coefficient: float,
        *,
        policy: Reference | Callable[[Any], npt.ArrayLike] | None = None,
        floor: float = FLOOR,
    ) -> None:
        RecordConstructorArgs.__init__(
            self,
            _disable_deepcopy=True,
            reference=reference,
            coefficient=coefficient,
            policy=policy,
            floor=floor,
        )
        super().__init__(env)
        self.coefficient = _coefficient(coefficient)
        self._ratio = _LogRatio.of(
            reference, policy, floor, env.observation_space, env.action_space, ()
        )
        self._observation: Any = None
        self._told: Floats | None = None

    @property
    def reward_bounds(self) -> tuple[float, float]:
        """The smallest and the largest reward of one step."""
        return self._ratio.bounds(self.env.get_wrapper_attr("reward_bounds"), self.coefficient)

    def set_log_probability(self, log_probability: float) -> None:
        """Tell log pi(a | s) of the next step's action; it holds for that step alone.

        Raises:
            InvalidArgumentError: If it is above 0 or not a number.
        """
        self._told = self._ratio.check_told(log_probability)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset; the info says that nothing was paid."""
        self._observation, info = self.env.reset(seed=seed, options=options)
        self._told = None
        return self._observation, {
            **info,
            "kl_penalty": np.float64(0),
            "task_reward": np.float64(0),
        }

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step, and subtract the penalty.

        Raises:
            InvalidArgumentError: If what is returned for log-probabilities can't be such.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        if self._observation is None:
            raise error.ResetNeeded("there is no episode yet; call reset() before step().")
        # Asked before the step, which may write over the observation.
        asked = self._ratio.ask(self._observation, self._told)
        self._told = None
        self._observation, reward, terminated, truncated, info = self.env.step(action)
        penalty = self.coefficient * self._ratio.at(asked, np.asarray(action))
        info = {**info, "kl_penalty": np.float64(penalty), "task_reward": np.float64(reward)}
        return self._observation, float(reward) - float(penalty), terminated, truncated, info


class KLPenaltyVector(VectorWrapper):
    """`KLPenalty` of a vector environment, which it equals bit for bit in all autoreset modes.

    The steps that only reset, in NEXT_STEP mode, pay no penalty. In SAME_STEP mode the last info
    of an episode, `infos["final_info"]`, holds that of its last step.

    Args:
        env: A vector environment with Discrete actions from 0 to V - 1.
        reference: See `KLPenalty`; it is asked once for all observations, as the vector environment
            batches them, and returns `(n, V)`.
        coefficient: At least 0; the attribute may be changed between steps.
        policy: What acts, asked in the same way; None if nothing tells.
        floor: Below 0; log-probabilities under it count as it.

    Attributes:
        coefficient: As given.
        reward_bounds: The smallest and the largest reward of one step, where the environment
            declares its own.

    Raises:
        InvalidArgumentError: If an argument is outside its documented range, or, at a step, if what
            is returned for log-probabilities can't be such.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        reference: Reference | Callable[[Any], npt.ArrayLike],
        coefficient: float,
        *,
        policy: Reference | Callable[[Any], npt.ArrayLike] | None = None,
        floor: float = FLOOR,
    ) -> None:
        super().__init__(env)
        self.coefficient = _coefficient(coefficient)
        self._mode = check_autoreset_mode(
            env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        )
        space, actions = env.single_observation_space, env.single_action_space
        self._ratio = _LogRatio.of(reference, policy, floor, space, actions, (self.num_envs,))
        self._observations: Any = None
        self._told: Floats | None = None
        self._over = np.zeros(self.num_envs, bool)

    @property
    def reward_bounds(self) -> tuple[float, float]:
        """The smallest and the largest reward of one step."""
        return self._ratio.bounds(self.env.reward_bounds, self.coefficient)  # type: ignore[attr-defined]

    def set_log_probability(self, log_probabilities: npt.ArrayLike) -> None:
        """Tell log pi(a | s) of the next step's actions, `(n,)`; they hold for that step alone.

        Raises:
            InvalidArgumentError: If one is above 0 or not a number, or there aren't n.
        """
        self._told = self._ratio.check_told(log_probabilities)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Reset; the infos of what was reset say that nothing was paid."""
        # Read before the reset: Gymnasium's own vectors take the mask out of the options.
        asked = (options or {}).get("reset_mask")
        self._observations, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        begun = np.ones(self.num_envs, bool) if asked is None else asked.copy()
        self._over[begun] = False
        self._told = None
        nothing = np.zeros(self.num_envs)
        return self._observations, infos | _columns(nothing, nothing.copy(), begun)

    def step(self, actions: Any) -> tuple[Any, Floats, Any, Any, dict[str, Any]]:
        """Step, and subtract the penalties.

        Raises:
            InvalidArgumentError: If what is returned for log-probabilities can't be such.
            gymnasium.error.ResetNeeded: Before the first reset.
        """
        if self._observations is None:
            raise error.ResetNeeded("there are no episodes yet; call reset() before step().")
        asked = self._ratio.ask(self._observations, self._told)
        self._told = None
        self._observations, rewards, terminated, truncated, infos = self.env.step(actions)
        penalties = self.coefficient * self._ratio.at(asked, np.asarray(actions))
        if self._mode is AutoresetMode.NEXT_STEP:
            penalties[self._over] = 0.0
        self._over = terminated | truncated
        paid = np.array(rewards, np.float64)
        infos = dict(infos)
        everywhere = np.ones(self.num_envs, bool)
        if self._mode is AutoresetMode.SAME_STEP and self._over.any():
            over = self._over.copy()
            last = _columns(np.where(over, penalties, 0.0), np.where(over, paid, 0.0), over)
            infos["final_info"] = infos.get("final_info", {}) | last
            infos |= _columns(np.where(over, 0.0, penalties), np.where(over, 0.0, paid), everywhere)
        else:
            infos |= _columns(penalties, paid, everywhere)
        return self._observations, paid - penalties, terminated, truncated, infos


def _columns(
    penalties: Floats, rewards: Floats, given: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[Any]]:
    """Return the infos of the environments `given`, as Gymnasium batches them."""
    return {
        "kl_penalty": penalties,
        "_kl_penalty": given,
        "task_reward": rewards,
        "_task_reward": given.copy(),
    }


def _coefficient(coefficient: Any) -> float:
    return number("coefficient", coefficient, "of at least 0", lambda value: value >= 0)


@dataclass(frozen=True)
class _Source:
    """Whatever tells log-probabilities, and what it is told in turn: tokens, or observations."""

    name: str
    source: Any
    takes_tokens: bool
    shape: tuple[int, ...]

    @classmethod
    def of(
        cls, name: str, source: Any, space: gymnasium.Space[Any], shape: tuple[int, ...]
    ) -> _Source:
        takes_tokens = hasattr(source, "log_probabilities")
        if takes_tokens:
            inner = (
                space["tokens"] if isinstance(space, spaces.Dict) and "tokens" in space else space
            )
            require_vocabulary_size(f"a {name} with log_probabilities(tokens)", inner)
        elif not callable(source):
            raise InvalidArgumentError(
                f"{name} must have log_probabilities(tokens), or be a function of the observation, "
                f"got {source!r}."
            )
        return cls(name, source, takes_tokens, shape)

    def ask(self, observation: Any) -> Floats:
        """Return the log-probabilities of every action, of `shape`."""
        if self.takes_tokens:
            tokens = observation["tokens"] if isinstance(observation, dict) else observation
            answer = self.source.log_probabilities(tokens)
        else:
            answer = self.source(observation)
        values = np.asarray(answer, np.float64)
        if values.shape != self.shape:
            raise InvalidArgumentError(
                f"{self.name} must return log-probabilities of shape {self.shape}, got "
                f"{values.shape}: one for each action of each observation."
            )
        sums = np.exp(values).sum(axis=-1)
        if not (sums <= 1 + ROUNDING).all():
            raise InvalidArgumentError(
                f"{self.name} must return log-probabilities, but their exponentials sum to "
                f"{np.max(sums):.6g}: apply log_softmax to logits."
            )
        return values


@dataclass(frozen=True)
class _LogRatio:
    """log pi(a | s) - log pi_ref(a | s), for one observation or a batch."""

    reference: _Source
    policy: _Source | None
    floor: float
    leading: tuple[int, ...]

    @classmethod
    def of(
        cls,
        reference: Any,
        policy: Any,
        floor: Any,
        space: gymnasium.Space[Any],
        actions: gymnasium.Space[Any],
        leading: tuple[int, ...],
    ) -> _LogRatio:
        if not isinstance(actions, spaces.Discrete) or actions.start != 0:
            raise InvalidArgumentError(
                f"a KL penalty needs Discrete actions from 0, got {actions}: wrap the environment."
            )
        floor = number("floor", floor, "below 0", lambda value: value < 0)
        shape = (*leading, int(actions.n))
        acts = None if policy is None else _Source.of("policy", policy, space, shape)
        return cls(_Source.of("reference", reference, space, shape), acts, floor, leading)

    def ask(self, observation: Any, told: Floats | None) -> Floats:
        """Return the log-ratio of every action, `(..., V)`; what is told holds for all of them."""
        reference = np.maximum(self.reference.ask(observation), self.floor)
        if told is not None:
            return told[..., None] - reference
        if self.policy is None:
            return -reference
        return np.maximum(self.policy.ask(observation), self.floor) - reference

    def at(self, asked: Floats, actions: npt.NDArray[Any]) -> Floats:
        """Return those of the actions taken, `(...)`."""
        taken: Floats = np.take_along_axis(asked, actions[..., None], axis=-1)[..., 0]
        return taken

    def check_told(self, log_probability: Any) -> Floats:
        """Return log-probabilities that an agent tells, not below the floor."""
        told = np.asarray(log_probability, np.float64)
        if told.shape != self.leading or not (told <= ROUNDING).all():
            raise InvalidArgumentError(
                f"set_log_probability takes {self.leading or 'one'} of at most 0, got "
                f"{log_probability!r}: pass log pi(a | s) of the action taken."
            )
        return np.maximum(told, self.floor)

    def bounds(self, bounds: tuple[float, float], coefficient: float) -> tuple[float, float]:
        """Return the bounds of the reward less the penalty."""
        # Told log-probabilities, and a policy's, may make the estimate negative.
        low, high = bounds
        return low + coefficient * self.floor, high - coefficient * self.floor
