"""Training by windows: a text is as hostile as its most hostile window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ..hashing import ngram_hashes, pair_hashes
from ..head import FeatureSpec, Features, window_starts
from ..head_training import HeadNetwork, Plan, _batch, standardisation
from ..static_vectors import StaticEncoder


@dataclass(frozen=True)
class Bags:
    """Windows of all texts in a row; text i owns windows from `first[i]` on."""

    features: Features
    first: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def counts(self) -> np.ndarray:
        return np.diff(np.append(self.first, len(self.features)))

    def select(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places of the windows of `texts`, and for each the number of its text within `texts`."""
        counts = self.counts()[texts]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        owner = np.repeat(np.arange(len(texts)), counts)
        return self.first[texts][owner] + np.arange(counts.sum()) - starts[owner], owner


def segment_starts(ids: np.ndarray, segments: dict) -> list[int]:
    """Where segments begin: a segment ends behind a mark of `ends` from `least` tokens on, or at `most` tokens."""
    is_end = np.isin(ids, segments["ends"])
    starts = [0]
    for place in range(len(ids) - 1):
        length = place + 1 - starts[-1]
        if (is_end[place] and length >= segments["least"]) or length == segments["most"]:
            starts.append(place + 1)
    return starts


def spans_of(ids: np.ndarray, window: dict) -> list[tuple[int, int]]:
    """Start and end of the windows; then, of a text of several segments, each segment and each two neighbours."""
    tokens = len(ids)
    spans = [(s, min(tokens, s + window["tokens"])) for s in window_starts(tokens, window)]
    segments = window.get("segments")
    if segments is not None:
        edges = [*segment_starts(ids, segments), tokens]
        if len(edges) > 2:
            spans += zip(edges[:-1], edges[1:], strict=True)
        if len(edges) > 3:
            spans += zip(edges[:-2], edges[2:], strict=True)
    return spans


def _running_sums(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((1, rows.shape[1]), dtype=np.float64), np.cumsum(rows, axis=0, dtype=np.float64)])


def bags_of(encoder: StaticEncoder, views: list[list[str]], spec: FeatureSpec, window: dict) -> Bags:
    """Features of the windows of all views of each text; sums over a text run once, windows are their differences."""
    dense: list[np.ndarray] = []
    bags: list[np.ndarray] = []
    first: list[int] = []
    count = 0
    owners = np.repeat(np.arange(len(views)), [len(one) for one in views])
    for ids, owner in zip(encoder.tokeniser.ids([view for one in views for view in one]), owners, strict=True):
        spans = spans_of(ids, window)
        if len(first) == owner:
            first.append(count)
        count += len(spans)
        starts, ends = np.array(spans).T
        if spec.embedding:
            sums = _running_sums(encoder._rows[ids])
            total = sums[ends] - sums[starts]
            if encoder._pairs is not None and len(ids) > 1:
                pairs = _running_sums(encoder._pairs[pair_hashes(ids) % np.uint32(len(encoder._pairs))])
                total += pairs[np.maximum(ends - 1, starts)] - pairs[starts]
            length = np.sqrt((total**2).sum(axis=1, keepdims=True))
            dense.append((total / np.where(length > 1e-9, length, 1)).astype(np.float32))
        hashes = [ngram_hashes(ids, order) % np.uint32(spec.buckets) for order in spec.orders]
        for s, e in spans:
            parts = [h[s : max(s, e - order + 1)] for h, order in zip(hashes, spec.orders, strict=True)]
            bags.append(np.unique(np.concatenate(parts)))
    sizes = np.array([len(bag) for bag in bags])
    features = Features(
        np.concatenate(dense) if spec.embedding else np.zeros((count, 0), dtype=np.float32),
        np.concatenate(bags).astype(np.int64),
        np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
    )
    return Bags(features, np.array(first, dtype=np.int64))


def _largest(logits: torch.Tensor, owner: torch.Tensor, texts: int) -> torch.Tensor:
    top = torch.full((texts,), -1e9)
    return top.scatter_reduce(0, owner, logits, "amax")


FLOOR_EVIDENCE = 2.0
FLOOR_LOGIT = -1.0


def joined(head: np.ndarray, reviewed: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Joined logits of texts. Where the reviewed features that speak for an attack weigh FLOOR_EVIDENCE or more, the head
    counts as no less than FLOOR_LOGIT: of a language or wording that it never met it knows nothing."""
    is_evident = reviewed @ np.maximum(weights, 0) >= FLOOR_EVIDENCE
    return np.where(is_evident, np.maximum(head, FLOOR_LOGIT), head) + reviewed @ weights


@dataclass(frozen=True)
class Trained:
    network: HeadNetwork
    weights: np.ndarray
    """[reviewed features], added to the largest window logit."""


@dataclass(frozen=True)
class Ensemble:
    """Models that ship as one: of each window the mean of their logits counts, and the mean of their weights."""

    models: list[Trained]

    def weights(self) -> np.ndarray:
        return np.mean([model.weights for model in self.models], axis=0)

    def scores(self, bags: Bags, reviewed: np.ndarray) -> np.ndarray:
        head = np.maximum.reduceat(np.mean([window_logits(model.network, bags) for model in self.models], axis=0), bags.first)
        return joined(head, reviewed, self.weights())


def train_bags(bags: Bags, reviewed: np.ndarray, prior: np.ndarray, targets: tuple[np.ndarray, np.ndarray], plan: Plan, buckets: int,
               unit: int, reviewed_drop: float = 0.3, reviewed_decay: float = 0.02) -> Trained:
    """Binary cross entropy of (largest window logit + reviewed features · weights), all trained together.

    `targets`: labels and weights of the texts. The reviewed weights start at `prior` and decay to it; orders,
    disguises and marks (prior > 0) never fall below zero. Of some texts the reviewed features are dropped whole,
    so that the head also learns to answer alone.
    """
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    labels, weights = targets
    counts = bags.counts()
    mean, deviation = standardisation(bags.features, np.repeat(weights / counts, counts), unit)
    network = HeadNetwork(plan, mean, deviation, buckets)
    floor = torch.from_numpy(np.where(prior > 0, 0.0, -3.0).astype(np.float32))
    start = torch.from_numpy(prior)
    scale = torch.nn.Parameter(start.clone())
    groups = [{"params": list(network.layers.parameters()), "lr": plan.rate, "weight_decay": plan.decay}]
    if network.table is not None:
        groups.append({"params": [network.table], "lr": plan.ngram_rate, "weight_decay": plan.ngram_decay})
    groups = [*(g for g in groups if g["params"]), {"params": [scale], "lr": 5e-3, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    steps = plan.epochs * ((len(bags) + plan.batch - 1) // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [g["lr"] for g in groups], total_steps=steps, pct_start=0.1, cycle_momentum=False)
    y, w = torch.from_numpy(labels.astype(np.float32)), torch.from_numpy(weights.astype(np.float32))
    x = torch.from_numpy(reviewed)
    network.train()
    for _ in range(plan.epochs):
        order = rng.permutation(len(bags))
        for begin in range(0, len(order), plan.batch):
            texts = order[begin : begin + plan.batch]
            windows, owner = bags.select(texts)
            optimiser.zero_grad()
            logits = network(*_batch(bags.features, windows))[:, 0]
            top = _largest(logits, torch.from_numpy(owner), len(texts))
            keep = (torch.rand(len(texts)) >= reviewed_drop).float()
            total = top + (x[texts] @ scale) * keep
            each = functional.binary_cross_entropy_with_logits(total, y[texts], reduction="none")
            loss = (each * w[texts]).sum() / w[texts].sum() + reviewed_decay * ((scale - start) ** 2).mean()
            loss.backward()
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                scale.copy_(torch.maximum(scale, floor))
    network.eval()
    return Trained(network, scale.detach().numpy().copy())


def window_logits(network: HeadNetwork, bags: Bags, batch: int = 2048) -> np.ndarray:
    """[windows] logits, before quantisation."""
    with torch.no_grad():
        return np.concatenate([
            network(*_batch(bags.features, np.arange(s, min(s + batch, len(bags.features))))).numpy()[:, 0]
            for s in range(0, len(bags.features), batch)
        ])
