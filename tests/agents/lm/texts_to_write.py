"""A token environment small enough to be learned from in seconds, and models for it."""

from __future__ import annotations

from typing import Any

import gymnasium

from lexigym.envs.datasets.schema import Dataset, Example
from lexigym.registry.environments import make_vector_environment

TINY = {"model_type": "gpt2", "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
TINY_LLAMA = {
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
LETTERS = "abcd"


def copying(letters: str = LETTERS) -> Dataset:
    """Return a dataset whose answer is its prompt: one or two of four letters."""
    pairs = [Example(f"{a} {b}", (f"{a} {b}",)) for a in letters for b in letters]
    single = [Example(a, (a,)) for a in letters]
    return Dataset("copying", "en", "en", "MIT", "the tests", {"train": [*pairs, *single]})


def copy_env(**arguments: Any) -> gymnasium.Env[Any, Any]:
    """Return an environment of that dataset."""
    return gymnasium.make("QA-v0", dataset=copying(), **arguments)


def copy_vector(num_envs: int, **arguments: Any) -> Any:
    """Return a vector of them."""
    return make_vector_environment("QA-v0", num_envs, dataset=copying(), **arguments)


def tiny_model(kind: str = "gpt2") -> dict[str, Any]:
    """Return the settings of a model of random weights, by words."""
    return {"gpt2": TINY, "llama": TINY_LLAMA}[kind]
