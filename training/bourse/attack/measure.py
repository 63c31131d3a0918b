"""Scores of an attack detector."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score


def threshold_at(benign: np.ndarray, rate: float = 0.01) -> float:
    """The score that at most `rate` of the benign texts exceed."""
    ordered = np.sort(benign)[::-1]
    return float(ordered[int(np.floor(rate * len(ordered)))])


def recall_at(scores: np.ndarray, labels: np.ndarray, rate: float = 0.01) -> float:
    return float((scores[labels == 1] > threshold_at(scores[labels == 0], rate)).mean())


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    return float(roc_auc_score(labels, scores))
