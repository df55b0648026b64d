"""What is written around prompts: read by the tokenizer, and no part of any text."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import pytest

from lexigym.agents.lm.models import model_folder
from lexigym.envs.datasets.schema import Dataset, Example
from lexigym.registry.errors import InvalidArgumentError

QUESTION = "Question: {prompt}\nAnswer: "


@pytest.fixture(scope="module")
def bytes_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a tokenizer of bytes, which keeps spaces and line breaks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(["<end>", *alphabet, "Ġb"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[("Ġ", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    folder = tmp_path_factory.mktemp("tokenizer")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>").save_pretrained(folder)
    return folder


def data() -> Dataset:
    pairs = [Example("a", ("b",)), Example("c", ("bd", "d"))]
    return Dataset("letters", "en", "en", "MIT", "the tests", {"train": pairs})


def test_words_see_it_in_front_of_every_prompt() -> None:
    env = gymnasium.make("QA-v0", dataset=data(), template="say {prompt}!")
    task = env.unwrapped.task  # type: ignore[attr-defined]
    observation, _ = env.reset(options={"example": 0})
    assert [task.tokenizer.tokens[token] for token in observation[:3]] == ["say", "a", "!"]
    assert env.unwrapped.prompt == "a"  # type: ignore[attr-defined]
    assert task.prompt_tokens == 3


@pytest.mark.parametrize("reward", ["shaped", "terminal"])
def test_spaces_at_its_end_begin_the_text(bytes_tokenizer: Path, reward: str) -> None:
    env = gymnasium.make(
        "QA-v0", dataset=data(), tokenizer=str(bytes_tokenizer), template=QUESTION, reward=reward
    )
    unwrapped = env.unwrapped
    tokenizer = unwrapped.task.tokenizer  # type: ignore[attr-defined]
    observation, info = env.reset(options={"example": 0})
    prompt = [token for token in observation.tolist() if token != tokenizer.pad]
    assert tokenizer.decode(prompt, "en") == "Question: a\nAnswer:"
    # " b" is one token, as a language model has it.
    action = unwrapped.oracle_action()  # type: ignore[attr-defined]
    assert tokenizer.token(action) == " b"
    _, first, _, _, info = env.step(action)
    assert unwrapped.text == "b"  # type: ignore[attr-defined]
    assert info["score"] == 1
    _, second, terminated, _, _ = env.step(unwrapped.oracle_action())  # type: ignore[attr-defined]
    assert terminated
    assert first + second == 1


def test_the_oracle_is_right_behind_it(bytes_tokenizer: Path) -> None:
    for scorer in ("exact_match", "chrf", "bleu"):
        env = gymnasium.make(
            "QA-v0",
            dataset=data(),
            tokenizer=str(bytes_tokenizer),
            template=QUESTION,
            scorer=scorer,
        )
        for example in range(2):
            env.reset(options={"example": example})
            total, terminated = 0.0, False
            while not terminated:
                _, reward, terminated, _, _ = env.step(env.unwrapped.oracle_action())  # type: ignore[attr-defined]
                total += float(reward)
            assert total == pytest.approx(1)


def test_a_language_model_names_its_tokenizer() -> None:
    by_name, by_folder = (
        gymnasium.make("QA-v0", dataset=data_of_words(), tokenizer=tokenizer)
        for tokenizer in ("shipped", model_folder("shipped"))
    )
    first = by_name.unwrapped.task.tokenizer  # type: ignore[attr-defined]
    second = by_folder.unwrapped.task.tokenizer  # type: ignore[attr-defined]
    assert first.fingerprint == second.fingerprint
    assert first.tokens[:3] == ("<pad>", "<eos>", "<unk>")


def data_of_words() -> Dataset:
    pairs = [Example("the capital of France", ("Paris",))]
    return Dataset("words", "en", "en", "MIT", "the tests", {"train": pairs})


@pytest.mark.parametrize("template", ["", "no place", "{prompt} {prompt}", 3, "{promt}"])
def test_a_template_without_a_place_is_refused(template: object) -> None:
    with pytest.raises(InvalidArgumentError, match="template must be a text"):
        gymnasium.make("QA-v0", dataset=data(), template=template)


def test_words_can_not_express_a_line_break() -> None:
    with pytest.raises(InvalidArgumentError, match="can't express"):
        gymnasium.make("QA-v0", dataset=data(), template=QUESTION)
