"""The hyperparameters of DQN, each with the source of its default."""

from __future__ import annotations

import dataclasses
import math
import os
from dataclasses import dataclass
from typing import Any, Literal

from ...registry.errors import InvalidArgumentError, did_you_mean

MEMORIES = ("auto", "transitions", "sequences")


@dataclass(frozen=True, kw_only=True)
class DQNConfig:
    """Hyperparameters of the hand-written DQN, named as Stable-Baselines3 names them.

    Args:
        learning_rate: Adam's step size; 1e-3 is Adam's own default (Kingma and Ba 2015).
        learning_rate_decay: The step size falls linearly to 0 over the training, so that the final
            policy is not the last of many swings.
        buffer_size: Transitions that the replay memory holds; tokens where it holds sequences.
        learning_starts: Transitions collected, with uniformly random actions, before the first
            update.
        batch_size: Transitions of one update.
        gamma: The discount factor, in [0, 1] (Mnih et al. 2015: 0.99).
        train_freq: Calls of `env.step` between updates (Mnih et al. 2015: 4); a vector environment
            steps all its environments in one call.
        gradient_steps: Updates each time; -1 makes as many as transitions came in since.
        target_update_interval: Environment steps between updates of the target network.
        tau: How far the target network moves each time, in (0, 1]; 1 copies the online network
            (Mnih et al. 2015), less averages it (Lillicrap et al. 2016).
        exploration_fraction: The part of the training over which epsilon falls, in [0, 1].
        exploration_initial_eps: Epsilon at the start.
        exploration_final_eps: Epsilon from then on (Mnih et al. 2015: 0.1).
        exploration_temperature: While learning, actions that epsilon leaves are drawn from
            softmax(Q / temperature) (Sutton and Barto 2018, section 2.8), so that actions of nearly
            equal value are all tried; 0 takes the best.
        max_grad_norm: Gradients are scaled down to this Euclidean norm (Wang et al. 2016: 10);
            infinity switches it off.
        huber_threshold: Errors beyond it count linearly, not squared (Mnih et al. 2015: 1). Rewards
            that are rare and large then count as outliers, and values lean towards the median,
            which is 0: give the size of such a reward, after scaling, or infinity.
        conservative_weight: The weight of the conservative term, which lowers the values of actions
            that the memory doesn't hold, for learning from fixed data; 0 leaves it out (Kumar et
            al. 2020, CQL).
        net_arch: Widths of the hidden layers of the multilayer perceptron; images get the
            convolutions in front of it.
        transformer_width: Size of embeddings and hidden layers of the causal transformer that token
            observations get instead of a perceptron; a multiple of `transformer_heads`.
        transformer_depth: Its blocks.
        transformer_heads: Its attention heads.
        memory: "transitions", "sequences" (whole episodes, each valued in one pass of a causal
            network: for token observations; `batch_size` counts episodes then), or "auto":
            sequences where observations are tokens.
        demonstrations: Episodes that the environment's oracle plays before the first step; they
            don't count as steps, and are never forgotten (Hester et al. 2018). An environment draws
            its examples with replacement: it takes five times as many to be shown nearly all, of
            which a language model keeps each text once.
        demonstration_share: The share of each batch that is drawn from them, in [0, 1].
        double: The online network chooses the action that the target network values (van Hasselt
            et al. 2016).
        dueling: A value stream and an advantage stream (Wang et al. 2016).
        prioritized: Replay in proportion to the error, with importance weights (Schaul et al.
            2016).
        prioritized_alpha: The exponent of the priorities; 0 is uniform (Schaul et al. 2016: 0.6).
        prioritized_beta: The exponent of the importance weights at the start; it rises to 1 at the
            end of the training (Schaul et al. 2016: 0.4).
        n_steps: Rewards summed before the bootstrap (Sutton and Barto 2018, chapter 7).
        munchausen: Soft targets with the scaled log-policy added to the reward (Vieillard et al.
            2020); it takes the place of `double`.
        munchausen_alpha: The weight of the log-policy (Vieillard et al. 2020: 0.9).
        munchausen_temperature: The temperature of the soft policy (Vieillard et al. 2020: 0.03).
        munchausen_clip: The lower bound of the log-policy term (Vieillard et al. 2020: -1).
        reward_scale: Rewards are multiplied by this before learning; "auto" takes it from the
            reward bounds that the environment declares. Returns are always reported unscaled.
        closed_form: Write the gradient of a multilayer perceptron out by hand instead of recording
            it with autograd: the same numbers from fewer calls. Other networks use autograd.
        tensorboard_log: Folder for TensorBoard event files; None writes none.
        device: "auto" takes CUDA where there is one; else any torch device string.
        seed: The root of all random streams of the agent and of the environment's first reset;
            None draws one from the operating system.

    Raises:
        InvalidArgumentError: For a value outside the ranges above.
    """

    learning_rate: float = 1e-3
    learning_rate_decay: bool = True
    buffer_size: int = 100_000
    learning_starts: int = 1_000
    batch_size: int = 64
    gamma: float = 0.99
    train_freq: int = 1
    gradient_steps: int = 1
    target_update_interval: int = 500
    tau: float = 1.0
    exploration_fraction: float = 0.3
    exploration_initial_eps: float = 1.0
    exploration_final_eps: float = 0.05
    exploration_temperature: float = 0.0
    max_grad_norm: float = 10.0
    huber_threshold: float = 1.0
    conservative_weight: float = 0.0
    net_arch: tuple[int, ...] = (128, 128)
    transformer_width: int = 64
    transformer_depth: int = 2
    transformer_heads: int = 4
    memory: Literal["auto", "transitions", "sequences"] = "auto"
    demonstrations: int = 0
    demonstration_share: float = 0.25
    double: bool = False
    dueling: bool = False
    prioritized: bool = False
    prioritized_alpha: float = 0.6
    prioritized_beta: float = 0.4
    n_steps: int = 1
    munchausen: bool = True
    munchausen_alpha: float = 0.9
    munchausen_temperature: float = 0.03
    munchausen_clip: float = -1.0
    reward_scale: float | Literal["auto"] = "auto"
    closed_form: bool = True
    tensorboard_log: str | None = None
    device: str = "auto"
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "net_arch", _widths(self.net_arch))
        for name, lowest in _INTEGER_MINIMA:
            require_integer(name, getattr(self, name), lowest)
        for name, low, high in _REAL_RANGES:
            require_real(name, getattr(self, name), low, high)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type == "bool" and not isinstance(value, bool):
                raise InvalidArgumentError(f"{field.name} must be true or false, got {value!r}.")
        if self.huber_threshold == 0:
            raise InvalidArgumentError(
                "huber_threshold must be above 0, got 0: nothing would count."
            )
        if self.tau == 0:
            raise InvalidArgumentError("tau must be above 0, got 0: the target would never move.")
        if self.tensorboard_log is not None:
            if not isinstance(self.tensorboard_log, (str, os.PathLike)):
                raise InvalidArgumentError(
                    f"tensorboard_log must be a folder or None, got {self.tensorboard_log!r}."
                )
            object.__setattr__(self, "tensorboard_log", os.fspath(self.tensorboard_log))
        object.__setattr__(self, "device", str(self.device))
        if self.gradient_steps == 0:
            raise InvalidArgumentError("gradient_steps must be at least 1, or -1, got 0.")
        if self.dueling and not self.net_arch:
            raise InvalidArgumentError(
                "dueling needs a hidden layer for its streams, got net_arch=[]; name a width."
            )
        if self.transformer_width % self.transformer_heads:
            raise InvalidArgumentError(
                f"transformer_width must be a multiple of transformer_heads="
                f"{self.transformer_heads}, got {self.transformer_width}."
            )
        if self.memory not in MEMORIES:
            raise InvalidArgumentError(
                f"memory={self.memory!r} is unknown; {did_you_mean(str(self.memory), MEMORIES)}"
            )
        if self.learning_starts > self.buffer_size:
            raise InvalidArgumentError(
                f"learning_starts={self.learning_starts} transitions never fit into "
                f"buffer_size={self.buffer_size}; lower the one or raise the other."
            )
        if self.reward_scale != "auto":
            require_real("reward_scale", self.reward_scale, 0.0, math.inf)
            if self.reward_scale == 0:
                raise InvalidArgumentError("reward_scale must be above 0, or 'auto', got 0.")
        if self.seed is not None:
            require_integer("seed", self.seed, 0)

    def to_json(self) -> dict[str, Any]:
        """Return the hyperparameters as plain JSON values; infinity is written as text."""
        values = dataclasses.asdict(self)
        values["net_arch"] = list(self.net_arch)
        infinite = {
            name: str(value)
            for name, value in values.items()
            if isinstance(value, float) and math.isinf(value)
        }
        return values | infinite

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DQNConfig:
        """Return what `to_json` wrote."""
        infinite = {
            field.name: float(values[field.name])
            for field in dataclasses.fields(cls)
            if field.type == "float" and isinstance(values[field.name], str)
        }
        return cls(**values | infinite)


_INTEGER_MINIMA: tuple[tuple[str, int], ...] = (
    ("buffer_size", 1),
    ("learning_starts", 0),
    ("batch_size", 1),
    ("train_freq", 1),
    ("gradient_steps", -1),
    ("target_update_interval", 1),
    ("n_steps", 1),
    ("demonstrations", 0),
    ("transformer_width", 1),
    ("transformer_depth", 0),
    ("transformer_heads", 1),
)
_REAL_RANGES: tuple[tuple[str, float, float], ...] = (
    ("learning_rate", 0.0, 1.0),
    ("gamma", 0.0, 1.0),
    ("tau", 0.0, 1.0),
    ("demonstration_share", 0.0, 1.0),
    ("exploration_fraction", 0.0, 1.0),
    ("exploration_initial_eps", 0.0, 1.0),
    ("exploration_final_eps", 0.0, 1.0),
    ("exploration_temperature", 0.0, math.inf),
    ("max_grad_norm", 0.0, math.inf),
    ("huber_threshold", 0.0, math.inf),
    ("conservative_weight", 0.0, math.inf),
    ("prioritized_alpha", 0.0, 1.0),
    ("prioritized_beta", 0.0, 1.0),
    ("munchausen_alpha", 0.0, 1.0),
    ("munchausen_temperature", 1e-6, math.inf),
    ("munchausen_clip", -math.inf, 0.0),
)


def _widths(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(width, int) and width > 0 for width in value
    ):
        raise InvalidArgumentError(
            f"net_arch must be the widths of the hidden layers, such as [128, 128], got {value!r}."
        )
    return tuple(value)


def require_integer(name: str, value: Any, lowest: int) -> None:
    """Raise an `InvalidArgumentError` unless it is an integer from `lowest` on."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgumentError(f"{name} must be an integer, got {value!r}.")
    if value < lowest:
        raise InvalidArgumentError(f"{name} must be at least {lowest}, got {value}.")


def require_real(name: str, value: Any, low: float, high: float) -> None:
    """Raise an `InvalidArgumentError` unless it is a number in [low, high]."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidArgumentError(f"{name} must be a number, got {value!r}.")
    if not low <= value <= high:
        raise InvalidArgumentError(f"{name} must be in [{low}, {high}], got {value}.")
