"""The hyperparameters of DQN on a language model, each with the source of its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...registry.errors import InvalidArgumentError, did_you_mean
from ..dqn.config import DQNConfig, require_integer, require_real

TRAINED = ("full", "head", "lora")
PRECISIONS = ("float32", "bfloat16", "float16")

# Vocabularies up to this size are judged whole.
SMALL_VOCABULARY = 8_192
CANDIDATES = 64


@dataclass(frozen=True, kw_only=True)
class LanguageModelConfig(DQNConfig):
    """Hyperparameters of DQN on a language model: those of DQN, and these.

    Args:
        model: A name of `lexigym models`, a folder or a hub name of a causal language model of
            transformers; or settings of its configurations, `model_type` among them, for a small
            one with random weights.
        train: "full" trains all of it; "lora" low-rank corrections of it (Hu et al. 2022); "head"
            the value and advantage heads alone, on hidden states that the memory keeps. The model
            as it was gives pi_LM in all three.
        lora_rank: The rank of the corrections.
        dropout: Of what the model's blocks and embeddings give while an update reads, so that
            prompts are not learned by heart (Srivastava et al. 2014); it acts without.
        prior_temperature: tau in Q = V + tau log pi_LM + A: what a log-probability is worth, in
            scaled rewards.
        beta: By how much values change the prior when acting: log pi_LM + beta (Q - V) (Snell et
            al. 2023, ILQL).
        beams: Texts that are kept while a greedy one is looked for; 1 looks one token ahead.
        candidates: How many of the prior's best tokens are judged at each step, `<eos>` always
            among them; None judges all, "auto" does so up to a vocabulary of 8192, and 64 beyond.
        pretrain_updates: Supervised updates on the demonstrations before the first step.
        pretrain_learning_rate: Adam's step size meanwhile; None takes `learning_rate`. What is
            learned by reward afterwards may need a smaller one, so that nothing is forgotten.
        imitation_weight: The weight of the cross-entropy of what was shown, in the place of the
            margin of Hester et al. (2018).
        expectile: V is this expectile of Q over what the memory holds, and the bootstrap, so that
            no action is valued that was never seen: for fixed data (Kostrikov et al. 2022, IQL).
            None takes the maximum, hard or soft.
        precision: What the language model computes in, by autocast.

    Raises:
        InvalidArgumentError: For a value outside the ranges above.
    """

    model: str | Mapping[str, Any] = "shipped"
    train: Literal["full", "head", "lora"] = "full"
    lora_rank: int = 8
    dropout: float = 0.0
    prior_temperature: float = 1.0
    beta: float = 1.0
    beams: int = 1
    candidates: int | Literal["auto"] | None = "auto"
    pretrain_updates: int = 0
    pretrain_learning_rate: float | None = None
    imitation_weight: float = 0.0
    expectile: float | None = None
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    learning_rate: float = 3e-4
    learning_starts: int = 500
    batch_size: int = 32
    gamma: float = 1.0
    exploration_fraction: float = 0.0
    exploration_initial_eps: float = 0.05
    exploration_final_eps: float = 0.05
    huber_threshold: float = 10.0
    reward_scale: float | Literal["auto"] = 10.0
    prioritized: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value, known in (
            ("train", self.train, TRAINED),
            ("precision", self.precision, PRECISIONS),
        ):
            if value not in known:
                raise InvalidArgumentError(
                    f"{name}={value!r} is unknown; {did_you_mean(str(value), known)}"
                )
        for name, lowest in (("lora_rank", 1), ("beams", 1), ("pretrain_updates", 0)):
            require_integer(name, getattr(self, name), lowest)
        for name in ("prior_temperature", "beta", "imitation_weight"):
            require_real(name, getattr(self, name), 0.0, float("inf"))
        if self.prior_temperature == 0:
            raise InvalidArgumentError(
                "prior_temperature must be above 0, got 0: the language model would not count."
            )
        if self.pretrain_learning_rate is not None:
            require_real("pretrain_learning_rate", self.pretrain_learning_rate, 0.0, float("inf"))
        require_real("dropout", self.dropout, 0.0, 0.95)
        if self.dropout and self.train == "head":
            raise InvalidArgumentError(
                f"dropout={self.dropout} needs a language model that learns: choose train='full' "
                "or 'lora', or leave it at 0."
            )
        if self.expectile is not None:
            require_real("expectile", self.expectile, 0.0, 1.0)
        if self.candidates not in (None, "auto"):
            require_integer("candidates", self.candidates, 2)
        if not isinstance(self.model, (str, Mapping)):
            raise InvalidArgumentError(
                f"model must be a name, a folder or settings of a configuration, got "
                f"{self.model!r}."
            )
        if (self.pretrain_updates or self.imitation_weight) and not self.demonstrations:
            raise InvalidArgumentError(
                "pretrain_updates and imitation_weight learn from demonstrations, of which there "
                "are none: say how many, such as demonstrations=1000."
            )

    def candidates_of(self, vocabulary_size: int) -> int:
        """Return k, 0 where all tokens are judged."""
        if self.candidates == "auto":
            return 0 if vocabulary_size <= SMALL_VOCABULARY else CANDIDATES
        return min(self.candidates or 0, vocabulary_size)
