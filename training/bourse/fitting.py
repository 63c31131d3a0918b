"""From examples to a head: train on the training side, measure what would ship, then train on all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .head import Features, FeatureSpec, features_of
from .head_training import HeadNetwork, Plan, train
from .static_vectors import StaticEncoder


@dataclass
class Examples:
    """Texts with soft targets [n, C] and weights; `group` -1 or the near-duplicate group of the text."""

    texts: list[str]
    targets: list[np.ndarray]
    weights: list[float]
    groups: list[int]

    @staticmethod
    def empty() -> Examples:
        return Examples([], [], [], [])

    def add(self, text: str, target: np.ndarray, weight: float = 1.0, group: int = -1) -> None:
        self.texts.append(text)
        self.targets.append(target)
        self.weights.append(weight)
        self.groups.append(group)

    def __len__(self) -> int:
        return len(self.texts)


def subset(features: Features, places: np.ndarray) -> Features:
    counts = features.counts()[places]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    within = np.arange(counts.sum()) - np.repeat(starts, counts)
    indices = features.indices[np.repeat(features.starts[places], counts) + within]
    return Features(features.dense[places], indices, starts)


class Fitter:
    """Features are computed once; networks are trained on any subset of the examples."""

    def __init__(self, encoder: StaticEncoder, examples: Examples, spec: FeatureSpec, plan: Plan) -> None:
        self.encoder, self.spec, self.plan = encoder, spec, plan
        self.texts = examples.texts
        self.features = features_of(encoder, examples.texts, spec)
        self.targets = np.stack(examples.targets).astype(np.float32)
        self.weights = np.array(examples.weights, dtype=np.float32)
        self.groups = np.array(examples.groups)

    def networks(self, held: set[int], seeds: int) -> list[HeadNetwork]:
        """Trained on examples whose group is not in `held`."""
        return self.networks_of(np.flatnonzero(~np.isin(self.groups, list(held))), seeds)

    def networks_of(self, places: np.ndarray, seeds: int) -> list[HeadNetwork]:
        """Trained on the examples at `places`."""
        features = subset(self.features, places)
        unit = self.encoder.dimensions if self.spec.embedding else 0
        return [
            train(features, self.targets[places], self.weights[places], replace(self.plan, seed=seed),
                  self.spec.buckets, unit)
            for seed in range(1, seeds + 1)
        ]
