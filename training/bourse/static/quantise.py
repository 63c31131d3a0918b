"""Rows of floats to 8- or 4-bit integers with one scale per row."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..artefact import write_artefact

NAME = "bourse-static-1"


def quantise(table: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers [rows, columns] and scales [rows]; of several clipping points the one of least squared error."""
    most = 2 ** (bits - 1) - 1
    peak = np.abs(table).max(axis=1)
    best_codes = np.zeros(table.shape, dtype=np.int8)
    best_scales = np.zeros(len(table), dtype=np.float32)
    best_error = np.full(len(table), np.inf)
    for clip in (1.0,) if bits == 8 else np.linspace(0.5, 1.0, 21):
        scales = np.maximum(peak * clip / most, 1e-12)[:, None]
        codes = np.clip(np.rint(table / scales), -most, most)
        squares = (codes * codes).sum(axis=1)
        fitted = np.where(squares > 0, (codes * table).sum(axis=1) / np.maximum(squares, 1), 0)
        error = ((codes * fitted[:, None] - table) ** 2).sum(axis=1)
        better = error < best_error
        best_error[better] = error[better]
        best_codes[better] = codes[better].astype(np.int8)
        best_scales[better] = fitted[better]
    return best_codes, best_scales


def pack(codes: np.ndarray, bits: int) -> np.ndarray:
    """8 bits: as is. 4 bits: two columns to a byte, the even one in the low nibble, each plus 8."""
    if bits == 8:
        return codes.astype(np.int8)
    shifted = (codes + 8).astype(np.uint8)
    return shifted[:, 0::2] | (shifted[:, 1::2] << 4)


def write_encoder(path: Path, pieces: list[str], table: np.ndarray, pairs: np.ndarray | None, bits: int) -> int:
    """Writes the encoder file and gives its size in bytes."""
    codes, scales = quantise(table, bits)
    scales[pieces.index("[UNK]")] = 0
    tensors = {
        "vocabulary": np.frombuffer("\n".join(pieces).encode("utf-8"), dtype=np.uint8),
        "embeddings": pack(codes, bits),
        "scales": scales.astype(np.float32),
    }
    if pairs is not None:
        pair_codes, pair_scales = quantise(pairs, bits)
        tensors["pair_embeddings"] = pack(pair_codes, bits)
        tensors["pair_scales"] = pair_scales.astype(np.float32)
    meta = {
        "kind": "static-encoder",
        "version": 1,
        "name": NAME,
        "dimensions": int(table.shape[1]),
        "bits": bits,
        "tokenizer": {
            "kind": "wordpiece",
            "lowercase": True,
            "stripAccents": True,
            "continuation": "##",
            "unknown": "[UNK]",
            "maxWordCharacters": 100,
        },
        "pairs": None if pairs is None else {"buckets": len(pairs)},
    }
    return write_artefact(path, tensors, meta)
