"""A language model alone: what learning by reward is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from ..batches import batch_size, legal_actions
from ..checkpoint import fitting, read_config, write_checkpoint
from ..dqn.config import require_integer
from ..dqn.device import resolve_device
from ..dqn.observations import batch_of_one
from ..scripted import count_timesteps
from ..spaces import Spaces, environment_spec_json
from .building import build_network
from .config import LanguageModelConfig
from .playing import TextPlayer
from .policy import PriorPolicy
from .texts import Texts


@dataclass(frozen=True, kw_only=True)
class LanguageModelSettings:
    """What a language model that only plays is told.

    Args:
        model: As in `lm-dqn`.
        beams: Texts that are kept while the best is looked for; 1 takes the best next token.
        precision: As in `lm-dqn`.
        device: "auto" takes CUDA where there is one; else any torch device string.
        seed: Of what it draws where it isn't deterministic; None draws one from the system.
    """

    model: str | Mapping[str, Any] = "shipped"
    beams: int = 1
    precision: str = "float32"
    device: str = "auto"
    seed: int | None = None

    def __post_init__(self) -> None:
        require_integer("beams", self.beams, 1)
        LanguageModelConfig(model=self.model, precision=self.precision, seed=self.seed)  # type: ignore[arg-type]


class LanguageModelAgent:
    """A causal language model that writes as it was trained to: greedily, by beams, or by drawing.

    Args:
        env: A token environment, single or vector, such as QA-v0.
        texts: How it writes; None asks the environment.
        **settings: Those of `LanguageModelSettings`.

    Attributes:
        texts: How the environment writes.
        policy: What chooses tokens.

    Raises:
        InvalidArgumentError: If the environment writes no tokens, or the model can't be loaded or
            doesn't fit it.
        MissingDependencyError: If transformers, or the package that carries the model, is missing.
    """

    name = "lm"
    config_class = LanguageModelSettings

    def __init__(self, env: Any, *, texts: Texts | None = None, **settings: Any) -> None:
        self._settings = self.config_class(**settings)
        self._spaces = Spaces.of(env)
        self._environment = environment_spec_json(env)
        self.texts = Texts.of(env) if texts is None else texts
        self.device = resolve_device(self._settings.device)
        self.num_timesteps = 0
        given = self._settings
        config = LanguageModelConfig(model=given.model, train="head")
        network = build_network(config, self.texts, seed=0).to(self.device)
        self.policy = PriorPolicy(
            network,
            beta=0.0,
            candidates=0,
            generator=np.random.default_rng(given.seed),
            precision=given.precision,
        )
        self._player = TextPlayer(self.policy)

    @classmethod
    def hyperparameters(cls) -> dict[str, Any]:
        """Return each setting with its default."""
        return {field.name: field.default for field in fields(cls.config_class)}

    @property
    def config(self) -> dict[str, Any]:
        """What a checkpoint's `config.json` holds."""
        return {
            "agent": self.name,
            "hyperparameters": vars(self._settings),
            "environment": self._environment,
            "texts": self.texts.to_json(),
            **self._spaces.to_json(),
            "num_timesteps": self.num_timesteps,
        }

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,  # noqa: ARG002 - the protocol has it for recurrent agents.
        deterministic: bool = False,
        action_masks: Any = None,
        beams: int | None = None,
    ) -> tuple[Any, Any]:
        """Choose the likeliest tokens, or draw them; see `LanguageModelDQN.predict`."""
        space = self._spaces.observation_space
        count = batch_size(observation, space)
        observations = observation if count is not None else batch_of_one(observation)
        size = 1 if count is None else count
        legal = None
        if action_masks is not None:
            legal = legal_actions(action_masks, size, len(self.texts.tokens))
        tokens = torch.from_numpy(np.array(observations)).to(self.device)
        actions = self._player.act(
            tokens,
            legal,
            deterministic=deterministic,
            epsilon=0.0,
            beams=self._settings.beams if beams is None else beams,
        )
        return (actions if count is not None else int(actions[0])), state

    def learn(
        self,
        total_timesteps: int,
        callback: Any = None,
        progress_bar: bool = False,  # noqa: ARG002 - nothing happens that could be watched.
    ) -> Self:
        """Count the steps and call the callback once, but play none: nothing is learnt."""
        count_timesteps(self, total_timesteps, callback)
        return self

    def save(self, path: str | Path) -> None:
        """Write a checkpoint, which names the model, in one atomic step.

        Raises:
            CheckpointError: If it can't be written.
        """
        write_checkpoint(path, self.config, {})

    @classmethod
    def load(cls, path: str | Path, env: Any = None) -> Self:
        """Read a checkpoint, and load its model by name.

        Raises:
            CheckpointError: If the file is truncated, foreign, or for other spaces.
        """
        config = read_config(path, agent=cls.name)
        given = None if env is None else Spaces.of(env)
        with fitting(path):
            saved = Spaces.from_json(config)
            if given is not None:
                saved.require(given, path)
            texts = Texts.from_json(config["texts"])
            env = saved if env is None else env
            texts.require_written_by(env, path)
            agent = cls(env, texts=texts, **config["hyperparameters"])
            agent.num_timesteps = int(config["num_timesteps"])
            if given is None:
                agent._environment = config["environment"]
        return agent
