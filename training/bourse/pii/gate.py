"""The gate: a cheap linear look that leaves out pieces which are surely no personal data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from .features import GATE_FEATURES

MISSED = 0.001
"""Share of the pieces of personal data that the gate may leave out."""


@dataclass
class Gate:
    weights: np.ndarray
    """int8 [rows]"""
    threshold: int

    def opens(self, rows: np.ndarray) -> np.ndarray:
        return self.weights[rows[:, :GATE_FEATURES]].astype(np.int32).sum(axis=1) >= self.threshold


def train_gate(rows: np.ndarray, truth: np.ndarray, weight: np.ndarray, height: int, epochs: int = 4,
               rate: float = 0.3, dropout: float = 0.2, seed: int = 5, batch: int = 8192) -> Gate:
    """Logistic regression over the first features; positives count four times."""
    rng = np.random.default_rng(seed)
    ids = rows[:, :GATE_FEATURES]
    table = np.zeros(height, dtype=np.float64)
    squares = np.full(height, 1e-3)
    weight = weight * np.where(truth, 4.0, 1.0)
    for epoch in range(epochs):
        order = rng.permutation(len(ids))
        for start in range(0, len(order), batch):
            pick = order[start : start + batch]
            flat = ids[pick].reshape(-1)
            used, columns = np.unique(flat, return_inverse=True)
            kept = (rng.random(len(flat)) >= dropout) / (1 - dropout)
            matrix = csr_matrix((kept, columns, np.arange(0, len(flat) + 1, GATE_FEATURES)), shape=(len(pick), len(used)))
            p = 1 / (1 + np.exp(-np.clip(matrix @ table[used], -30, 30)))
            slope = matrix.T @ ((p - truth[pick]) * weight[pick])
            squares[used] += slope**2
            table[used] -= rate * (1 - 0.8 * epoch / epochs) * slope / np.sqrt(squares[used])
    scale = max(np.quantile(np.abs(table), 0.9995), 1e-3) / 127
    small = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
    sums = small[ids].astype(np.int32).sum(axis=1)
    return Gate(small, int(np.quantile(sums[truth & (weight > 0)], MISSED)))
