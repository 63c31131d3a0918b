"""Calibration of scores, and how far confidences are from the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))


def ece(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass: Σ (size/n)·|mean right - mean confidence|.

    Of a sigmoid head: `confidence` is P(label[1]) and `right` whether label[1] holds.
    """
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(right[p].mean() - confidence[p].mean()) * len(p) for p in parts if len(p)]
    return float(sum(gaps) / max(1, len(order)))


def temperature_of(logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The temperature that minimises the log loss of softmax(logits / temperature)."""

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        return float((top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
                      - scaled[np.arange(len(labels)), labels]).mean())

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded")
    return {"kind": "temperature", "temperature": round(float(np.exp(best.x)), 6)}


def platt_of(logits: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """P = sigmoid(a·logit + b); `truth` may be probabilities."""

    def loss(weights: np.ndarray) -> float:
        scaled = weights[0] * logits + weights[1]
        return float((np.logaddexp(0, scaled) - truth * scaled).mean())

    best = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return {"kind": "platt", "a": round(float(best[0]), 6), "b": round(float(best[1]), 6)}


def isotonic_of(scores: np.ndarray, truth: np.ndarray, points: int = 24) -> dict[str, Any]:
    """Monotone piecewise linear map; x rises strictly, values outside it are held at the ends."""
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, truth)
    x = np.unique(np.quantile(scores, np.linspace(0, 1, points)))
    y = np.maximum.accumulate(fitted.predict(x))
    return {"kind": "isotonic", "x": [round(float(v), 6) for v in x],
            "y": [round(float(v), 6) for v in y]}


def probabilities(logits: np.ndarray, output: str, calibration: dict[str, Any]) -> np.ndarray:
    """[n, labels] as the runtime gives them.

    softmax: temperature divides the logits (1 under other kinds). sigmoid: platt acts on the logit,
    isotonic on sigmoid(logit), temperature divides the logit; the columns are (1 - P, P).
    """
    kind = calibration["kind"]
    temperature = calibration["temperature"] if kind == "temperature" else 1.0
    if output == "softmax":
        return softmax(logits / temperature)
    logit = logits[:, 0]
    if kind == "platt":
        p = sigmoid(calibration["a"] * logit + calibration["b"])
    elif kind == "isotonic":
        p = np.interp(sigmoid(logit), calibration["x"], calibration["y"])
    else:
        p = sigmoid(logit / temperature)
    return np.stack([1 - p, p], axis=1)


def confidences(shares: np.ndarray, output: str, calibration: dict[str, Any]) -> np.ndarray:
    """softmax: the largest probability, mapped by platt (on its logit) or isotonic. sigmoid: the larger of P, 1 - P."""
    top = shares.max(axis=1)
    if output != "softmax" or calibration["kind"] == "temperature":
        return top
    if calibration["kind"] == "platt":
        clipped = np.clip(top, 1e-6, 1 - 1e-6)
        return sigmoid(calibration["a"] * np.log(clipped / (1 - clipped)) + calibration["b"])
    return np.interp(top, calibration["x"], calibration["y"])
