"""A tokenizer of Hugging Face, trained here, whose tokens are pieces of words and of characters."""

from __future__ import annotations

import json

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

import lexigym  # noqa: F401, registers the ids
from lexigym.envs.datasets.stories import sentences
from lexigym.registry.errors import InvalidArgumentError

tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

ARGUMENTS = [
    ("Translation-v0", {"target": "zh"}),
    ("Translation-v0", {"target": "fr"}),
    ("QA-v0", {"level": "small", "candidates": 8}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved tokenizer of 600 byte pairs, which can write anything."""
    pieces = tokenizers.Tokenizer(tokenizers.models.BPE())
    pieces.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False
    )
    pieces.train_from_iterator(sentences(), trainer)
    folder = tmp_path_factory.mktemp("tokenizer")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token="<end>")
    fast.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS, ids=str)
def test_a_text_is_written_in_its_pieces(name, arguments, folder):
    env = gymnasium.make(name, tokenizer=folder, **arguments).unwrapped
    check_env(env, skip_render_check=True)
    assert env.action_space.n == 600
    env.reset(seed=0)
    best, total, terminated = env.oracle_return(), 0.0, False
    while not terminated:
        _, reward, terminated, _, info = env.step(env.oracle_action())
        total += reward
    assert total == pytest.approx(best)
    assert info["score"] == pytest.approx(env.task.scorer.score(env.text, env._example.goal))
    if "candidates" not in arguments:
        assert env.text in env.references


def test_without_a_network_a_name_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InvalidArgumentError, match="can't be loaded"):
        gymnasium.make("QA-v0", level="small", tokenizer=str(tmp_path / "absent"))


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "[" * 100_000, '{"model": {"type": 1}}'])
def test_a_damaged_file_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    (tmp_path / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "PreTrainedTokenizerFast"}'
    )
    with pytest.raises(InvalidArgumentError, match="can't be loaded") as caught:
        gymnasium.make("QA-v0", level="small", tokenizer=str(tmp_path))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 800


def test_code_of_a_tokenizer_is_not_executed(tmp_path, monkeypatch):
    folder, mark = tmp_path / "tokenizer", tmp_path / "mark"
    folder.mkdir()
    (folder / "evil.py").write_text(f"from pathlib import Path\nPath({str(mark)!r}).touch()\n")
    code = {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "Evil", "auto_map": code})
    )
    # Whoever is asked says yes.
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(InvalidArgumentError, match="can't be loaded"):
        gymnasium.make("QA-v0", level="small", tokenizer=str(folder))
    assert not mark.exists()
