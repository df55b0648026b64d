"""The algorithms of Stable-Baselines3 and sb3-contrib behind the suite's protocol."""

from __future__ import annotations

import inspect
import re
from contextlib import nullcontext
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import sb3_contrib
import stable_baselines3
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.utils import is_masking_supported
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from ..registry.errors import (
    InvalidArgumentError,
    UnknownNameError,
    did_you_mean,
    shortened,
)
from . import sb3_parameters
from .allocations import AllocatingAtMost
from .batches import legal_actions, sample_legal
from .callbacks import Callback, as_callback
from .checkpoint import fitting, read_config, read_tensors, require_finite, write_checkpoint
from .progress import ProgressBar
from .sb3_environments import learning_environment
from .sb3_features import default_policy_kwargs
from .sb3_generators import OwnGenerators
from .sb3_pickles import arguments_of, require_optimizer, unpickle
from .sb3_policies import default_policy, mask_scores, require_usable, score_network
from .spaces import Spaces, environment_spec_json


@cache
def family(suffix: str) -> type[SB3Agent]:
    """Return the agent's class of an algorithm.

    Args:
        suffix: Its class's name in lower case, words joined by hyphens: "dqn", "maskable-ppo".

    Raises:
        UnknownNameError: If neither package has such an algorithm.
    """
    algorithms = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower(): value
        for package in (stable_baselines3, sb3_contrib)
        for name, value in vars(package).items()
        if isinstance(value, type) and issubclass(value, BaseAlgorithm)
    }
    if suffix not in algorithms:
        raise UnknownNameError(
            f"Stable-Baselines3 and sb3-contrib have no algorithm {suffix!r}: "
            f"{did_you_mean(suffix, algorithms)}"
        )
    algorithm = algorithms[suffix]
    attributes = {
        "__doc__": f"`{algorithm.__name__}` of `{algorithm.__module__}`; see `SB3Agent`.",
        "name": f"sb3/{suffix}",
        "algorithm": algorithm,
    }
    return type(f"SB3{algorithm.__name__}", (SB3Agent,), attributes)


class SB3Agent:
    """One algorithm of Stable-Baselines3 or sb3-contrib, as it is.

    What is added to it: it learns from scaled rewards, on Gymnasium's vector environments too; it
    reads token observations with `TokenFeatures`, unless `policy_kwargs` name another
    `features_extractor_class`, and their `features_extractor_kwargs` are the arguments; its
    `predict` honours action masks; it draws from generators of its own; its checkpoints execute
    nothing on load. While it learns, only `maskable-ppo` knows masks. `learn` may overshoot
    `total_timesteps`, since on-policy algorithms learn from whole rollouts. A checkpoint holds no
    replay memory, no random generators, and no statistics of a `VecNormalize`: what is loaded plays
    the same and learns on, but not bit for bit as the saved agent would have.

    Args:
        env: A Gymnasium environment or vector environment, or a Stable-Baselines3 one. `Spaces`
            alone, images with their channels first, make an agent that can only predict.
        **hyperparameters: Those of the algorithm's class, and:
            policy: The name of a policy; "auto" chooses by the observation space, with convolutions
                for images of 36x36 and more.
            reward_scale: See `resolve_reward_scale`.

    Attributes:
        model: The model of Stable-Baselines3.

    Raises:
        InvalidArgumentError: If the algorithm doesn't take these spaces or hyperparameters.
    """

    name: ClassVar[str]
    algorithm: ClassVar[Any]

    def __init__(self, env: Any, **hyperparameters: Any) -> None:
        self._hyperparameters = self.hyperparameters() | hyperparameters
        self._environment = environment_spec_json(env)
        # A copy, since some algorithms write into their `policy_kwargs`.
        arguments = deepcopy(self._hyperparameters)
        reward_scale = arguments.pop("reward_scale")
        available = Spaces.of(env)
        require_usable(self.name, available)
        if arguments["policy"] == "auto":
            arguments["policy"] = default_policy(self.algorithm, available.observation_space)
        defaults = default_policy_kwargs(self.algorithm, arguments["policy"], available)
        if defaults:
            arguments["policy_kwargs"] = defaults | (arguments.get("policy_kwargs") or {})
        venv = None
        if not isinstance(env, Spaces):
            masked = self.algorithm is sb3_contrib.MaskablePPO
            venv = learning_environment(env, reward_scale, masked=masked)
        self._generators = OwnGenerators()
        try:
            with self._generators.in_use():
                self.model: BaseAlgorithm = self.algorithm(
                    env=venv, _init_setup_model=venv is not None, **arguments
                )
                if venv is None:
                    self.model.observation_space = available.observation_space
                    self.model.action_space = available.action_space
                    self.model.n_envs = 1
                    # SAC asks an environment for its actions, and who asks one seeds it.
                    stand_in: Any = SimpleNamespace(**vars(available), seed=lambda _: None)
                    self.model.env = stand_in
                    self.model._setup_model()
                    self.model.env = None
        except (AssertionError, NotImplementedError, TypeError, ValueError) as error:
            reason = shortened(error).rstrip(".")
            raise InvalidArgumentError(
                f"{self.name} can't be made of these spaces and hyperparameters ({reason}): change "
                "them, or choose another agent."
            ) from error

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each hyperparameter with its default."""
        parameters = list(inspect.signature(cls.algorithm).parameters.values())
        left_out = {"env", "_init_setup_model"}
        defaults = {each.name: each.default for each in parameters if each.name not in left_out}
        return defaults | {"policy": "auto", "reward_scale": "auto"}

    @property
    def num_timesteps(self) -> int:
        """The environment steps that the agent has learnt from."""
        return self.model.num_timesteps

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds, but for the state of the optimizers."""
        return {
            "agent": self.name,
            "hyperparameters": self._hyperparameters,
            "environment": self._environment,
            **self._spaces.to_json(),
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
        """Choose actions; see `Agent.predict`.

        Raises:
            InvalidArgumentError: If masks come with actions that aren't Discrete, are of the wrong
                shape or leave nothing legal.
        """
        # What is greedy draws nothing.
        with nullcontext() if deterministic else self._generators.in_use():
            actions, state = self._predict(
                observation, state, episode_start, deterministic, action_masks
            )
        if isinstance(self.model.action_space, spaces.Discrete) and np.ndim(actions) == 0:
            return int(actions), state
        return actions, state

    def _predict(
        self,
        observation: Any,
        state: Any,
        episode_start: Any,
        deterministic: bool,
        action_masks: Any,
    ) -> tuple[Any, Any]:
        discrete = isinstance(self.model.action_space, spaces.Discrete)
        native = not discrete and self.algorithm is sb3_contrib.MaskablePPO
        if action_masks is None or native:
            masks = {} if action_masks is None else {"action_masks": action_masks}
            actions, state = self.model.predict(
                observation, state, episode_start, deterministic=deterministic, **masks
            )
        else:
            legal = self._legal_actions(observation, action_masks)
            generator = self.model.action_space.np_random
            exploration_rate = getattr(self.model, "exploration_rate", 0.0)
            if not deterministic and generator.random() < exploration_rate:
                actions = sample_legal(legal, generator)
            else:
                with mask_scores(score_network(self.model.policy), legal):
                    actions, state = self.model.policy.predict(
                        observation, state, episode_start, deterministic=deterministic
                    )
            if not self.model.policy.is_vectorized_observation(observation):
                actions = np.squeeze(actions)
        return actions, state

    def q_values(self, observation: Any) -> npt.NDArray[np.float32]:
        """Return the Q-values of one observation, `(A,) float32`, or of a batch, `(n, A)`.

        Raises:
            InvalidArgumentError: If the algorithm learns none for each action.
        """
        policy = self.model.policy
        network = getattr(policy, "q_net", None) or getattr(policy, "quantile_net", None)
        if network is None:
            raise InvalidArgumentError(
                f"{self.name} has no Q-value for each action: choose sb3/dqn or sb3/qrdqn."
            )
        policy.set_training_mode(False)
        observations, is_batch = policy.obs_to_tensor(observation)
        with torch.no_grad():
            values = network(observations)
        # QR-DQN's Q-value is the mean of its quantiles, (n, quantiles, A).
        values = values.mean(dim=1) if values.ndim == 3 else values
        q_values: npt.NDArray[np.float32] = values.cpu().numpy()
        return q_values if is_batch else q_values[0]

    def learn(self, total_timesteps: int, callback: Any = None, progress_bar: bool = False) -> Self:
        """Learn from at least `total_timesteps` further steps; a later call continues.

        Args:
            total_timesteps: Steps, over all environments.
            callback: What `as_callback` takes, callbacks of Stable-Baselines3, or a list of both.
            progress_bar: Whether to show one.

        Raises:
            InvalidArgumentError: If the agent was loaded without an environment.
            EnvironmentFaultError: If a reward is not finite.
        """
        if self.model.env is None:
            raise InvalidArgumentError(
                f"{self.name} was made without an environment to learn on: pass env to load."
            )
        given = callback if isinstance(callback, (list, tuple)) else [callback]
        theirs = [each for each in given if isinstance(each, BaseCallback)]
        hooks: list[Any] = [each for each in given if not isinstance(each, BaseCallback)]
        if progress_bar:
            hooks.append(ProgressBar(total_timesteps))
        ours = as_callback([as_callback(each) for each in hooks])
        model = self.model
        if not (model.verbose or model.tensorboard_log or model._custom_logger):
            # The one that it makes itself leaves an empty folder in that of temporary files.
            model.set_logger(Logger(None, []))
        masking: dict[str, Any] = {}
        if self.algorithm is sb3_contrib.MaskablePPO:
            masking["use_masking"] = is_masking_supported(self.model.env)
        ours.on_training_start(self)
        try:
            with self._generators.in_use():
                self.model.learn(
                    total_timesteps,
                    callback=[*theirs, _StepHook(self, ours)],
                    reset_num_timesteps=self.num_timesteps == 0,
                    **masking,
                )
        finally:
            ours.on_training_end(self)
        return self

    def save(self, path: str | Path) -> None:
        """Write a checkpoint in one atomic step.

        Raises:
            CheckpointError: If a hyperparameter is code, such as a schedule or a class, which JSON
                can't hold; if a weight isn't finite; or if the file can't be written.
        """
        tensors, state = sb3_parameters.to_tensors(self.model)
        require_finite(tensors, path)
        write_checkpoint(path, {**self.config, "state": state}, {"model": tensors})

    @classmethod
    def load(cls, path: str | Path, env: Any = None, **hyperparameters: Any) -> Self:
        """Read a checkpoint.

        Args:
            path: Where an agent of this class was saved.
            env: The environment to learn on further; playing needs none.
            **hyperparameters: Those to change, such as `device`.

        Raises:
            CheckpointError: If it is not a whole checkpoint of this agent for these spaces.
        """
        config = read_config(path, cls.name)
        given = None if env is None else Spaces.of(env)
        with fitting(path):
            saved = Spaces.from_json(config)
            if given is not None and _sizes(given) != _sizes(saved):
                saved.require(given, path)
            # Where an algorithm takes a sequence, as for `train_freq`, it takes a tuple.
            arguments = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in config["hyperparameters"].items()
            }
            tensors = read_tensors(path, "model") or {}
            require_finite(tensors, path)
            with AllocatingAtMost(tensors):
                agent = cls(saved if env is None else env, **(arguments | hyperparameters))
            saved.require(agent._spaces, path)
            sb3_parameters.from_tensors(agent.model, tensors, config["state"])
            if env is None:
                agent._environment = config["environment"]
        return agent

    @classmethod
    def load_pickled(cls, path: str | Path, env: Any = None, **hyperparameters: Any) -> Self:
        """Read what Stable-Baselines3 itself saved; it executes what the file's maker put there.

        Args:
            path: Where a model of this algorithm was saved.
            env: The environment to learn on further, from rewards as it pays them; playing needs
                none.
            **hyperparameters: Those to change, such as `device`.

        Raises:
            CheckpointError: If it is no whole model of this algorithm for these spaces.
        """
        given = None if env is None else Spaces.of(env)
        theirs = unpickle(cls.algorithm, path)
        with fitting(path):
            saved = Spaces(theirs.observation_space, theirs.action_space)
            if given is not None and _sizes(given) != _sizes(saved):
                saved.require(given, path)
            arguments = arguments_of(theirs, cls(saved).model) | {"reward_scale": 1.0}
            agent = cls(saved if env is None else env, **(arguments | hyperparameters))
            saved.require(agent._spaces, path)
            require_optimizer(agent.model, theirs)
            sb3_parameters.from_tensors(agent.model, *sb3_parameters.to_tensors(theirs))
        return agent

    @property
    def _spaces(self) -> Spaces:
        """The spaces of the networks: images have their channels first."""
        return Spaces(self.model.observation_space, self.model.action_space)

    def _legal_actions(self, observation: Any, action_masks: Any) -> npt.NDArray[np.bool_]:
        space = self.model.action_space
        if not isinstance(space, spaces.Discrete):
            raise InvalidArgumentError(
                f"action_masks are for Discrete actions, not for {space}: leave them out."
            )
        size = 1
        if self.model.policy.is_vectorized_observation(observation):
            part = (
                next(iter(observation.values())) if isinstance(observation, dict) else observation
            )
            size = len(part)
        return legal_actions(action_masks, size, int(space.n))


def _sizes(given: Spaces) -> tuple[int, Any]:
    """Return what decides the size of a network, wherever images have their channels."""
    return spaces.flatdim(given.observation_space), given.action_space


class _StepHook(BaseCallback):
    """Passes each step on to a callback of the suite."""

    def __init__(self, agent: SB3Agent, callback: Callback) -> None:
        super().__init__()
        self._agent = agent
        self._callback = callback

    def _on_step(self) -> bool:
        return self._callback.on_step(self._agent)
