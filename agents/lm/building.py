"""A Q-network made of a language model, and which of its weights learn."""

from __future__ import annotations

import copy
from typing import Any

import torch

from ...registry.requirements import require
from .config import LanguageModelConfig
from .dropout import set_dropout
from .learner import copy_of
from .models import load_model
from .q_network import LanguageModelQNetwork
from .reader import Reader
from .texts import Texts
from .vocabulary import fit_vocabulary


def build_network(config: LanguageModelConfig, texts: Texts, seed: int) -> LanguageModelQNetwork:
    """Build the Q-network for an environment.

    Args:
        config: The hyperparameters: which model, and what of it learns.
        texts: How the environment writes.
        seed: Of the first weights of the heads, and of a model that begins with random ones.

    Raises:
        InvalidArgumentError: If the model can't be loaded, or doesn't fit the environment.
        MissingDependencyError: If a package is missing.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        loaded = load_model(config.model, len(texts.tokens))
        model = fit_vocabulary(loaded, texts, str(config.model))
        model.eval().requires_grad_(False)
        prior = Reader(model, texts, separates=loaded.by_words)
        reader = prior
        if config.train != "head":
            learning = _copy_that_learns(model, config)
            set_dropout(learning, config.dropout)
            reader = Reader(learning, texts, separates=loaded.by_words)
    generator = torch.Generator().manual_seed(seed)
    return LanguageModelQNetwork(reader, prior, config.prior_temperature, generator)


def _copy_that_learns(model: Any, config: LanguageModelConfig) -> Any:
    """Return a copy of a frozen model that learns, wholly or by corrections of shared weights."""
    if config.train == "full":
        return copy.deepcopy(model).requires_grad_(True)
    peft = require("peft", "train='lora'", "lexigym[lm]", "choose train='head'")
    from transformers.pytorch_utils import Conv1D

    copied = copy_of(model)
    transposed = any(isinstance(module, Conv1D) for module in copied.modules())
    settings = peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=2 * config.lora_rank,
        target_modules="all-linear",
        exclude_modules=["lm_head"],
        fan_in_fan_out=transposed,
    )
    return peft.inject_adapter_in_model(settings, copied)
