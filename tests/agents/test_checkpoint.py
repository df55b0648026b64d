"""Checkpoints survive crashes and refuse everything that isn't one of ours."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lexigym.agents.checkpoint import read_config, read_tensors, write_checkpoint
from lexigym.registry.errors import CheckpointError

CONFIG = {"agent": "dqn", "hyperparameters": {"gamma": 0.99, "net_arch": [64, 64]}}


def tensors() -> dict[str, torch.Tensor]:
    shared = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    return {
        "flag": torch.tensor(True),
        "tied": shared,
        "tied_again": shared,
        "transposed": shared.T,
        "bytes": torch.arange(5, dtype=torch.uint8),
        "count": torch.tensor(2**40),
        "double": torch.tensor([np.pi, np.nan, np.inf], dtype=torch.float64),
        "half": torch.ones(3, dtype=torch.bfloat16),
        "empty": torch.zeros(0, 4),
        "weight": torch.nn.Parameter(torch.ones(2)),
    }


def save(path: Path) -> Path:
    return write_checkpoint(
        path, CONFIG, {"model": tensors(), "replay": {"done": np.ones(3, bool)}}
    )


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def rewrite(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def config_bytes(**changes: object) -> bytes:
    config = {"format": "lexigym-checkpoint", "version": 1, **CONFIG, **changes}
    return json.dumps(config).encode()


def assert_same(read: dict[str, torch.Tensor] | None, written: dict[str, torch.Tensor]) -> None:
    assert read is not None
    assert list(read) == list(written)
    for name, tensor in written.items():
        assert read[name].dtype == tensor.dtype
        torch.testing.assert_close(read[name], tensor.detach(), rtol=0, atol=0, equal_nan=True)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = save(tmp_path / "new" / "agent")
    assert path == tmp_path / "new" / "agent.zip"
    assert read_config(tmp_path / "new" / "agent") == json.loads(config_bytes())
    assert_same(read_tensors(path, "model"), tensors())
    assert_same(read_tensors(path, "replay"), {"done": torch.ones(3, dtype=torch.bool)})
    assert read_tensors(path, "generators") is None
    assert names_in(path.parent) == ["agent.zip"]


def test_unpacked_checkpoint_is_a_checkpoint_that_safetensors_reads(tmp_path: Path) -> None:
    path = save(tmp_path / "agent.zip")
    directory = tmp_path / "unpacked"
    zipfile.ZipFile(path).extractall(directory)
    (directory / "README.md").touch()
    assert read_config(directory) == read_config(path)
    assert_same(read_tensors(directory, "model"), tensors())
    by_the_library = safetensors.torch.load_file(directory / "model.safetensors")
    assert_same({name: by_the_library[name] for name in tensors()}, tensors())


def test_files_of_the_safetensors_library_are_read(tmp_path: Path) -> None:
    written = {"a": torch.arange(3), "b": torch.tensor([True, False])}
    (tmp_path / "config.json").write_bytes(config_bytes())
    safetensors.torch.save_file(written, tmp_path / "model.safetensors", {"made": "elsewhere"})
    assert_same(read_tensors(tmp_path, "model"), written)


def test_arrays_of_any_layout(tmp_path: Path) -> None:
    arrays = {
        "reversed": np.arange(4)[::-1],
        "big_endian": np.arange(4, dtype=">f8"),
        "read_only": np.broadcast_to(np.int32(7), (2, 2)),
        "scalar": np.float32(3),
    }
    path = write_checkpoint(tmp_path / "a", CONFIG, {"model": arrays})
    read = read_tensors(path, "model")
    assert read is not None
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name].numpy(), array)


def test_same_state_same_bytes(tmp_path: Path) -> None:
    assert save(tmp_path / "a").read_bytes() == save(tmp_path / "b").read_bytes()


def test_full_disk_keeps_the_old_checkpoint(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = save(tmp_path / "agent")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(CheckpointError, match=r"agent\.zip.*is intact") as error:
            write_checkpoint(path, CONFIG, {"model": {"big": torch.zeros(1 << 20)}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(error.value.__cause__, OSError)
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["agent.zip"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failure_at_the_end_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = save(tmp_path / "agent")
    before = path.read_bytes()

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[call], fail)
    with pytest.raises(CheckpointError, match=os.strerror(errno.ENOSPC)):
        write_checkpoint(path, {"agent": "random"}, {})
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["agent.zip"]


@pytest.mark.parametrize(
    ("config", "tensors", "named"),
    [
        ({"agent": "dqn", "schedule": len}, {}, "not JSON serializable"),
        ({"agent": "dqn", "space": json.loads("[" * 100 + "]" * 100)}, {}, "nested too deeply"),
        ({"agent": "dqn", "gamma": np.nan}, {}, "it holds NaN"),
        ({"agent": "dqn", "names": {1: "a", "1": "b"}}, {}, "holds the key '1' twice"),
        (CONFIG, {"model": {"z": torch.zeros(1, dtype=torch.complex64)}}, "'z' has dtype"),
        (CONFIG, {"model": {"text": np.array(["a"])}}, "tensors numbers"),
        (CONFIG, {"../model": {}}, "'../model' is not a name"),
    ],
)
def test_what_cannot_be_represented_is_refused(
    tmp_path: Path, config: dict, tensors: dict, named: str
) -> None:
    with pytest.raises(CheckpointError, match=named):
        write_checkpoint(tmp_path / "agent", config, tensors)
    assert names_in(tmp_path) == []


MODEL = safetensors.torch.save({"a": torch.zeros(2)})
HEADER = MODEL[8 : 8 + MODEL[0]]


def model_bytes(header: bytes, data: bytes = bytes(8)) -> bytes:
    return len(header).to_bytes(8, "little") + header + data


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({}, "no config.json"),
        ({"model.safetensors": MODEL}, "no config.json"),
        ({"config.json": b"{"}, "it is no JSON: Expecting"),
        ({"config.json": b"[" * 100_000}, "nested too deeply"),
        ({"config.json": b"\xff"}, "it is no UTF-8"),
        ({"config.json": b'{"a": 1, "a": 2}'}, "holds the key 'a' twice"),
        ({"config.json": b"[]"}, "no config.json of format"),
        ({"config.json": config_bytes(format="other")}, "no config.json of format"),
        ({"config.json": config_bytes(version=2)}, "version 2.*newer"),
        ({"config.json": config_bytes(agent=None)}, "names no agent"),
        ({"config.json": config_bytes(), "data.pkl": pickle.dumps(1)}, "member 'data.pkl'"),
        ({"config.json": config_bytes(), "a/model.safetensors": MODEL}, "member 'a/model"),
        ({"config.json": config_bytes(), "../model.safetensors": MODEL}, r"member '\.\./model"),
    ],
)
def test_foreign_archives_are_refused(
    tmp_path: Path, members: dict[str, bytes], named: str
) -> None:
    path = rewrite(tmp_path / "foreign.zip", members)
    with pytest.raises(CheckpointError, match=named) as error:
        read_config(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (b"", "longer than the file"),
        ((2**63).to_bytes(8, "little"), "longer than the file"),
        (MODEL[:-1], "don't fit"),
        (MODEL + b"\0", "bytes follow"),
        (model_bytes(b"[]"), "not a JSON object"),
        (model_bytes(b'{"a": 1}'), "incomplete"),
        (model_bytes(HEADER.rstrip(b" }") + b'}, "a": 1}'), "holds the key 'a' twice"),
        (model_bytes(HEADER.replace(b"F32", b"F31")), "unknown dtype"),
        (model_bytes(HEADER.replace(b"[2]", b"[-2]")), "not whole numbers"),
        (model_bytes(HEADER.replace(b"[2]", b"[2.0]")), "not whole numbers"),
        (model_bytes(HEADER.replace(b"[2]", b"[4000000000000]")), "don't fit"),
        (model_bytes(HEADER.replace(b"[0,8]", b"[8,16]"), bytes(16)), "don't fit"),
    ],
)
def test_damaged_members_are_refused(tmp_path: Path, model: bytes, named: str) -> None:
    members = {"config.json": config_bytes(), "model.safetensors": model}
    path = rewrite(tmp_path / "damaged.zip", members)
    with pytest.raises(CheckpointError, match=named):
        read_tensors(path, "model")


def test_compressed_members_are_refused(tmp_path: Path) -> None:
    members = {"config.json": config_bytes(), "model.safetensors": bytes(1 << 20)}
    path = rewrite(tmp_path / "bomb.zip", members, zipfile.ZIP_DEFLATED)
    with pytest.raises(CheckpointError, match="compressed"):
        read_config(path)


def test_repeated_members_are_refused(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "twice.zip", {"config.json": config_bytes()})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", config_bytes(agent="oracle"))
    with pytest.raises(CheckpointError, match="two members"):
        read_config(path)


def test_missing_empty_and_foreign_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.zip").touch()
    (tmp_path / "text.zip").write_text("not a checkpoint")
    (tmp_path / "directory").mkdir()
    for name in ("missing", "empty.zip", "text.zip", "directory"):
        with pytest.raises(CheckpointError, match=name):
            read_config(tmp_path / name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("checkpoints") / "whole.zip")


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_cut_or_a_flipped_byte_is_refused_or_harmless(whole: Path, data: st.DataObject) -> None:
    content = bytearray(whole.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[place:]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    damaged = whole.with_name("damaged.zip")
    damaged.write_bytes(content)
    try:
        config, model = read_config(damaged), read_tensors(damaged, "model")
    except CheckpointError:
        return
    assert config == read_config(whole)
    if model is not None:
        assert_same(model, tensors())


def test_overwriting_a_directory_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "agent.zip"
    shutil.copytree(tmp_path, directory)
    with pytest.raises(CheckpointError, match=r"agent\.zip"):
        save(tmp_path / "agent")
