"""A Q-network made of a language model, and which of its weights learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ...registry.errors import MissingDependencyError
from .config import LanguageModelConfig
from .models import from_settings, import_transformers, load_model
from .q_network import LanguageModelQNetwork
from .reader import Reader
from .texts import Texts
from .vocabulary import fit_vocabulary


def build_network(
    config: LanguageModelConfig,
    texts: Texts,
    seed: int,
    architecture: Mapping[str, Any] | None = None,
) -> LanguageModelQNetwork:
    """Build the Q-network for an environment.

    Args:
        config: The hyperparameters: which model, and what of it learns.
        texts: How the environment writes.
        seed: Of the first weights of the heads, and of a model that begins with random ones.
        architecture: What `architecture_of` returned, for a model whose weights are read from a
            checkpoint; None loads the model.

    Raises:
        InvalidArgumentError: If the model can't be loaded, or doesn't fit the environment.
        MissingDependencyError: If a package is missing.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if architecture is None:
            loaded = load_model(config.model, len(texts.tokens))
            by_words = loaded.by_words
            model = fit_vocabulary(loaded, texts, str(config.model))
        else:
            by_words = architecture["by_words"]
            model = from_settings(import_transformers("in the checkpoint"), architecture["config"])
        # Without dropout: what is learned from is what acts.
        model.eval()
        _choose_what_learns(model, config)
    reader = Reader(model, texts, separates=by_words)
    generator = torch.Generator().manual_seed(seed)
    return LanguageModelQNetwork(reader, config.prior_temperature, generator)


def architecture_of(network: LanguageModelQNetwork) -> dict[str, Any]:
    """Return what rebuilds the language model but for its weights, as plain JSON data."""
    config = network.reader.model.config.to_dict()
    return {"by_words": bool(network.reader.separator), "config": config}


def _choose_what_learns(model: Any, config: LanguageModelConfig) -> None:
    """Freeze what doesn't learn, and put in what learns in its place."""
    model.requires_grad_(config.train == "full")
    if config.train != "lora":
        return
    try:
        import peft
    except ImportError as error:
        raise MissingDependencyError(
            "train='lora' needs peft: pip install 'lexigym[lm]', or choose train='head'."
        ) from error
    from transformers.pytorch_utils import Conv1D

    transposed = any(isinstance(module, Conv1D) for module in model.modules())
    settings = peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=2 * config.lora_rank,
        target_modules="all-linear",
        exclude_modules=["lm_head"],
        fan_in_fan_out=transposed,
    )
    peft.inject_adapter_in_model(settings, model)
