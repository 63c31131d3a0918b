"""Artefacts: safetensors files whose metadata key `bourse` holds one JSON object."""

from __future__ import annotations

import json
import os
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

_DTYPES: dict[str, np.dtype] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "I32": np.dtype("<i4"),
    "U32": np.dtype("<u4"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def write_bytes(path: Path, data: bytes) -> None:
    """Writes beside the target and renames over it: a reader sees the old file or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def write_artefact(path: Path, tensors: dict[str, np.ndarray], meta: dict[str, Any]) -> int:
    """Writes `tensors` in the given order, each at an offset divisible by 4; gives the size in bytes.

    The same input gives the same bytes.
    """
    header: dict[str, Any] = {"__metadata__": {"bourse": json.dumps(meta, ensure_ascii=False)}}
    chunks: list[bytes] = []
    offset = 0
    # safetensors allows no holes: wide types come first, so that every tensor is aligned to its item size.
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].dtype.itemsize):
        array = np.ascontiguousarray(tensor)
        dtype = array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype
        chunk = array.astype(dtype, copy=False).tobytes()
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + b"".join(chunks)
    write_bytes(path, data)
    return len(data)


def read_artefact(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Gives the tensors (read-only views) and the `bourse` metadata."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    meta = json.loads(header.pop("__metadata__")["bourse"])
    tensors: dict[str, np.ndarray] = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        body = memoryview(data)[8 + length + start : 8 + length + end]
        view = np.frombuffer(body, dtype=_DTYPES[entry["dtype"]])
        tensors[name] = view.reshape(entry["shape"])
    return tensors, meta
