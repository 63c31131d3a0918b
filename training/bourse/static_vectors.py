"""Sentence vectors from the quantised static encoder, as the runtime computes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .artefact import read_artefact
from .hashing import pair_hashes
from .tokenise import Tokeniser


def _unpack(table: np.ndarray, bits: int) -> np.ndarray:
    """8 bits: as is. 4 bits: the low nibble is the even column, value = nibble - 8."""
    if bits == 8:
        return table.astype(np.float32)
    wide = np.empty((table.shape[0], table.shape[1] * 2), dtype=np.float32)
    wide[:, 0::2] = (table & 15).astype(np.float32) - 8
    wide[:, 1::2] = (table >> 4).astype(np.float32) - 8
    return wide


class StaticEncoder:
    def __init__(self, path: Path) -> None:
        tensors, meta = read_artefact(path)
        self.name: str = meta["name"]
        self.dimensions: int = meta["dimensions"]
        pieces = tensors["vocabulary"].tobytes().decode("utf-8").split("\n")
        self.tokeniser = Tokeniser(pieces)
        self._rows = _unpack(tensors["embeddings"], meta["bits"]) * tensors["scales"][:, None]
        self._pairs: np.ndarray | None = None
        if meta.get("pairs") is not None:
            wide = _unpack(tensors["pair_embeddings"], meta["bits"])
            self._pairs = wide * tensors["pair_scales"][:, None]

    def vector(self, ids: np.ndarray) -> np.ndarray:
        """Unit length; the zero vector where no token has weight."""
        total = self._rows[ids].sum(axis=0, dtype=np.float32)
        if self._pairs is not None and len(ids) > 1:
            total = total + self._pairs[pair_hashes(ids) % np.uint32(len(self._pairs))].sum(axis=0)
        length = float(np.sqrt((total.astype(np.float64) ** 2).sum()))
        return (total / length if length > 0 else total).astype(np.float32)

    def vectors(self, ids: list[np.ndarray]) -> np.ndarray:
        """Row-major [texts, dimensions]."""
        if not ids:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([self.vector(one) for one in ids])

    def embed(self, texts: list[str]) -> np.ndarray:
        return self.vectors(self.tokeniser.ids(texts))
