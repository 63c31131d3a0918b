"""Regression of the teacher's sentence vectors on sums of token and pair vectors, with supervised contrast."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ..hashing import mix


@dataclass(frozen=True)
class Bags:
    """Token ids of many texts, end to end; text i has ids[starts[i]:starts[i + 1]]."""

    ids: np.ndarray
    starts: np.ndarray

    @staticmethod
    def of(lists: list[np.ndarray]) -> Bags:
        starts = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
        return Bags(np.concatenate(lists).astype(np.int64), starts)

    def take(self, index: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and offsets of the chosen texts, for an embedding bag."""
        lengths = self.starts[index + 1] - self.starts[index]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        ids = self.ids[np.repeat(self.starts[index], lengths) + within]
        return torch.from_numpy(ids), torch.from_numpy(offsets)


def pair_buckets(ids: torch.Tensor, offsets: torch.Tensor, buckets: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Buckets of adjacent pairs, one fewer than ids in each text."""
    tokens = ids.numpy().astype(np.uint32) + np.uint32(1)
    state = mix(mix(np.full(max(len(tokens) - 1, 0), 2, dtype=np.uint32), tokens[:-1]), tokens[1:])
    bounds = offsets.numpy()
    inside = np.ones(len(state), dtype=bool)
    ends = bounds[1:-1]
    inside[ends[(ends > 0) & (ends < len(tokens))] - 1] = False
    counts = np.maximum(np.diff(bounds) - 1, 0)
    return (
        torch.from_numpy((state[inside] % np.uint32(buckets)).astype(np.int64)),
        torch.from_numpy(np.concatenate([[0], np.cumsum(counts)])),
    )


class SumOfTokens(torch.nn.Module):
    """Unit sums of token vectors and, with buckets, of pair vectors."""

    def __init__(self, table: np.ndarray, buckets: int) -> None:
        super().__init__()
        self.tokens = torch.nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(table.astype(np.float32)), freeze=False, mode="sum", include_last_offset=True
        )
        self.buckets = buckets
        if buckets:
            self.pairs = torch.nn.EmbeddingBag(buckets, table.shape[1], mode="sum", include_last_offset=True)
            torch.nn.init.zeros_(self.pairs.weight)

    def forward(self, ids: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        total = self.tokens(ids, offsets)
        if self.buckets:
            total = total + self.pairs(*pair_buckets(ids, offsets, self.buckets))
        return functional.normalize(total, dim=1)


def structure_loss(made: torch.Tensor, wanted: torch.Tensor, temperature: float) -> torch.Tensor:
    """Divergence of the in-batch neighbour distributions, and squared error of the similarities."""
    similarity, target = made @ made.T, wanted @ wanted.T
    diagonal = torch.eye(len(made), dtype=torch.bool)
    logits = (similarity / temperature).masked_fill(diagonal, -1e4)
    goal = functional.softmax((target / temperature).masked_fill(diagonal, -1e4), dim=1)
    return -(goal * functional.log_softmax(logits, dim=1)).sum(1).mean() + 10 * functional.mse_loss(similarity, target)


def same_class_loss(made: torch.Tensor, labels: torch.Tensor, temperature: float) -> torch.Tensor:
    """Supervised contrast: each text is drawn to those of its class, away from the others of the batch."""
    diagonal = torch.eye(len(made), dtype=torch.bool)
    logits = (made @ made.T / temperature).masked_fill(diagonal, -1e4)
    same = (labels[:, None] == labels[None, :]) & ~diagonal
    chance = functional.log_softmax(logits, dim=1)
    return -((chance * same).sum(1) / same.sum(1).clamp(min=1)).mean()


def grouped_batches(groups: np.ndarray, size: int, per_group: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Endless batches of runs of `per_group` texts of one group each, so that batches hold near neighbours."""
    while True:
        order = rng.permutation(len(groups))
        order = order[np.argsort(groups[order], kind="stable")]
        runs = [order[start : start + per_group] for start in range(0, len(order), per_group)]
        rng.shuffle(runs)
        for start in range(0, len(runs) - size // per_group + 1, size // per_group):
            yield np.concatenate(runs[start : start + size // per_group])


def rate_at(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over 3 % of the steps, then a cosine to zero."""
    warm = max(1, steps * 3 // 100)
    return peak * (step + 1) / warm if step < warm else peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
