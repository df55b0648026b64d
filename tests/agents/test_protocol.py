"""Evaluation: seeded episodes, or every example of a split once."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest

import lexigym
from lexigym.agents.protocol import evaluate
from lexigym.registry.errors import InvalidArgumentError

from .environments import Match


class Watched(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Keeps the examples that were played."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.examples: list[int] = []

    def reset(self, **arguments: Any) -> Any:
        observation, info = self.env.reset(**arguments)
        self.examples.append(int(info["example"]))
        return observation, info


def test_a_whole_split_is_played_once_in_order() -> None:
    arguments: dict[str, Any] = {"dataset": "facts", "dataset_arguments": {"level": "small"}}
    env = Watched(gymnasium.make("QA-v0", split="validation", **arguments))
    returns = evaluate(lexigym.make_agent("oracle", env), env)
    assert env.examples == list(range(env.unwrapped.num_examples))
    assert returns.tolist() == [1.0] * len(env.examples)


@pytest.mark.parametrize("env", [Match(), gymnasium.make("QA-v0", level="small")], ids=str)
def test_without_an_end_the_episodes_must_be_told(env: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="pass the number of"):
        evaluate(lexigym.make_agent("random", env), env)
    with pytest.raises(InvalidArgumentError, match="at least 1, got 0"):
        evaluate(lexigym.make_agent("random", env), env, 0)
