"""The safetensors format, written and read tensor by tensor through any binary stream.

The format (https://github.com/huggingface/safetensors#format): eight bytes of header length, a JSON
header of names, dtypes, shapes and offsets, then the little-endian data without gaps. The
safetensors library itself takes whole files or whole byte strings only; here a replay memory of
gigabytes goes into and out of a checkpoint without a second copy of it in memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import torch

from ..registry.checkpoint import PIECE_BYTES
from ..registry.plain_json import read_plain

DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}
DTYPE_CODES = {dtype: code for code, dtype in DTYPES.items()}

# Enough for tens of thousands of tensors; parsed, it can take some twenty times as much memory.
MAX_HEADER_BYTES = 1 << 23
# PyTorch counts in 64 bits, and NumPy has as many dimensions.
MAX_SIZE, MAX_DIMENSIONS = 1 << 62, 32


def write_tensor_file(
    stream: IO[bytes], tensors: Mapping[str, torch.Tensor | npt.NDArray[Any]]
) -> None:
    """Write tensors and arrays of any shape; those that share memory are each written in full.

    Raises:
        ValueError: If a dtype is not one of `DTYPES`, or there are too many tensors.
        TypeError: If an array holds no numbers.
    """
    parts = {name: _as_tensor(tensor) for name, tensor in tensors.items()}
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in parts.items():
        if tensor.dtype not in DTYPE_CODES:
            raise ValueError(f"{name!r} has dtype {tensor.dtype}, none of {', '.join(DTYPES)}")
        start, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": DTYPE_CODES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"its header is longer than {MAX_HEADER_BYTES} bytes")
    stream.write(len(text).to_bytes(8, "little") + text)
    for tensor in parts.values():
        stream.write(_bytes_of(tensor.cpu().contiguous()).data)


def read_tensor_file(stream: IO[bytes], size: int) -> dict[str, torch.Tensor]:
    """Read the next `size` bytes as safetensors, in the order of the data, onto the CPU.

    Raises:
        ValueError: If they are not exactly one complete safetensors file.
    """
    header_size = int.from_bytes(stream.read(8), "little")
    data_size = size - 8 - header_size
    if header_size > MAX_HEADER_BYTES or data_size < 0:
        raise ValueError(
            f"its header of {header_size} bytes is longer than the file, or than {MAX_HEADER_BYTES}"
        )
    text = bytearray(header_size)
    _read_exactly(stream, memoryview(text))
    header = read_plain(bytes(text))
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    header.pop("__metadata__", None)
    entries = sorted((_parse_entry(name, entry) for name, entry in header.items()), key=_offsets)
    tensors = {}
    end = 0
    for name, dtype, shape, offsets in entries:
        start, end = end, end + math.prod(shape) * dtype.itemsize
        # Checked before anything is allocated, so that a header can't ask for more than the file.
        if offsets != (start, end) or end > data_size:
            raise ValueError(f"the offsets of {name!r} don't fit its shape")
        tensors[name] = torch.empty(shape, dtype=dtype)
        _read_exactly(stream, _bytes_of(tensors[name]).data)
    if end != data_size:
        raise ValueError("bytes follow the last tensor")
    return tensors


_Entry = tuple[str, torch.dtype, tuple[int, ...], tuple[int, int]]


def _parse_entry(name: str, entry: Any) -> _Entry:
    if not name.isascii() and any(0xD800 <= ord(each) <= 0xDFFF for each in name):
        raise ValueError(f"the name {name!r} holds half of a character, a lone surrogate")
    try:
        dtype = DTYPES[entry["dtype"]]
        start, end = entry["data_offsets"]
        numbers = (*entry["shape"], start, end)
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"the header of {name!r} is incomplete or of an unknown dtype") from None
    if not all(type(number) is int and 0 <= number < MAX_SIZE for number in numbers):
        raise ValueError(f"the shape and offsets of {name!r} are not whole numbers")
    if len(numbers) - 2 > MAX_DIMENSIONS:
        raise ValueError(f"{name!r} has more than {MAX_DIMENSIONS} dimensions")
    return name, dtype, numbers[:-2], (start, end)


def _offsets(entry: _Entry) -> tuple[int, int]:
    return entry[-1]


def _read_exactly(stream: IO[bytes], buffer: memoryview) -> None:
    # Because `read` makes a copy of its own.
    while buffer:
        piece = stream.read(min(len(buffer), PIECE_BYTES))
        if not piece:
            raise ValueError("the file ends in the middle")
        buffer[: len(piece)] = piece
        buffer = buffer[len(piece) :]


def _as_tensor(tensor: torch.Tensor | npt.NDArray[Any]) -> torch.Tensor:
    if isinstance(tensor, torch.Tensor):
        return tensor.detach()
    array = np.asarray(tensor)
    little_endian = array.dtype.newbyteorder("<")
    return torch.from_numpy(np.require(array, little_endian, ["C", "W"]))


def _bytes_of(tensor: torch.Tensor) -> npt.NDArray[np.uint8]:
    if not tensor.numel():
        # An empty one may have a stride that no view allows.
        return np.empty(0, dtype=np.uint8)
    return tensor.reshape(-1).view(torch.uint8).numpy()
