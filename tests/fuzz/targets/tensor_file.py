"""Tensors as safetensors: what is taken, the library of that name reads the same."""

from __future__ import annotations

import io

import safetensors.torch
import torch

from lexigym.agents.tensor_file import read_tensor_file, write_tensor_file

from ..judging import refusing


def _written(**tensors: torch.Tensor) -> bytes:
    stream = io.BytesIO()
    write_tensor_file(stream, tensors)
    return stream.getvalue()


SEEDS = (
    _written(weight=torch.arange(6.0).reshape(2, 3), bias=torch.ones(2, dtype=torch.bfloat16)),
    _written(mask=torch.tensor([True, False]), empty=torch.empty(0, 3, dtype=torch.int64)),
    _written(),
)
WORDS = (
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    *(f'"{code}"'.encode() for code in ("BOOL", "U8", "I16", "F16", "BF16", "F64", "F8_E4M3")),
    b'"__metadata__":{}',
    b"[0,4611686018427387904]",
    b"2305843009213693952",
    b"[[[[[[[[",
    b"NaN",
    b"\\ud800",
)


def run(data: bytes) -> None:
    """Read a file of tensors."""
    tensors = None
    with refusing(ValueError):
        tensors = read_tensor_file(io.BytesIO(data), len(data))
    if tensors is None:
        return
    stream = io.BytesIO()
    with refusing(ValueError):
        write_tensor_file(stream, tensors)
        theirs = safetensors.torch.load(stream.getvalue())
        assert theirs.keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert theirs[name].dtype == tensor.dtype
            assert theirs[name].shape == tensor.shape
            assert _bytes_of(theirs[name]) == _bytes_of(tensor)


def _bytes_of(tensor: torch.Tensor) -> bytes:
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
