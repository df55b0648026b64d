"""DQN whose Q-function is a language model: the reward fine-tunes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ...registry.errors import InvalidArgumentError
from ..batches import batch_size, legal_actions
from ..callbacks import as_callback
from ..dqn import saving
from ..dqn.agent import DQN
from ..dqn.memories import Memory, make_priorities
from ..dqn.observations import batch_of_one
from ..dqn.out_of_memory import out_of_memory_means
from ..recordings import Recording
from .building import build_network
from .cached_reader import CachedReaders
from .config import LanguageModelConfig
from .explaining import next_token_table, values_along
from .learner import LanguageModelLearner
from .memory import TextMemory
from .offline import found_in, learn_offline
from .playing import TextPlayer
from .policy import Outlook, TextPolicy
from .q_network import LanguageModelQNetwork
from .texts import Texts

# Of one update, in bytes.
LARGEST_LOGITS = 2**28


class LanguageModelDQN(DQN):
    """DQN on a language model (Mnih et al. 2015; Snell et al. 2023; Jaques et al. 2017).

    The update: descend the Huber loss of Q(s, a) - (G + gamma^n V'(s')), where
    Q(s, a) = V(s) + tau log pi_LM(a | s) + A(s, a), and the target is that of `dqn`.

    Differences from `dqn`:
        1. Q-values begin as log-probabilities of a language model, so that what is tried is
           language from the first step on; random actions are drawn from it, too.
        2. It acts by log pi_LM + beta (Q - V), as Snell et al. (2023) do.
        3. Texts are remembered whole, with the hidden states of a frozen model, so that an update
           reads nothing again.

    Args:
        env: A token environment, single or vector, such as QA-v0.
        texts: How it writes; None asks the environment.
        network_seed: Of weights that begin with random numbers; None draws it from `seed`.
        **hyperparameters: Those of `LanguageModelConfig`.

    Attributes:
        texts: How the environment writes.
        policy: What chooses tokens.

    Raises:
        InvalidArgumentError: If the environment writes no tokens, the model can't be loaded or
            doesn't fit it, or a hyperparameter is refused.
        MissingDependencyError: If transformers, or another package that is asked for, is missing.
    """

    name = "lm-dqn"
    config_class = LanguageModelConfig
    q_network: LanguageModelQNetwork
    learner: LanguageModelLearner
    _config: LanguageModelConfig

    def __init__(
        self,
        env: Any,
        *,
        texts: Texts | None = None,
        network_seed: int | None = None,
        **hyperparameters: Any,
    ) -> None:
        self.texts = Texts.of(env) if texts is None else texts
        self._network_seed = network_seed
        super().__init__(env, **hyperparameters)
        config = self._config
        if config.memory == "transitions" and (config.train == "head" or self._candidates):
            raise InvalidArgumentError(
                "memory='transitions' keeps neither hidden states nor candidates: choose "
                "train='full' or 'lora' with candidates=None, or memory='sequences'."
            )
        self._require_room_for_logits()
        self.policy = TextPolicy(
            self.q_network,
            beta=config.beta,
            candidates=self._candidates,
            generator=self._behaviour.generator,
            precision=config.precision,
        )
        self._readers = CachedReaders(self.q_network)
        self._player = TextPlayer(self.policy)
        self._outlook: Outlook | None = None

    def _require_room_for_logits(self) -> None:
        """Refuse to judge all tokens where that would fill the memory."""
        if self._candidates:
            return
        config, vocabulary = self._config, len(self.texts.tokens)
        states = config.batch_size
        if self._remembers_sequences:
            states *= self.texts.new_tokens
        size = 4 * states * vocabulary
        if size > LARGEST_LOGITS:
            raise InvalidArgumentError(
                f"batch_size={config.batch_size} gives up to {states} states with {vocabulary} "
                f"logits each, {size >> 20} MiB where {LARGEST_LOGITS >> 20} are the most: judge "
                "the likeliest tokens alone with candidates=64, or lower batch_size."
            )

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each hyperparameter with its default."""
        return {field.name: field.default for field in dataclasses.fields(cls.config_class)}

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds, but for the state of the training."""
        own = {"texts": self.texts.to_json(), "network_seed": self._network_seed}
        return super().config | own

    @property
    def _candidates(self) -> int:
        return self._config.candidates_of(len(self.texts.tokens))

    def _build(self, q_network: Any, seed: int) -> nn.Module:  # noqa: ARG002, it is always ours
        if self._network_seed is None:
            self._network_seed = seed
        return build_network(self._config, self.texts, self._network_seed)

    def _make_learner(self) -> LanguageModelLearner:
        assert self._network_seed is not None
        return LanguageModelLearner(self.q_network, self._config, self._network_seed)

    @property
    def _remedy_of_updates(self) -> str:
        remedies = [super()._remedy_of_updates]
        remedies.append(
            f"lower candidates={self._candidates or None}, where None judges all tokens"
        )
        if self._config.train != "head":
            remedies.append(f"choose train='head' for train={self._config.train!r}")
        return ", or ".join(remedies)

    @property
    def _remembers_sequences(self) -> bool:
        return self._config.memory != "transitions"

    def _make_memory(self, *, masked: bool) -> Memory:
        # The candidates are found on the way, and tell as much as the masks, of which there may be
        # as many as states.
        return super()._make_memory(masked=masked and not self._candidates)

    def _make_demonstrations(self, *, masked: bool) -> Memory:
        memory = super()._make_demonstrations(masked=masked)
        if isinstance(memory, TextMemory):
            memory.distinct = True
            # The oracle goes on as well as can be: its whole returns are the values.
            memory.n_steps = self.texts.new_tokens
        return memory

    def _memory_of(self, capacity: int, *, masked: bool) -> Memory:
        if not self._remembers_sequences:
            return super()._memory_of(capacity, masked=masked)
        return self._text_memory(capacity, self._interaction.n_envs, masked)

    def _text_memory(self, capacity: int, n_envs: int, masked: bool) -> TextMemory:
        config = self._config
        return TextMemory(
            capacity,
            self._encoder.shape[0],
            self._n_actions if masked else 0,
            config.n_steps,
            config.gamma,
            n_envs,
            self._replay_generator,
            self.device,
            make_priorities(config, capacity, self._replay_generator),
            texts=self.texts,
            candidates=self._candidates,
            width=self.q_network.prior.width,
        )

    def _explore(self, epsilon: float) -> npt.NDArray[np.int64]:
        self._outlook = self._look()
        return self.policy.draw(self._outlook, epsilon)

    def _look(self) -> Outlook:
        """Return what is thought of the present states."""
        tokens = torch.from_numpy(self._observation).to(self.device)
        return self.policy.outlook(tokens, self._action_mask, self._readers)

    def _found(self, chosen: npt.NDArray[np.int64], memory: Memory) -> dict[str, npt.NDArray[Any]]:
        # What is shown is found out later: it needn't be read token by token.
        if not self._remembers_sequences or memory is self.demonstrations:
            return {}
        outlook = self._look() if self._outlook is None else self._outlook
        self._outlook = None
        return found_in(outlook, chosen, self.texts.eos)

    def _own_tensors(self) -> dict[str, Any]:
        # To read again would give the same numbers but for rounding.
        return self._readers.state()

    def _restore_own(self, tensors: dict[str, torch.Tensor]) -> None:
        self._readers.restore(tensors)

    def _demonstrate(self) -> None:
        super()._demonstrate()
        if isinstance(self.demonstrations, TextMemory):
            self._find_out(self.demonstrations)
        if self._config.pretrain_updates:
            self.pretrain(self._config.pretrain_updates)

    def _find_out(self, memory: TextMemory) -> None:
        memory.find_out(
            lambda states, legal, actions: found_in(
                self.policy.outlook(states, legal), actions, self.texts.eos
            )
        )

    def pretrain(self, updates: int) -> Self:
        """Learn to write what was shown, by the cross-entropy of softmax(Q / tau); return self.

        Raises:
            InvalidArgumentError: If nothing was shown: `demonstrations` is 0.
        """
        if self.demonstrations is None:
            raise InvalidArgumentError(
                "nothing was shown that could be imitated: make the agent with demonstrations, "
                "such as demonstrations=1000, and let it learn."
            )
        self.learner.imitate(self.demonstrations, updates)
        self._forget()
        return self

    def learn_offline(
        self, recording: str | Path | Recording, updates: int, callback: Any = None
    ) -> Self:
        """Learn from recorded episodes alone; no environment is stepped.

        The target network follows every `target_update_interval` updates here. With `expectile`
        and `conservative_weight` nothing is valued that was never seen (Snell et al. 2023, ILQL).

        Args:
            recording: What `lexigym record` wrote, or its path; of an environment with the same
                spaces.
            updates: Updates of the network; at least 1.
            callback: As in `learn`; called after every update.

        Raises:
            InvalidArgumentError: If the spaces are others, or `updates` is below 1.
            MissingDependencyError: If minari, which reads recordings, isn't installed.
            OutOfMemoryError: If an update needs more than there is.
            RecordingError: If it is damaged.
        """
        with out_of_memory_means("an update", self._remedy_of_updates):
            learn_offline(self, recording, updates, as_callback(callback))
        return self

    def _train(self) -> None:
        super()._train()
        self._forget()

    def _forget(self) -> None:
        """Forget what was read and planned with other weights."""
        self._player.forget()
        self._readers.forget()

    def q_values(self, observation: Any) -> npt.NDArray[np.float32]:
        """Return Q(s, a) of one observation, `(V,) float32`, or of a batch, `(n, V)`.

        With candidates they are those of all tokens that the model judges when all are candidates.
        """
        values: npt.NDArray[np.float32] = super().q_values(observation)
        return values

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,  # noqa: ARG002 - the protocol has it for recurrent agents.
        deterministic: bool = False,
        action_masks: Any = None,
        beams: int | None = None,
    ) -> tuple[Any, Any]:
        """Choose the best tokens, or draw them as in learning; see `Agent.predict`.

        Args:
            observation: `(P + T,)` or `(n, P + T)`.
            state: Passed through.
            episode_start: Not used.
            deterministic: Whether to take the best.
            action_masks: The legal tokens; the text is finished among these where beams look ahead.
            beams: Texts kept while the best is looked for; the hyperparameter if left out.

        Raises:
            InvalidArgumentError: If the observation is of another shape, or the masks are, or they
                leave no legal action.
        """
        count = batch_size(observation, self._spaces.observation_space)
        observations = observation if count is not None else batch_of_one(observation)
        size = 1 if count is None else count
        legal = None
        if action_masks is not None:
            legal = legal_actions(action_masks, size, self._n_actions)
        encoded = torch.from_numpy(self._encoder.encode(observations)).to(self.device)
        actions = self._player.act(
            encoded,
            legal,
            deterministic=deterministic,
            epsilon=self.exploration_rate,
            beams=self._config.beams if beams is None else beams,
        )
        return (actions if count is not None else int(actions[0])), state

    def explain(self, observation: Any, action_masks: Any = None) -> str:
        """Return the likeliest next tokens, as the model saw them before it learned and sees now.

        Args:
            observation: `(P + T,)`, one text.
            action_masks: `(V,)`, the legal tokens; None for all.
        """
        tokens = torch.from_numpy(self._encoder.encode(batch_of_one(observation))).to(self.device)
        legal = None if action_masks is None else legal_actions(action_masks, 1, self._n_actions)
        return next_token_table(self.texts, self.policy.outlook(tokens, legal))

    def explain_text(self, observation: Any, action_masks: Any = None) -> str:
        """Return a plot of Q along the text of one observation, as lines."""
        tokens = torch.from_numpy(self._encoder.encode(batch_of_one(observation))).to(self.device)
        legal = None
        if action_masks is not None:
            legal = torch.from_numpy(np.array(action_masks, bool)).to(self.device)
        return values_along(self.policy, tokens[0], legal)

    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Self:  # type: ignore[override]
        """Read a checkpoint; see `DQN.load`.

        The language model as it was is loaded by its name again.
        """

        def make(
            env: Any,
            config: dict[str, Any],
            hyperparameters: dict[str, Any],
            weights: Mapping[str, torch.Tensor],  # noqa: ARG001 - the model's name tells its size.
        ) -> Any:
            texts = Texts.from_json(config["texts"])
            texts.require_written_by(env, path)
            return cls(env, texts=texts, network_seed=config["network_seed"], **hyperparameters)

        agent: Self = saving.load(cls, path, env, make)
        return agent
