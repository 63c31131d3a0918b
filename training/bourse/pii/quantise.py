"""Weights as int8 with one scale per label, and as the runtime computes with them."""

from __future__ import annotations

import numpy as np

from .crf import Weights


def quantise(weights: Weights) -> tuple[dict[str, np.ndarray], Weights]:
    """Tensors of the file, and the weights that they stand for. Outliers beyond the 99.99th percentile are cut."""
    top = np.maximum(np.quantile(np.abs(weights.rows), 0.9999, axis=0), 1e-3)
    scales = (top / 127).astype(np.float32)
    small = np.clip(np.rint(weights.rows / scales), -127, 127).astype(np.int8)
    transitions = weights.transitions.astype(np.float32)
    tensors = {"weights": small, "scales": scales, "transitions": transitions}
    return tensors, Weights(small.astype(np.float32) * scales, transitions.astype(np.float64))
