"""The environments that TRL's trainers make, reset, call and ask for the reward."""

from __future__ import annotations

import inspect
from typing import Any

import gymnasium
import pytest

import lexigym
from lexigym.registry.errors import InvalidArgumentError


@pytest.fixture
def env() -> gymnasium.Env[Any, Any]:
    return gymnasium.make("QA-v0", level="small")


def spaced(env: Any, text: str) -> str:
    """Return a text with a space between its tokens."""
    tokenizer = env.unwrapped.task.tokenizer
    return " ".join(tokenizer.token(index) for index in tokenizer.encode(text, "en"))


def test_a_right_answer_earns_the_return(env: Any) -> None:
    made = lexigym.adapt(env, to="trl")()
    env.reset(options={"example": 2})
    assert made.reset(example=2, prompt=[]) == env.unwrapped.prompt
    assert made.get_reward() == 0.0
    reference = env.unwrapped.references[0]
    assert made.write(spaced(env, reference)) == f"Written: {reference}"
    assert made.get_reward() == pytest.approx(1.0)
    made.write(spaced(env, reference))
    assert made.get_reward() == pytest.approx(1.0)
    made.reset(example=3)
    assert made.get_reward() == 0.0


def test_unknown_words_are_told_and_not_written(env: Any) -> None:
    made = lexigym.adapt(env, to="trl")()
    made.reset(example=0)
    assert "'zyx'" in made.write("zyx")
    assert made.get_reward() == 0.0
    assert made.write("") == "Written: "


def test_environments_are_apart_and_offer_one_tool(env: Any) -> None:
    factory = lexigym.adapt(env, to="trl")
    first, second = factory(), factory()
    prompts = {first.reset(example=0), second.reset(example=1)}
    assert len(prompts) == 2
    public = [name for name, _ in inspect.getmembers(type(first), inspect.isfunction)]
    assert [name for name in public if name[0] != "_"] == ["get_reward", "reset", "write"]


def test_worlds_without_tokens_are_refused(env: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="tokenizer"):
        lexigym.adapt("GridRobot-v0", to="trl")
    with pytest.raises(InvalidArgumentError, match=r"gymnasium\.make"):
        lexigym.adapt(env.unwrapped.__class__(env.unwrapped.task), to="trl")
