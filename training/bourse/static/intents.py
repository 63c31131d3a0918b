"""Intent recognition from a few examples per intent, over unit vectors."""

from __future__ import annotations

import numpy as np

TEMPERATURE = 0.1
RATE = 0.2
EPOCHS = 5
PROTOTYPE_SHARE = 0.7


def refined_prototypes(vectors: np.ndarray, member: np.ndarray, count: int) -> np.ndarray:
    """Unit prototypes: centroids moved by softmax regression on the examples, one at a time, kept at unit length."""
    one_hot = np.eye(count, dtype=np.float32)[member]
    prototypes = _unit(one_hot.T @ vectors)
    rng = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        rate = RATE * (1 - epoch / EPOCHS)
        for index in rng.permutation(len(vectors)):
            logits = prototypes @ vectors[index] / TEMPERATURE
            excess = np.exp(logits - logits.max())
            excess /= excess.sum()
            excess[member[index]] -= 1
            moved = np.abs(excess) > 0.01
            prototypes[moved] = _unit(prototypes[moved] - rate * excess[moved, None] * vectors[index])
    return prototypes


def _unit(table: np.ndarray) -> np.ndarray:
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)


class Support:
    """The examples of all intents, and what each method derives from them."""

    methods = ("nearest", "centroid", "ridge", "prototype", "blend")

    def __init__(self, vectors: np.ndarray, labels: list[str]) -> None:
        self.names = sorted(set(labels))
        place = {name: index for index, name in enumerate(self.names)}
        self.vectors = vectors.astype(np.float32)
        self.member = np.array([place[label] for label in labels])
        one_hot = np.eye(len(self.names), dtype=np.float32)[self.member]
        self.centroids = _unit(one_hot.T @ self.vectors)
        self.prototypes = refined_prototypes(self.vectors, self.member, len(self.names))
        self.mean = self.vectors.mean(axis=0)
        centred = self.vectors - self.mean
        gram = centred.T @ centred + 0.03 * len(self.names) * np.eye(vectors.shape[1])
        self.weights = np.linalg.solve(gram, centred.T @ one_hot).astype(np.float32)

    def scores(self, queries: np.ndarray, method: str) -> np.ndarray:
        """One score per query and intent; the largest wins."""
        if method == "centroid":
            return queries @ self.centroids.T
        if method == "prototype":
            return queries @ self.prototypes.T
        if method == "ridge":
            return (queries - self.mean) @ self.weights
        similarity = queries @ self.vectors.T
        nearest = np.stack([similarity[:, self.member == index].max(axis=1) for index in range(len(self.names))], axis=1)
        if method == "nearest":
            return nearest
        return PROTOTYPE_SHARE * (queries @ self.prototypes.T) + (1 - PROTOTYPE_SHARE) * nearest


def accuracy(support: Support, queries: np.ndarray, labels: list[str], method: str) -> float:
    """Share of queries whose best intent is their label."""
    best = support.scores(queries, method).argmax(axis=1)
    return float(np.mean([support.names[index] == label for index, label in zip(best, labels)]))


def out_of_scope_recall(support: Support, inside: np.ndarray, outside: np.ndarray, lost: float = 0.05) -> dict[str, float]:
    """Share of outside queries below the score that `lost` of the inside queries do not reach, per score."""
    found = {}
    for method in support.methods:
        within = np.sort(support.scores(inside, method), axis=1)
        beyond = np.sort(support.scores(outside, method), axis=1)
        for name, share in (("", 0.0), ("_with_margin", 0.5)):
            score = within[:, -1] + share * (within[:, -1] - within[:, -2])
            other = beyond[:, -1] + share * (beyond[:, -1] - beyond[:, -2])
            found[method + name] = float((other < np.quantile(score, lost)).mean())
    return found
