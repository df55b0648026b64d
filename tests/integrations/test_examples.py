"""Each library trains on each environment by its id, from the script that a user would copy."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium
import pytest
import torch

from ..agents.adapters.masks import Recorded, RecordedVector

FOLDER = Path(__file__).parents[2] / "examples" / "integrations"
SCRIPTS = sorted(FOLDER.glob("*.py"))
WORLDS = {
    "GridRobot-v0": {},
    "TextGen-v0": {"level": "small"},
    "Translation-v0": {"level": "small"},
    "QA-v0": {"level": "small"},
}
TOKENS = [name for name, world in WORLDS.items() if world]
STEPS = 320
# What the libraries import and call is deprecated there.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

Run = Callable[..., list[bool]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a script in a folder of its own, and return of each action whether it was legal."""
    allowed: list[bool] = []
    make, make_vec = gymnasium.make, gymnasium.make_vec
    monkeypatch.setattr(gymnasium, "make", lambda *a, **k: Recorded(make(*a, **k), allowed))
    monkeypatch.setattr(
        gymnasium, "make_vec", lambda *a, **k: RecordedVector(make_vec(*a, **k), allowed)
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    threads = torch.get_num_threads()

    def run(script: str, id: str, steps: int, *options: str) -> list[bool]:  # noqa: A002
        arguments = [script, id, json.dumps(WORLDS[id]), str(steps), *options]
        monkeypatch.setattr(sys, "argv", arguments)
        torch.set_num_threads(1)
        runpy.run_path(str(FOLDER / script), run_name="__main__")
        assert f"on {id}: mean return" in capsys.readouterr().out
        return allowed

    yield run
    torch.set_num_threads(threads)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_short(script: Path) -> None:
    assert len(script.read_text("utf-8").splitlines()) <= 40


@pytest.mark.parametrize("id", WORLDS)
@pytest.mark.parametrize("num_envs", ["1", "4"])
@pytest.mark.parametrize("algorithm", ["dqn", "ppo"])
def test_stable_baselines3(run: Run, id: str, algorithm: str, num_envs: str) -> None:  # noqa: A002
    assert len(run("sb3_dqn_ppo.py", id, STEPS, algorithm, num_envs)) >= STEPS


@pytest.mark.parametrize("id", WORLDS)
def test_sb3_contrib_with_masks(run: Run, id: str) -> None:  # noqa: A002
    allowed = run("sb3_contrib_masks.py", id, STEPS)
    assert all(allowed)
    assert len(allowed) >= STEPS


@pytest.mark.parametrize("id", WORLDS)
def test_sb3_contrib_without_masks(run: Run, id: str) -> None:  # noqa: A002
    allowed = run("sb3_contrib_masks.py", id, STEPS, "qrdqn")
    assert len(allowed) >= STEPS
    assert all(allowed) == (id not in TOKENS)


@pytest.mark.parametrize("id", WORLDS)
def test_tianshou(run: Run, id: str) -> None:  # noqa: A002
    pytest.importorskip("tianshou")
    allowed = run("tianshou_dqn.py", id, STEPS)
    assert len(allowed) >= STEPS
    assert all(allowed)


@pytest.mark.parametrize("id", WORLDS)
def test_torchrl(run: Run, id: str) -> None:  # noqa: A002
    pytest.importorskip("torchrl")
    allowed = run("torchrl_dqn.py", id, STEPS)
    assert len(allowed) >= STEPS
    assert all(allowed)


@pytest.mark.parametrize("id", WORLDS)
def test_cleanrl(run: Run, id: str) -> None:  # noqa: A002
    allowed = run("cleanrl_dqn.py", id, 2 * STEPS)
    assert len(allowed) >= STEPS
    assert all(allowed)


@pytest.mark.parametrize("id", WORLDS)
def test_dm_env(run: Run, id: str) -> None:  # noqa: A002
    pytest.importorskip("dm_env")
    allowed = run("dm_env_view.py", id, 2 * STEPS)
    assert len(allowed) >= STEPS
    assert all(allowed)


@pytest.mark.parametrize("id", WORLDS)
@pytest.mark.parametrize("algorithm", ["dqn", "ppo"])
def test_rl_zoo(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    id: str,  # noqa: A002
    algorithm: str,
) -> None:
    pytest.importorskip("rl_zoo3")
    monkeypatch.chdir(tmp_path)
    command = f"train --algo {algorithm} --env {id} --gym-packages lexigym -n {STEPS} --conf-file"
    config = str(FOLDER / "rl_zoo" / f"{algorithm}.yml")
    monkeypatch.setattr(sys, "argv", [*command.split(), config])
    runpy.run_module("rl_zoo3.train", run_name="__main__")
    assert list(tmp_path.glob(f"logs/{algorithm}/*/{id}.zip"))


@pytest.mark.parametrize("id", TOKENS)
def test_trl_with_a_scorer_as_reward_function(run: Run, id: str) -> None:  # noqa: A002
    pytest.importorskip("trl")
    run("trl_grpo.py", id, 3)


@pytest.mark.parametrize("id", TOKENS)
def test_trl_with_environments(run: Run, chat_model: str, id: str) -> None:  # noqa: A002
    run("trl_environment.py", id, 2, chat_model)


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Save a tiny chat model with random weights, which reads bytes, and return its folder."""
    trl = pytest.importorskip("trl")
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    template = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    ids = {token: index for index, token in enumerate([*special, *letters])}
    backend = tokenizers.Tokenizer(tokenizers.models.BPE(ids, []))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = tokenizers.decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        additional_special_tokens=special[1:3],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=template.read_text("utf-8"),
    )
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "head_dim": 8}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    config = transformers.Qwen3Config(vocab_size=len(ids), **size, **heads)
    folder = str(tmp_path_factory.mktemp("chat"))
    transformers.Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
