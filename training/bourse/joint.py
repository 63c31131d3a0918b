"""A fast head, the deep encoder and remembered examples as one answer, and the band in which it is worth asking for it.

Mirrored in `src/encoder/joint-answer.ts` and `label-memory.ts`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from .artefact import write_artefact, write_text
from .calibration import probabilities
from .data import MODELS
from .deep.session import Session
from .head import Head

NEIGHBOURS = 24
SHARPNESS = 14.0
SMOOTHING = 0.01
LOSS = 0.005
"""Share of right answers that the band may cost against always asking deep."""


@dataclass(frozen=True)
class DeepAnswers:
    """What the shipped deep encoder says of texts: calibrated probabilities of a head, and sentence vectors."""

    name: str
    probabilities: np.ndarray
    vectors: np.ndarray

    def at(self, places: np.ndarray) -> DeepAnswers:
        return DeepAnswers(self.name, self.probabilities[places], self.vectors[places])


def deep_answers(texts: list[str], head: str, folder: Path = MODELS) -> DeepAnswers:
    """Runs `deep-encoder.onnx` once per text, cut at what it sees."""
    about = json.loads((folder / "deep-encoder.json").read_text("utf-8"))
    session = Session(folder / about["model"])
    both = [session.run(session.ids(text), (head, "sentence")) for text in texts]
    logits = np.stack([one[0] for one in both])
    described = about["heads"][head]
    return DeepAnswers(about["name"], probabilities(logits, described["output"], described["calibration"]), np.stack([one[1] for one in both]))


@dataclass(frozen=True)
class Memory:
    """Labelled examples as int8 vectors with one scale per row."""

    vectors: np.ndarray
    scales: np.ndarray
    classes: np.ndarray
    labels: list[str]

    @staticmethod
    def of(vectors: np.ndarray, classes: np.ndarray, labels: list[str]) -> Memory:
        scales = (np.abs(vectors).max(axis=1) / 127).astype(np.float32)
        return Memory(np.rint(vectors / scales[:, None]).astype(np.int8), scales, classes.astype(np.uint8), labels)

    def shares(self, vectors: np.ndarray) -> np.ndarray:
        """[n, labels]: what the nearest examples say, plus the smoothing."""
        rows = self.vectors.astype(np.float32) * self.scales[:, None]
        found = np.zeros((len(vectors), len(self.labels)))
        for place, vector in enumerate(vectors):
            cosines = rows @ vector
            near = np.argpartition(-cosines, NEIGHBOURS)[:NEIGHBOURS]
            np.add.at(found[place], self.classes[near], np.exp(SHARPNESS * cosines[near]))
        return found / found.sum(axis=1, keepdims=True) + SMOOTHING

    def write(self, path: Path, task: str, encoder: str) -> int:
        meta = {"kind": "label-memory", "version": 1, "task": task, "encoder": encoder, "dimensions": self.vectors.shape[1],
                "labels": self.labels, "neighbours": NEIGHBOURS, "sharpness": SHARPNESS, "smoothing": SMOOTHING}
        return write_artefact(path, {"scales": self.scales, "vectors": self.vectors, "classes": self.classes}, meta)


def joined(weights: np.ndarray, voices: list[np.ndarray]) -> np.ndarray:
    """Probabilities in proportion to the product of the voices' powers; the last weight is added to the second of two labels, in logits."""
    scores = sum(w * np.log(np.maximum(v, 1e-6)) for w, v in zip(weights[:-1], voices, strict=True))
    if scores.shape[1] == 2:
        scores = scores + np.array([0.0, weights[-1]])
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def fit(voices: list[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """Weights of least log loss, and the offset (0 where there are not two labels)."""
    has_offset = voices[0].shape[1] == 2

    def full(free: np.ndarray) -> np.ndarray:
        weights = np.maximum(free[: len(voices)], 0)
        return np.append(weights, free[-1] if has_offset else 0.0)

    def loss(free: np.ndarray) -> float:
        return float(-np.log(joined(full(free), voices)[np.arange(len(truth)), truth] + 1e-12).mean())

    start = np.append(np.full(len(voices), 0.5), [0.0] if has_offset else [])
    return np.round(full(minimize(loss, start, method="Nelder-Mead", options={"maxiter": 2000}).x), 4)


def cross_fitted(voices: list[np.ndarray], truth: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Joined probabilities of each half by the weights of the other."""
    shares = np.zeros_like(voices[0])
    for known, asked in ((half, ~half), (~half, half)):
        shares[asked] = joined(fit([v[known] for v in voices], truth[known]), [v[asked] for v in voices])
    return shares


def metadata(weights: np.ndarray, deep: str) -> dict[str, Any]:
    fast, own, *memory = (float(w) for w in weights[:-1])
    return {"deep": deep, "fastWeight": fast, "deepWeight": own, "memoryWeight": memory[0] if memory else 0.0, "offset": float(weights[-1])}


def write_joint_fixture(path: Path, head: Head, deep: DeepAnswers, texts: list[str], weights: np.ndarray, memory: Memory | None = None) -> None:
    """Objects {text, probabilities} of the joint answer, from the shipped files."""
    voices = [head.probabilities(texts), deep.probabilities]
    if memory is not None:
        voices.append(memory.shares(deep.vectors))
    cases = [{"text": text, "probabilities": [round(float(p), 6) for p in row]} for text, row in zip(texts, joined(weights, voices), strict=True)]
    write_text(path, json.dumps({"task": head.meta["task"], "deep": deep.name, "cases": cases}, ensure_ascii=False, indent=1) + "\n")


def narrowest(doubt: np.ndarray, fast_right: np.ndarray, deep_right: np.ndarray, loss: float = LOSS) -> float:
    """The largest doubt such that asking deep from it on, or from any lesser doubt on, loses at most `loss` of the right
    answers against always asking. `doubt` is larger where the fast head is less sure."""
    order = np.argsort(-doubt, kind="stable")
    gains = deep_right[order].astype(float) - fast_right[order]
    lost = gains.sum() - np.concatenate([[0], np.cumsum(gains)])
    enough = lost <= loss * len(doubt)
    asked = int(len(enough) - np.argmin(enough[::-1])) if not enough.all() else 0
    return float(doubt[order[max(asked - 1, 0)]])


def careful(doubt: np.ndarray, fast_right: np.ndarray, deep_right: np.ndarray) -> float:
    """The least of the limits of all texts and of each half, for half of LOSS: few texts decide it, and too wide a band costs only time."""
    even = np.arange(len(doubt)) % 2 == 0
    return min(narrowest(doubt[part], fast_right[part], deep_right[part], LOSS / 2) for part in (even | True, even, ~even))


def measured_band(doubt: np.ndarray, fast_right: np.ndarray, deep_right: np.ndarray, rounds: int = 20) -> tuple[float, float, float]:
    """The limit of doubt; and the loss and the share of texts asked on halves under limits of the other half, over random halves."""
    rng = np.random.default_rng(3)
    lost, asked = [], []
    for _ in range(rounds):
        known = rng.random(len(doubt)) < 0.5
        is_asked = doubt[~known] >= careful(doubt[known], fast_right[known], deep_right[known])
        answers = np.where(is_asked, deep_right[~known], fast_right[~known])
        lost.append(deep_right[~known].mean() - answers.mean())
        asked.append(is_asked.mean())
    return careful(doubt, fast_right, deep_right), float(np.mean(lost)), float(np.mean(asked))
