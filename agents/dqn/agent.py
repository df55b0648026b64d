"""DQN: the agent that plays, remembers and learns."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from torch import nn

from ...registry.errors import CheckpointError, InvalidArgumentError, shortened
from ..allocations import AllocatingAtMost
from ..batches import batch_size, legal_actions
from ..callbacks import Callback, CallbackList, as_callback
from ..progress import ProgressBar
from ..reward_scale import resolve_reward_scale
from ..spaces import Spaces, environment_spec_json
from . import saving, schedule
from .behaviour import Behaviour
from .config import DQNConfig
from .demonstrations import DemonstratedMemory, oracle_actions
from .device import resolve_device
from .episodes import EpisodeLog, TensorBoardLog
from .interaction import Step, interaction_with
from .learner import Learner
from .memories import Memory, make_memory
from .n_step import NStepWindow
from .networks import build_q_network
from .observations import ObservationEncoder, batch_of_one
from .out_of_memory import out_of_memory_means
from .sequences import SequenceMemory
from .transformer import TransformerQNetwork, build_transformer

QNetworkBuilder = Callable[[gymnasium.Space[Any], int], nn.Module]


class DQN:
    """Deep Q-learning (Mnih et al. 2015) with its best-known improvements as switches.

    The update: descend the Huber loss of Q(s, a) - (G + gamma^n V'(s')), where V' is the maximum of
    the target network, its value of the online network's choice (`double`), or by default the soft
    maximum, with the log-policy of the action added to G (`munchausen`).

    Differences from the paper:
        1. Adam, not RMSProp; gradients are clipped by their norm, as Wang et al. (2016) do.
        2. The target network follows environment steps, not updates; it may follow smoothly (tau).
        3. Time limits bootstrap from the last observation; only true ends don't (Pardo et al.
           2018).
        4. Illegal actions are left out of the behaviour, the greedy policy and the maximum.
        5. Rewards are scaled by what the environment declares, not clipped to their sign.
        6. Munchausen targets, and a learning rate that falls to 0, are on by default.

    Args:
        env: A Gymnasium environment or vector environment with Discrete actions. `Spaces` alone
            make an agent that can only predict.
        q_network: A torch module from `(B, *shape)` observations to `(B, A)` values, or a function
            of the observation space and A that makes one; None builds a perceptron, behind
            convolutions for images, or a causal transformer where observations are tokens.
        **hyperparameters: Those of `DQNConfig`.

    Attributes:
        q_network: The torch module that learns.
        num_timesteps: Environment steps so far, over all environments.
        learner: What updates the network.
        memory: The replay memory.
        demonstrations: What the oracle showed, where demonstrations are asked for.
        episodes: The returns of the last episodes.
        reward_scale: What rewards are multiplied by before learning.

    Raises:
        InvalidArgumentError: If the agent can't use the spaces, or a hyperparameter is refused.
    """

    name = "dqn"
    config_class = DQNConfig

    def __init__(
        self,
        env: Any,
        *,
        q_network: nn.Module | QNetworkBuilder | None = None,
        **hyperparameters: Any,
    ) -> None:
        self._config = self.config_class(**hyperparameters)
        self._spaces = Spaces.of(env)
        self._environment = environment_spec_json(env)
        action_space = self._spaces.action_space
        if not isinstance(action_space, spaces.Discrete):
            raise InvalidArgumentError(
                f"dqn chooses among Discrete actions, got the action space {action_space}: "
                "wrap the environment, or choose another agent, such as independent for several "
                "players and sb3/ppo for continuous actions."
            )
        self._n_actions = int(action_space.n)
        self._encoder = ObservationEncoder(self._spaces.observation_space)
        self.device = resolve_device(self._config.device)

        root = np.random.SeedSequence(self._config.seed)
        behaviour, replay, network = root.spawn(3)
        self._behaviour = Behaviour(
            np.random.default_rng(behaviour), self._n_actions, int(action_space.start)
        )
        self._replay_generator = np.random.default_rng(replay)
        self._environment_seed = int(root.generate_state(1)[0])
        self._network_name = None if q_network is None else type(q_network).__qualname__
        self.q_network = self._build(q_network, int(network.generate_state(1)[0])).to(self.device)

        if self._config.memory == "sequences" and not self._remembers_sequences:
            raise InvalidArgumentError(
                "memory='sequences' needs token observations and the causal transformer that dqn "
                "builds for them: choose memory='transitions'."
            )
        self.learner = self._make_learner()
        self.num_timesteps = 0
        self._horizon = 0
        self._env_calls = 0
        self._observation: npt.NDArray[Any] | None = None
        self._action_mask: npt.NDArray[np.bool_] | None = None
        self.demonstrations: Memory | None = None
        scale = self._config.reward_scale
        self.reward_scale = 1.0 if scale == "auto" else scale
        if not isinstance(env, Spaces):
            self._interaction = interaction_with(env)
            self.reward_scale = resolve_reward_scale(scale, env)
            self._window = NStepWindow(
                self._config.n_steps, self._config.gamma, self._interaction.n_envs
            )
            self.episodes = EpisodeLog(self._interaction.n_envs)

    def _make_learner(self) -> Learner:
        return Learner(self.q_network, self._config)

    def _build(self, q_network: nn.Module | QNetworkBuilder | None, seed: int) -> nn.Module:
        if isinstance(q_network, nn.Module):
            return q_network
        if q_network is not None:
            return q_network(self._spaces.observation_space, self._n_actions)
        generator = torch.Generator().manual_seed(seed)
        vocabulary_size = self._spaces.vocabulary_size
        if vocabulary_size is not None:
            return build_transformer(
                vocabulary_size, self._encoder.shape[0], self._config, generator
            )
        return build_q_network(
            self._spaces.observation_space,
            self._n_actions,
            net_arch=self._config.net_arch,
            dueling=self._config.dueling,
            generator=generator,
        )

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each hyperparameter with its default."""
        fields = dataclasses.fields(cls.config_class)
        return {field.name: field.default for field in fields} | {"q_network": None}

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds, but for the state of the training."""
        return {
            "agent": self.name,
            "hyperparameters": self._config.to_json(),
            "q_network": self._network_name,
            "environment": self._environment,
            **self._spaces.to_json(),
            "num_timesteps": self.num_timesteps,
        }

    @property
    def exploration_rate(self) -> float:
        """Epsilon, now."""
        return schedule.epsilon(self._config, self._progress)

    @property
    def _progress(self) -> float:
        return self.num_timesteps / self._horizon if self._horizon else 0.0

    def q_values(self, observation: Any) -> npt.NDArray[np.float32]:
        """Return Q(s, a) of one observation, `(A,) float32`, or of a batch, `(n, A)`."""
        count = batch_size(observation, self._spaces.observation_space)
        values = self._values(observation if count is not None else batch_of_one(observation))
        return values if count is not None else values[0]

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,  # noqa: ARG002 - the protocol has it for recurrent agents.
        deterministic: bool = False,
        action_masks: Any = None,
    ) -> tuple[Any, Any]:
        """Choose greedy actions, or with the present epsilon random ones; see `Agent.predict`.

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
        epsilon = 0.0 if deterministic else self.exploration_rate
        actions = self._behaviour.choose(
            size, lambda: self._values(observations), legal, epsilon=epsilon
        )
        return (actions if count is not None else int(actions[0])), state

    def _values(self, observations: Any) -> npt.NDArray[np.float32]:
        encoded = torch.from_numpy(self._encoder.encode(observations)).to(self.device)
        with torch.inference_mode():
            values: npt.NDArray[np.float32] = self.q_network(encoded).float().cpu().numpy()
        return values

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Self:
        """Learn from `total_timesteps` further steps; a second call goes on from the first.

        Args:
            total_timesteps: Environment steps, over all environments; at least 1.
            callback: A `lexigym.agents.callbacks.Callback`, a function of the agent that may return
                False to end learning, or a list of these.
            progress_bar: Whether to show one.

        Raises:
            InvalidArgumentError: If there is no environment to learn on.
            EnvironmentFaultError: If the environment pays NaN or an infinite reward.
            OutOfMemoryError: If an update or the replay memory needs more than there is.
        """
        if not hasattr(self, "_interaction"):
            raise InvalidArgumentError(
                "this dqn has no environment to learn on: pass env to lexigym.load_agent."
            )
        if total_timesteps < 1:
            raise InvalidArgumentError(
                f"total_timesteps must be at least 1, got {total_timesteps}."
            )
        callbacks: Callback = as_callback(callback)
        if progress_bar:
            callbacks = CallbackList([callbacks, ProgressBar(total_timesteps)])
        self._horizon = self.num_timesteps + total_timesteps
        with out_of_memory_means("an update", self._remedy_of_updates), torch.no_grad():
            if self._observation is None:
                self._begin(*self._interaction.reset(self._environment_seed))
                if self._config.demonstrations:
                    self._demonstrate()
            with self._tensorboard() as log:
                callbacks.on_training_start(self)
                try:
                    while self.num_timesteps < self._horizon:
                        self._step(log)
                        if not callbacks.on_step(self):
                            break
                finally:
                    callbacks.on_training_end(self)
        return self

    def _begin(self, observation: Any, mask: npt.NDArray[np.bool_] | None) -> None:
        self._observation, self._action_mask = self._encoder.encode(observation), mask
        if not hasattr(self, "memory"):
            remedy = f"lower buffer_size={self._config.buffer_size}"
            with out_of_memory_means("the replay memory", remedy):
                self.memory = self._make_memory(masked=mask is not None)

    @property
    def _remedy_of_updates(self) -> str:
        """What to do where an update needs too much memory."""
        return f"lower batch_size={self._config.batch_size}"

    @property
    def _remembers_sequences(self) -> bool:
        return self._config.memory != "transitions" and isinstance(
            self.q_network, TransformerQNetwork
        )

    def _make_memory(self, *, masked: bool) -> Memory:
        """Return a memory for what the agent plays."""
        capacity = self._config.buffer_size
        if self._remembers_sequences:
            capacity = max(1, capacity // self._encoder.shape[0])
        return self._memory_of(capacity, masked=masked)

    def _make_demonstrations(self, *, masked: bool) -> Memory:
        """Return a memory for what is shown, of which nothing may be lost."""
        capacity = self._config.buffer_size
        if self._remembers_sequences:
            # The episodes of several environments may end at once.
            capacity = self._config.demonstrations + self._interaction.n_envs
        return self._memory_of(capacity, masked=masked)

    def _memory_of(self, capacity: int, *, masked: bool) -> Memory:
        return make_memory(
            self._config,
            capacity,
            self._encoder,
            self._n_actions if masked else 0,
            self._interaction.n_envs,
            self._replay_generator,
            self.device,
            sequences=self._remembers_sequences,
        )

    def _demonstrate(self) -> None:
        """Let the oracle play, remember its episodes apart, and begin anew."""
        config = self._config
        window = NStepWindow(config.n_steps, config.gamma, self._interaction.n_envs)
        self.demonstrations = self._make_demonstrations(masked=self._action_mask is not None)
        missing, transitions = config.demonstrations, 0
        while missing > 0:
            actions = oracle_actions(self._interaction.env)
            step = self._interaction.step(actions)
            self._remember(actions, step, self.demonstrations, window)
            missing -= int(np.count_nonzero((step.terminated | step.truncated) & step.valid))
            transitions += int(np.count_nonzero(step.valid))
            if transitions > config.buffer_size and not self._remembers_sequences:
                raise InvalidArgumentError(
                    f"demonstrations={config.demonstrations} have more transitions than "
                    f"buffer_size={config.buffer_size}: raise it, or show fewer."
                )
        self._begin(*self._interaction.reset(None))

    def _step(self, log: TensorBoardLog | None) -> None:
        config, before = self._config, self.num_timesteps
        starting = len(self.memory) < config.learning_starts
        actions = self._explore(1.0 if starting else self.exploration_rate)
        step = self._interaction.step(actions)
        self._remember(actions, step, self.memory, self._window)
        self.num_timesteps += int(np.count_nonzero(step.valid))
        self._env_calls += 1
        if self._env_calls % config.train_freq == 0 and len(self.memory) >= max(
            1, config.learning_starts
        ):
            self._train()
        interval = config.target_update_interval
        if self.num_timesteps // interval > before // interval:
            self.learner.update_target()
        done = (step.terminated | step.truncated) & step.valid
        if self.episodes.add(step.reward, done, step.valid) and log is not None:
            self._write(log)

    def _explore(self, epsilon: float) -> npt.NDArray[np.int64]:
        """Choose actions to learn from, in the present states."""
        observation: Any = self._observation
        return self._behaviour.choose(
            self._interaction.n_envs,
            lambda: self.learner.gradient.act(observation),
            self._action_mask,
            epsilon=epsilon,
            temperature=self._config.exploration_temperature,
        )

    def _found(
        self,
        chosen: npt.NDArray[np.int64],  # noqa: ARG002
        memory: Memory,  # noqa: ARG002
    ) -> dict[str, npt.NDArray[Any]]:
        """Return what else is remembered of the present states, in which these were chosen."""
        return {}

    def _own_tensors(self) -> dict[str, Any]:
        """Return what else a training goes on from."""
        return {}

    def _restore_own(self, tensors: dict[str, torch.Tensor]) -> None:
        """Take back what `_own_tensors` returned."""

    def _remember(
        self, actions: npt.NDArray[np.int64], step: Step, memory: Memory, window: NStepWindow
    ) -> None:
        assert self._observation is not None
        next_observation = self._encoder.encode(step.next_observation)
        first_action = self._behaviour.first_action
        chosen = actions - first_action if first_action else actions
        begins = {"observation": self._observation, "action": chosen} | self._found(chosen, memory)
        ends = {"next_observation": next_observation}
        if self._action_mask is not None and step.next_action_mask is not None:
            begins["action_mask"] = self._action_mask
            ends["next_action_mask"] = step.next_action_mask
        outcome = (step.reward * self.reward_scale, ends, step.terminated, step.truncated)
        if isinstance(memory, SequenceMemory):
            memory.record(begins, *outcome, step.valid)
        else:
            for transitions in window.push(begins, *outcome, step.valid):
                memory.add(**transitions)
        if step.observation is not step.next_observation:
            next_observation = self._encoder.encode(step.observation)
        self._observation, self._action_mask = next_observation, step.action_mask

    def _train(self) -> None:
        steps = self._config.gradient_steps
        if steps < 0:
            steps = self._config.train_freq * self._interaction.n_envs
        self.learner.optimizer.learning_rate = schedule.learning_rate(self._config, self._progress)
        if self.memory.priorities is not None:
            self.memory.priorities.beta = schedule.beta(self._config, self._progress)
        memory: Any = self.memory
        if self.demonstrations is not None:
            share = self._config.demonstration_share
            memory = DemonstratedMemory(memory, self.demonstrations, share)
        self.learner.update(memory, steps)

    @contextlib.contextmanager
    def _tensorboard(self) -> Iterator[TensorBoardLog | None]:
        if self._config.tensorboard_log is None:
            yield None
            return
        log = TensorBoardLog(self._config.tensorboard_log)
        try:
            yield log
            self._write(log)
        finally:
            log.close()

    def _write(self, log: TensorBoardLog) -> None:
        log.write(
            self.num_timesteps,
            rollout__ep_rew_mean=float(np.mean(self.episodes.returns or [np.nan])),
            rollout__ep_len_mean=float(np.mean(self.episodes.lengths or [np.nan])),
            rollout__exploration_rate=self.exploration_rate,
            train__loss=self.learner.loss,
            train__n_updates=self.learner.updates,
        )

    def save(self, path: str | Path, *, training_state: bool = False) -> None:
        """Write a checkpoint in one atomic step.

        Args:
            path: The file; ".zip" is appended to a name without a suffix.
            training_state: Also write the replay memory, the optimizer, the target network, all
                generators and the unfinished episodes, so that a loaded agent learns on bit for bit
                as this one would, on the same kind of machine. Vectors without `state()` and
                `restore(state)`, such as Gymnasium's own, begin new episodes.

        Raises:
            CheckpointError: If it can't be written; an earlier checkpoint is intact then.
        """
        saving.save(self, path, training_state)

    @classmethod
    def load(
        cls,
        path: str | Path,
        env: Any = None,
        *,
        q_network: nn.Module | QNetworkBuilder | None = None,
    ) -> Self:
        """Read a checkpoint.

        Args:
            path: A file or directory that `save` wrote.
            env: The environment to learn on; predicting needs none.
            q_network: What was passed when the agent was made, where it was anything.

        Raises:
            CheckpointError: If the file is truncated, foreign, or for another network or spaces.
        """

        def make(
            env: Any,
            config: dict[str, Any],
            hyperparameters: dict[str, Any],
            weights: Mapping[str, torch.Tensor],
        ) -> Any:
            if q_network is not None:
                return cls(env, q_network=q_network, **hyperparameters)
            if config["q_network"] is not None:
                raise CheckpointError(
                    f"{str(path)!r} holds a Q-network of your own, "
                    f"{shortened(config['q_network'])}: pass it as q_network."
                )
            with AllocatingAtMost(weights):
                return cls(env, **hyperparameters)

        agent: Self = saving.load(cls, path, env, make)
        return agent
