"""Softmax regression over vector and words; mirrors `linear-classes.ts`."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, gcd

import numpy as np

from .lexical import buckets_of

LEXICAL_WEIGHT = 0.6
START_SCALE = 10.0
RATE = 2.0
STEPS_MIN = 8000
EPOCHS_MIN, EPOCHS_MAX = 4, 60
NEGLIGIBLE = 1e-3
TABLE_MAX = 1 << 22
BUCKET_BITS_MIN, BUCKET_BITS_MAX = 8, 14


@dataclass(frozen=True)
class Example:
    text: str
    label: int
    vector: np.ndarray


class LinearClasses:
    def __init__(self, examples: list[Example], classes: int) -> None:
        self.bits = BUCKET_BITS_MAX
        while (1 << self.bits) * classes > TABLE_MAX and self.bits > BUCKET_BITS_MIN:
            self.bits -= 1
        self._table = np.zeros((1 << self.bits, classes), dtype=np.float32)
        self._dense = np.zeros((classes, len(examples[0].vector)), dtype=np.float32)
        counts = np.bincount([e.label for e in examples], minlength=classes)
        for e in examples:
            self._dense[e.label] += e.vector * np.float32(START_SCALE / counts[e.label])
        self._train(examples)

    def probabilities(self, text: str, vector: np.ndarray) -> np.ndarray:
        buckets = buckets_of(text, self.bits)
        return self._probabilities(vector, buckets, self._value(buckets))

    @staticmethod
    def _value(buckets: np.ndarray) -> np.float32:
        return np.float32(LEXICAL_WEIGHT / np.sqrt(len(buckets)) if len(buckets) else 0)

    def _probabilities(self, vector: np.ndarray, buckets: np.ndarray, value: np.float32) -> np.ndarray:
        logits = self._dense @ vector + value * self._table[buckets].sum(axis=0)
        raised = np.exp(logits - logits.max())
        return raised / raised.sum()

    def _train(self, examples: list[Example]) -> None:
        features = [buckets_of(e.text, self.bits) for e in examples]
        count = len(examples)
        epochs = min(EPOCHS_MAX, max(EPOCHS_MIN, ceil(STEPS_MIN / count)))
        stride = max(1, int(count * 0.618 + 0.5))
        while gcd(stride, count) != 1:
            stride += 1
        at, steps = 0, count * epochs
        for step in range(steps):
            at = (at + stride) % count
            example, buckets = examples[at], features[at]
            value = self._value(buckets)
            errors = self._probabilities(example.vector, buckets, value)
            errors[example.label] -= 1
            moved = np.flatnonzero(np.abs(errors) >= NEGLIGIBLE)
            moves = (-RATE * (1 - step / steps) * errors[moved]).astype(np.float32)
            self._dense[moved] += moves[:, None] * example.vector[None, :]
            self._table[buckets[:, None], moved[None, :]] += moves[None, :] * value
