"""Heads as they ship: loading and reference inference from the quantised file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import calibration
from .artefact import read_artefact
from .hashing import ngram_buckets
from .static_vectors import StaticEncoder
from .stats import stats_matrix


@dataclass(frozen=True)
class FeatureSpec:
    """What a head reads. `buckets` 0: no n-grams."""

    embedding: bool = True
    orders: tuple[int, ...] = (1, 2)
    buckets: int = 65536
    stats: tuple[str, ...] = ()

    def meta(self) -> dict[str, Any]:
        ngrams = {"orders": list(self.orders), "buckets": self.buckets} if self.buckets else None
        return {"embedding": self.embedding, "ngrams": ngrams, "stats": list(self.stats)}

    @staticmethod
    def of(meta: dict[str, Any]) -> FeatureSpec:
        ngrams = meta["ngrams"]
        return FeatureSpec(
            meta["embedding"],
            tuple(ngrams["orders"]) if ngrams else (),
            ngrams["buckets"] if ngrams else 0,
            tuple(meta["stats"]),
        )


@dataclass(frozen=True)
class Features:
    """`dense` [n, inputs]; `indices` holds the buckets of all texts in a row, text i from `starts[i]` on."""

    dense: np.ndarray
    indices: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.dense)

    def counts(self) -> np.ndarray:
        return np.diff(np.append(self.starts, len(self.indices)))


def features_of_ids(
    encoder: StaticEncoder, ids: list[np.ndarray], stats: np.ndarray, spec: FeatureSpec
) -> Features:
    vectors = encoder.vectors(ids) if spec.embedding else np.zeros((len(ids), 0), dtype=np.float32)
    bags = [ngram_buckets(one, spec.orders, spec.buckets) for one in ids] if spec.buckets else []
    sizes = np.array([len(bag) for bag in bags] if bags else [0] * len(ids), dtype=np.int64)
    return Features(
        np.concatenate([vectors, stats], axis=1).astype(np.float32),
        np.concatenate(bags) if bags else np.zeros(0, dtype=np.int64),
        np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
    )


def features_of(encoder: StaticEncoder, texts: list[str], spec: FeatureSpec) -> Features:
    return features_of_ids(
        encoder, encoder.tokeniser.ids(texts), stats_matrix(texts, spec.stats), spec
    )


def window_starts(tokens: int, window: dict[str, Any]) -> list[int]:
    """0, stride, 2·stride, … up to the first window that reaches the last token."""
    starts = [0]
    while starts[-1] + window["tokens"] < tokens:
        starts.append(starts[-1] + window["stride"])
    return starts


class Head:
    def __init__(self, path: Path, encoder: StaticEncoder) -> None:
        self.tensors, self.meta = read_artefact(path)
        if self.meta["encoder"] != encoder.name:
            raise ValueError(f"{path}: made for encoder {self.meta['encoder']}, not {encoder.name}")
        self.encoder = encoder
        self.spec = FeatureSpec.of(self.meta["features"])
        self.outputs = 2 if self.meta["output"] == "value" else (
            1 if self.meta["output"] == "sigmoid" else len(self.meta["labels"]))

    def raw(self, features: Features) -> np.ndarray:
        """[n, C] before calibration."""
        tensors = self.tensors
        logits = np.zeros((len(features), self.outputs), dtype=np.float32)
        if "mean" in tensors:
            x = (features.dense - tensors["mean"]) / tensors["deviation"]
            depth = 0
            while f"dense{depth}_weight" in tensors:
                weight = tensors[f"dense{depth}_weight"].astype(np.float32)
                x = (np.maximum(x, 0) if depth else x) @ weight.T + tensors[f"dense{depth}_bias"]
                depth += 1
            logits += x
        if "bias" in tensors:
            logits += tensors["bias"]
        if self.spec.buckets and len(features.indices):
            table = tensors["ngram_weights"].astype(np.float32) * tensors["ngram_scales"]
            counts = features.counts()
            sums = np.zeros_like(logits)
            np.add.at(sums, np.repeat(np.arange(len(features)), counts), table[features.indices])
            logits += sums / np.sqrt(np.maximum(counts, 1))[:, None]
        return logits

    def logits(self, texts: list[str]) -> np.ndarray:
        """[n, C]; with a window, of the window whose last logit is largest (aggregate "max")."""
        window = self.meta.get("window")
        if window is None:
            return self.raw(features_of(self.encoder, texts, self.spec))
        rows = []
        stats = stats_matrix(texts, self.spec.stats)
        for one, stat in zip(self.encoder.tokeniser.ids(texts), stats, strict=True):
            parts = [one[s : s + window["tokens"]] for s in window_starts(len(one), window)]
            repeated = np.repeat(stat[None, :], len(parts), axis=0)
            logits = self.raw(features_of_ids(self.encoder, parts, repeated, self.spec))
            rows.append(logits[int(np.argmax(logits[:, -1]))])
        return np.stack(rows)

    def probabilities(self, texts: list[str]) -> np.ndarray:
        return calibration.probabilities(
            self.logits(texts), self.meta["output"], self.meta["calibration"]
        )

    def confidences(self, shares: np.ndarray) -> np.ndarray:
        return calibration.confidences(shares, self.meta["output"], self.meta["calibration"])

    def estimates(self, texts: list[str]) -> np.ndarray:
        """Of a value head: [n, 2], mean and deviation of the natural logarithm."""
        raw = self.logits(texts)
        calibrated = self.meta["calibration"]
        spread = calibrated["temperature"] if calibrated["kind"] == "temperature" else 1.0
        return np.stack([raw[:, 0], np.exp(raw[:, 1]) * spread], axis=1)
