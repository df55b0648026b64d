"""Tensors as safetensors: what is taken, the library of that name reads the same."""

from __future__ import annotations

import io

import safetensors.torch
import torch

from lexigym.agents.tensor_file import DTYPES, read_tensor_file, write_tensor_file

from ..documents import EDITS, document_of
from ..judging import refusing


def _written(**tensors: torch.Tensor) -> bytes:
    stream = io.BytesIO()
    write_tensor_file(stream, tensors)
    return stream.getvalue()


# Headers of as many bytes of data as follow an edited one.
DATA = bytes(range(64))
HEADERS = (
    {
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "BF16", "shape": [20], "data_offsets": [24, 64]},
    },
    {
        "": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]},
        "é": {"dtype": "BOOL", "shape": [0, 7], "data_offsets": [8, 8]},
        "x": {"dtype": "U8", "shape": [7, 8, 1], "data_offsets": [8, 64]},
        "__metadata__": {"a": "b"},
    },
)
# And two that the library knows, but no checkpoint.
CODES = (*DTYPES, "F8_E4M3", "C64")
SEEDS = (
    _written(weight=torch.arange(6.0).reshape(2, 3), bias=torch.ones(2, dtype=torch.bfloat16)),
    _written(mask=torch.tensor([True, False]), empty=torch.empty(0, 3, dtype=torch.int64)),
    _written(),
    b"\0\0",
    b"\0\1\0\1\2\3",
)
WORDS = (
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    *(f'"{code}"'.encode() for code in CODES),
    b'"__metadata__":{}',
    b"[0,4611686018427387904]",
    b"2305843009213693952",
    b"[[[[[[[[",
    b"NaN",
    b"\\ud800",
)


def run(data: bytes) -> None:
    """Read a file of tensors."""
    if data.startswith(EDITS):
        header = document_of(data, HEADERS, CODES)
        data = len(header).to_bytes(8, "little") + header + DATA
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
