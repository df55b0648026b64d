"""Small datasets of the tests' own, and environments on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from lexigym.envs.datasets.schema import Dataset, Example
from lexigym.envs.text.single import TokenEnv
from lexigym.envs.text.task import make_task

WORDS = {
    "en": ["the", "dog", "cat", "isn't", "3", "40", "3.5", "-", ".", ",", "!", "?", "up"],
    "fr": ["le", "l'eau", "est", "-", "il", "2", "15", ",", ".", "?", "!", ":", "où"],
    "es": ["¿", "dónde", "está", "?", "¡", "!", "el", "1", ".", ",", "niño"],
    "de": ["der", "Hund", "-", "5", ".", ",", "!", "über", "ist"],
    "zh": ["我", "们", "三", "月", "12", "日", "。", "\uff0c", "\uff1f", "ok"],
}


def source(examples: dict[str, tuple[str, ...]], language: str = "en") -> Dataset:
    """A dataset with one split, of references by prompt."""
    pairs = [Example(prompt, references) for prompt, references in examples.items()]
    return Dataset("test", language, "en", "MIT", "the tests", {"train": pairs})


def environment(
    examples: dict[str, tuple[str, ...]], language: str = "en", **arguments: Any
) -> Any:
    task = make_task(dataset=source(examples, language), **{"scorer": "bleu", **arguments})
    return TokenEnv(task)


def play(env: Any, actions: list[int]) -> tuple[list[float], list[dict[str, Any]]]:
    """Take actions until the episode ends; return the rewards and the infos."""
    rewards, infos = [], []
    for action in actions:
        _, reward, terminated, truncated, info = env.step(action)
        assert not truncated
        rewards.append(reward)
        infos.append(info)
        if terminated:
            break
    return rewards, infos


def random_actions(env: Any, seed: int, legal: float = 0.98) -> list[int]:
    """Mostly legal actions, often along a reference, enough for an episode."""
    generator = np.random.default_rng(seed)
    mask = env.unwrapped.action_masks()
    reference = env.unwrapped._example.references[0]
    actions = []
    for place in range(env.unwrapped.task.new_tokens):
        kind = generator.random()
        if kind < 0.6 and place < len(reference):
            actions.append(reference[place])
        else:
            choices = np.flatnonzero(mask if kind < legal else np.ones_like(mask))
            actions.append(int(generator.choice(choices)))
    return actions


def sentences(language: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(WORDS[language]), min_size=1, max_size=9)
