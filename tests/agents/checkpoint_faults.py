"""Ways in which a checkpoint can be wrong, each made from a whole one."""

from __future__ import annotations

import json
import os
import pickle
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

Members = dict[str, bytes]
Tensors = dict[str, torch.Tensor]

LARGE = 1 << 40
# Spaces in spaces, each within what JSON may nest.
DEPTH = 350
DEEP = (
    b'"observation_space": ' + b'{"type": "Tuple", "spaces": [' * DEPTH + b"]}" * DEPTH + b', "_"'
)


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: Members, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def with_config(change: Callable[[dict[str, Any]], Any]) -> Callable[[Members], Members]:
    """Return what changes the configuration in place."""

    def changed(members: Members) -> Members:
        config = json.loads(members["config.json"])
        change(config)
        return members | {"config.json": json.dumps(config).encode()}

    return changed


def setting(*keys: str, to: Any) -> Callable[[Members], Members]:
    """Return what sets a value in the configuration."""

    def change(config: dict[str, Any]) -> None:
        for key in keys[:-1]:
            config = config[key]
        config[keys[-1]] = to

    return with_config(change)


def with_tensors(member: str, change: Callable[[Tensors], Any]) -> Callable[[Members], Members]:
    """Return what changes the tensors of a member in place."""

    def changed(members: Members) -> Members:
        name = f"{member}.safetensors"
        tensors = safetensors.torch.load(members[name])
        change(tensors)
        return members | {name: safetensors.torch.save(tensors)}

    return changed


def spoiled(member: str, value: float) -> Callable[[Members], Members]:
    """Return what puts a value into the last floating tensor of a member."""

    def change(tensors: Tensors) -> None:
        name = [name for name, each in tensors.items() if each.is_floating_point()][-1]
        tensors[name] = torch.full_like(tensors[name], value)

    return with_tensors(member, change)


def reshaped(member: str, name: str, shape: tuple[int, ...]) -> Callable[[Members], Members]:
    """Return what gives a tensor another shape."""

    def change(tensors: Tensors) -> None:
        tensors[name] = torch.zeros(shape, dtype=tensors[name].dtype)

    return with_tensors(member, change)


def narrower(members: Members) -> Members:
    """Give all weights one row less."""
    tensors = safetensors.torch.load(members["model.safetensors"])
    smaller = {name: each[1:].contiguous() if each.ndim else each for name, each in tensors.items()}
    return members | {"model.safetensors": safetensors.torch.save(smaller)}


def headed(header: bytes, length: int | None = None) -> Callable[[Members], Members]:
    """Return what gives the weights another header, or one that claims a length."""
    size = len(header) if length is None else length
    return lambda members: members | {"model.safetensors": struct.pack("<Q", size) + header}


def actions_beyond(members: Members) -> Members:
    """Let the replay memory hold actions that write far outside of any array."""
    tensors = safetensors.torch.load(members["replay.safetensors"])
    tensors["rows"] = torch.full_like(tensors["rows"], 127)
    return members | {"replay.safetensors": safetensors.torch.save(tensors)}


# Of the content of a zip: what is wrong, and what the refusal names.
CONTENTS: dict[str, tuple[Callable[[Members], Members], str]] = {
    "no config": (lambda m: {k: v for k, v in m.items() if k != "config.json"}, "no config.json"),
    "no weights": (lambda m: {"config.json": m["config.json"]}, "does not fit"),
    "foreign member": (lambda m: m | {"data.pkl": pickle.dumps(1)}, "member 'data.pkl'"),
    "zip slip": (lambda m: m | {"../../evil.safetensors": b""}, r"member '\.\./\.\./evil"),
    "absolute path": (lambda m: m | {"/evil.safetensors": b""}, "member '/evil"),
    "folder": (lambda m: {f"agent/{k}": v for k, v in m.items()}, "member 'agent/config.json'"),
    "no JSON": (lambda m: m | {"config.json": b"{"}, "it is no JSON: Expecting"),
    "no text": (lambda m: m | {"config.json": b"\xff\xfe\xfd"}, "it is no UTF-8"),
    "deep JSON": (lambda m: m | {"config.json": b"[" * 1_000_000}, "nested too deeply"),
    "huge JSON": (lambda m: m | {"config.json": b"[]," * 6_000_000}, "longer than"),
    "huge number": (lambda m: m | {"config.json": b"9" * 10_000}, "digit"),
    "NaN in JSON": (setting("num_timesteps", to=float("nan")), "holds NaN"),
    "doubled key": (
        lambda m: m | {"config.json": m["config.json"].replace(b"{", b'{"agent": "random",', 1)},
        "holds the key 'agent' twice",
    ),
    "other format": (setting("format", to="other"), "no config.json of format"),
    "newer version": (setting("version", to=2), "version 2.* reads version 1: install"),
    "strange version": (setting("version", to=["x" * 10_000]), "reads version 1: install"),
    "no agent": (setting("agent", to=None), "names no agent"),
    "absent agent": (setting("agent", to="nobody/here"), "'nobody/here'.*install"),
    "no spaces": (setting("observation_space", to=None), "describes no space"),
    "huge space": (setting("observation_space", "shape", to=[LARGE]), "describes no space"),
    "deep space": (
        lambda m: m | {"config.json": m["config.json"].replace(b'"observation_space"', DEEP, 1)},
        "nested too deeply",
    ),
    "huge action space": (setting("action_space", "n", to=LARGE), "for the spaces"),
    "no hyperparameters": (with_config(lambda c: c.pop("hyperparameters")), "does not fit"),
    "wrong hyperparameter": (setting("hyperparameters", "gamma", to=7), "gamma must be"),
    "unknown hyperparameter": (setting("hyperparameters", "gama", to=1), "gama|does not fit"),
    "huge layers": (setting("hyperparameters", "net_arch", to=[1 << 20] * 2), "far larger"),
    "huge memory": (setting("hyperparameters", "buffer_size", to=LARGE), "does not fit"),
    "other layers": (setting("hyperparameters", "net_arch", to=[9]), "does not fit"),
    "other shapes": (narrower, "does not fit"),
    "NaN": (spoiled("model", float("nan")), r"'.*' in the checkpoint .* not finite \(nan\)"),
    "infinity": (spoiled("model", float("-inf")), r"not finite \(-inf\)"),
    "empty member": (lambda m: m | {"model.safetensors": b""}, "longer than the file"),
    "huge header": (headed(b"[]," * 4_000_000), "header of 12000000 bytes is longer"),
    "absurd header": (headed(b"", (1 << 63) + 1), "longer than the file"),
    "deep header": (headed(b"[" * 1_000_000), "nested too deeply"),
    "huge tensor": (
        headed(b'{"a":{"dtype":"F32","shape":[%d],"data_offsets":[0,8]}}' % LARGE),
        "don't fit",
    ),
    "huge empty tensor": (
        headed(b'{"a":{"dtype":"F32","shape":[0,%d],"data_offsets":[0,0]}}' % (1 << 80)),
        "not whole numbers",
    ),
    "many dimensions": (
        headed(b'{"a":{"dtype":"F32","shape":%s,"data_offsets":[0,4]}}' % str([1] * 100).encode()),
        "dimensions",
    ),
}
# Of the training in it.
TRAININGS: dict[str, tuple[Callable[[Members], Members], str]] = {
    "no memory": (lambda m: {k: v for k, v in m.items() if "replay" not in k}, "does not fit"),
    "NaN in the target": (spoiled("target", float("nan")), "not finite"),
    "NaN in the optimizer": (spoiled("optimizer", float("nan")), "not finite"),
    "stretched moments": (reshaped("optimizer", "first_moment", (1,)), "has the shape"),
    "stretched memory": (reshaped("replay", "rows", (1, 1)), "has the shape"),
    "stretched position": (reshaped("position", "observation", (1, 1)), "has the shape"),
    "stretched episodes": (reshaped("episodes", "return", (7,)), "has the shape"),
    "stretched window": (reshaped("window", "lengths", (7,)), "has the shape"),
    "actions that there aren't": (actions_beyond, "actions"),
    "too full a memory": (
        with_tensors("replay", lambda t: t.update(counters=torch.tensor([0, LARGE]))),
        "memory of",
    ),
    "no horizon": (with_config(lambda c: c["training"].pop("horizon")), "horizon"),
    "no generator": (setting("training", "generator", to={}), "does not fit"),
    "a generator that is none": (
        setting("training", "replay_generator", "state", "state", to=-1),
        "does not fit",
    ),
    "other environments": (setting("training", "n_envs", to=3), "3 environments"),
    "environments that are no number": (
        setting("training", "n_envs", to="x\ny"),
        r"'x\\ny' environments",
    ),
    "no environment state": (setting("training", "environment_state", to=[]), "does not fit"),
    "damaged environment state": (
        setting("training", "environment_state", "generator", to={}),
        "does not fit",
    ),
    "impossible actions": (
        setting("training", "environment_state", "actions", to=[0, 99]),
        "actions",
    ),
}


def truncated(whole: Path, path: Path) -> Path:
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return path


def without_its_end(whole: Path, path: Path) -> Path:
    path.write_bytes(whole.read_bytes()[:-1])
    return path


def flipped(whole: Path, path: Path) -> Path:
    """Flip a bit of a weight, which only the checksum tells."""
    content = bytearray(whole.read_bytes())
    weights = members_of(whole)["model.safetensors"]
    content[content.index(weights) + len(weights) - 1] ^= 1
    path.write_bytes(content)
    return path


def empty(_: Path, path: Path) -> Path:
    path.touch()
    return path


def text(_: Path, path: Path) -> Path:
    path.write_text("not a checkpoint\n" * 100)
    return path


def numpy_file(_: Path, path: Path) -> Path:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))
    return path


def torch_file(_: Path, path: Path) -> Path:
    torch.save({"a": torch.zeros(3)}, path)
    return path


def bomb(whole: Path, path: Path) -> Path:
    """As many zeros as a thousand times the file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("config.json", members_of(whole)["config.json"])
        with archive.open("model.safetensors", "w", force_zip64=True) as stream:
            for _ in range(16):
                stream.write(bytes(1 << 22))
    return path


def overlapping(whole: Path, path: Path) -> Path:
    """Many members that are the same bytes of the file."""
    write(path, members_of(whole))
    with zipfile.ZipFile(path, "a") as archive:
        (weights,) = (each for each in archive.infolist() if "model" in each.filename)
        for index in range(2_000):
            entry = zipfile.ZipInfo(f"m{index}.safetensors")
            for name in ("CRC", "compress_size", "file_size", "header_offset"):
                setattr(entry, name, getattr(weights, name))
            archive.filelist.append(entry)
        archive._didModify = True
    return path


def absurdly_sized(whole: Path, path: Path) -> Path:
    """Weights that claim to have a terabyte, stored in no more than there is."""
    write(path, members_of(whole))
    with zipfile.ZipFile(path, "a") as archive:
        for entry in archive.infolist():
            if "model" in entry.filename:
                entry.file_size = entry.compress_size = LARGE
        archive._didModify = True
    return path


def crowded(whole: Path, path: Path) -> Path:
    """A table of contents of millions of entries."""
    write(path, members_of(whole))
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    start, size = struct.unpack("<I", content[end + 16 : end + 20])[0], end
    entry = content[start : start + 46 + struct.unpack("<H", content[start + 28 : start + 30])[0]]
    table = content[start:size] + entry * 300_000
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(table), start, 0)
    path.write_bytes(content[:start] + table + tail)
    return path


def encrypted(whole: Path, path: Path) -> Path:
    write(path, members_of(whole))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    return path


def twice(whole: Path, path: Path) -> Path:
    write(path, members_of(whole))
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("config.json", "{}")
    return path


def link_in_a_zip(whole: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", members_of(whole)["config.json"])
        link = zipfile.ZipInfo("model.safetensors")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return path


def unpacked(whole: Path, path: Path) -> Path:
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(path)
    return path


def link_in_a_folder(whole: Path, path: Path) -> Path:
    unpacked(whole, path)
    (path / "model.safetensors").unlink()
    (path / "model.safetensors").symlink_to("/dev/zero")
    return path


def pipe_in_a_folder(whole: Path, path: Path) -> Path:
    unpacked(whole, path)
    (path / "config.json").unlink()
    os.mkfifo(path / "config.json")
    return path


def pipe(_: Path, path: Path) -> Path:
    os.mkfifo(path)
    return path


def dangling(_: Path, path: Path) -> Path:
    path.symlink_to("nowhere.zip")
    return path


def loop(_: Path, path: Path) -> Path:
    path.symlink_to(path)
    return path


def empty_folder(_: Path, path: Path) -> Path:
    path.mkdir()
    return path


# Of the file itself.
FILES: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "missing": (lambda _, path: path, "No such file"),
    "truncated": (truncated, "not a zip file"),
    "without its end": (without_its_end, "not a zip file"),
    "a flipped bit": (flipped, "Bad CRC"),
    "zero bytes": (empty, "not a zip file"),
    "text": (text, "not a zip file"),
    "of NumPy": (numpy_file, "member 'a.npy'"),
    "of PyTorch": (torch_file, "member '"),
    "zip bomb": (bomb, "is compressed"),
    "overlapping members": (overlapping, "larger than the file"),
    "absurd size": (absurdly_sized, "larger than the file"),
    "crowded": (crowded, "table of contents is too long"),
    "encrypted": (encrypted, "encrypted"),
    "twice": (twice, "two members of one name"),
    "a link in a zip": (link_in_a_zip, "'model.safetensors' is a symbolic link"),
    "a link in a folder": (link_in_a_folder, "'model.safetensors' is a symbolic link"),
    "a pipe in a folder": (pipe_in_a_folder, "'config.json' is no regular file"),
    "a pipe": (pipe, "no regular file"),
    "a device": (lambda *_: Path("/dev/zero"), "no regular file"),
    "a dangling link": (dangling, "No such file"),
    "a link to itself": (loop, "can't be read"),
    "an empty folder": (empty_folder, "no config.json"),
}


def make(name: str, whole: Path, folder: Path) -> tuple[Path, str]:
    """Return a faulty file, and what its refusal must name."""
    path = folder / "faulty.zip"
    if name in FILES:
        fault, named = FILES[name]
        return fault(whole, path), named
    content, named = (CONTENTS | TRAININGS)[name]
    return write(path, content(members_of(whole))), named
