"""What speaks for an answer, cosines relative to how tight the classes are; mirrors `intent-index.ts` and `featuresOf` of `intent-calibration.ts`."""

from __future__ import annotations

import numpy as np

from .linear_classes import Example, LinearClasses

NEIGHBOURS = 3
FEATURES = ("logit", "nearest", "near", "centroid", "lead", "logExamples", "logClasses", "constant")


# What the shipped encoder does on average, worth as much as this many examples.
PRIOR_COHESION, PRIOR_WEIGHT = 0.7, 5.0


def cohesion_of(groups: list[np.ndarray]) -> float:
    """Mean cosine of an example with the centroid of the others of its class: how tight classes are in this space."""
    total, count = PRIOR_COHESION * PRIOR_WEIGHT, PRIOR_WEIGHT
    for group in groups:
        if len(group) < 2:
            continue
        others = group.sum(axis=0) - group
        lengths = np.linalg.norm(others, axis=1)
        total += float(((group * others).sum(axis=1) / np.where(lengths == 0, 1, lengths)).sum())
        count += len(group)
    return total / count


class IntentIndex:
    def __init__(self, examples: list[Example], classes: int) -> None:
        self._model = LinearClasses(examples, classes)
        self._groups = [np.stack([e.vector for e in examples if e.label == c]) for c in range(classes)]
        sums = np.stack([group.sum(axis=0) for group in self._groups])
        self._cohesion = cohesion_of(self._groups)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        self._centroids = sums / np.where(lengths == 0, 1, lengths)

    def evidence(self, text: str, vector: np.ndarray) -> tuple[int, np.ndarray]:
        """The nearest class, and the features in the order of FEATURES."""
        probabilities = self._model.probabilities(text, vector)
        best = int(probabilities.argmax())
        p = float(np.clip(probabilities[best], 1e-4, 1 - 1e-4))
        top = np.sort(self._groups[best] @ vector)[::-1][:NEIGHBOURS]
        to_centroids = self._centroids @ vector
        others = np.delete(to_centroids, best)
        lead = to_centroids[best] - max(0.0, float(others.max()) if len(others) else 0.0)
        return best, np.array([
            np.log(p / (1 - p)), top[0] / self._cohesion, top.mean() / self._cohesion,
            to_centroids[best] / self._cohesion, lead / self._cohesion, np.log(len(self._groups[best])), np.log(len(self._groups)), 1.0,
        ])
