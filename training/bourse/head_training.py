"""Training of heads: a dense part over the sentence vector and a linear part over hashed n-grams, jointly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .head import Features

torch.set_num_threads(1)


@dataclass(frozen=True)
class Plan:
    """How to train. Decays are decoupled (AdamW); drops are chances per input, hidden unit and bucket."""

    hidden: tuple[int, ...] = (64,)
    outputs: int = 1
    loss: str = "softmax"
    epochs: int = 12
    batch: int = 128
    rate: float = 2e-3
    ngram_rate: float = 2e-2
    decay: float = 1e-2
    ngram_decay: float = 1e-2
    input_drop: float = 0.1
    hidden_drop: float = 0.3
    bucket_drop: float = 0.3
    part_drop: float = 0.1
    seed: int = 1
    bias: tuple[float, ...] | None = None
    """First values of the last layer's bias."""


class HeadNetwork(nn.Module):
    """Logits = dense(standardised inputs) + Σ table[bucket] / √(number of buckets)."""

    def __init__(self, plan: Plan, mean: np.ndarray, deviation: np.ndarray, buckets: int) -> None:
        super().__init__()
        self.plan = plan
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("deviation", torch.from_numpy(deviation))
        sizes = (len(mean), *plan.hidden, plan.outputs)
        self.layers = nn.ModuleList(
            [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)] if len(mean) else []
        )
        self.table = nn.Parameter(torch.zeros(buckets, plan.outputs)) if buckets else None

    def forward(self, dense: torch.Tensor, indices: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        plan = self.plan
        total = torch.zeros(len(starts), plan.outputs)
        keep = torch.ones(len(starts), 2)
        if self.training and self.table is not None and len(self.layers) and plan.part_drop:
            # Now and then one part answers alone, so that neither leans on the other's mistakes.
            draw = torch.rand(len(starts))
            keep[:, 0] = (draw >= plan.part_drop).float()
            keep[:, 1] = (draw < 1 - plan.part_drop).float()
        if len(self.layers):
            x = (dense - self.mean) / self.deviation
            x = functional.dropout(x, plan.input_drop, self.training)
            for place, layer in enumerate(self.layers):
                if place:
                    x = functional.dropout(torch.relu(x), plan.hidden_drop, self.training)
                x = layer(x)
            total = total + x * keep[:, :1]
        if self.table is not None:
            counts = torch.diff(starts, append=torch.tensor([len(indices)]))
            values = torch.repeat_interleave(counts.clamp(min=1).float().rsqrt(), counts)
            values = functional.dropout(values, plan.bucket_drop, self.training)
            bag = functional.embedding_bag(
                indices, self.table, starts, mode="sum", per_sample_weights=values
            )
            total = total + bag * keep[:, 1:]
        return total


def _loss(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, kind: str) -> torch.Tensor:
    """softmax, sigmoid: cross entropy with soft targets [n, C]. value: Gaussian of (mean, ln deviation)."""
    if kind == "softmax":
        each = -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1)
    elif kind == "sigmoid":
        each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=1)
    else:
        gap = (targets[:, 0] - logits[:, 0]) * torch.exp(-logits[:, 1].clamp(-4, 4))
        each = logits[:, 1] + 0.5 * gap**2
    return (each * weights).sum() / weights.sum()


def _batch(features: Features, places: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    counts = features.counts()[places]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    within = np.arange(counts.sum()) - np.repeat(starts, counts)
    indices = features.indices[np.repeat(features.starts[places], counts) + within]
    return (
        torch.from_numpy(features.dense[places]),
        torch.from_numpy(indices),
        torch.from_numpy(starts.astype(np.int64)),
    )


def standardisation(features: Features, weights: np.ndarray, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation per input; the first `unit` inputs (the sentence vector) share one deviation."""
    share = (weights / weights.sum())[:, None].astype(np.float64)
    mean = (features.dense * share).sum(axis=0)
    variance = ((features.dense - mean) ** 2 * share).sum(axis=0)
    if unit:
        variance[:unit] = variance[:unit].mean()
    deviation = np.sqrt(variance)
    deviation[deviation < 1e-6] = 1
    return mean.astype(np.float32), deviation.astype(np.float32)


def train(
    features: Features,
    targets: np.ndarray,
    weights: np.ndarray,
    plan: Plan,
    buckets: int,
    unit: int,
) -> HeadNetwork:
    """Minibatch Adam with a cosine rate over a fixed number of epochs; the same seed gives the same head."""
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    mean, deviation = standardisation(features, weights, unit)
    network = HeadNetwork(plan, mean, deviation, buckets)
    if plan.bias is not None:
        with torch.no_grad():
            network.layers[-1].bias.copy_(torch.tensor(plan.bias))
    groups = [{"params": list(network.layers.parameters()), "lr": plan.rate, "weight_decay": plan.decay}]
    if network.table is not None:
        groups.append({"params": [network.table], "lr": plan.ngram_rate,
                       "weight_decay": plan.ngram_decay})
    optimiser = torch.optim.AdamW([g for g in groups if g["params"]], betas=(0.9, 0.99))
    steps = plan.epochs * ((len(features) + plan.batch - 1) // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [g["lr"] for g in groups if g["params"]], total_steps=steps, pct_start=0.1,
        cycle_momentum=False)
    y, w = torch.from_numpy(targets.astype(np.float32)), torch.from_numpy(weights.astype(np.float32))
    network.train()
    for _ in range(plan.epochs):
        order = rng.permutation(len(features))
        for start in range(0, len(order), plan.batch):
            places = order[start : start + plan.batch]
            optimiser.zero_grad()
            loss = _loss(network(*_batch(features, places)), y[places], w[places], plan.loss)
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()
    return network


def predict(network: HeadNetwork, features: Features, batch: int = 1024) -> np.ndarray:
    """[n, C] logits of the network before quantisation."""
    with torch.no_grad():
        parts = [
            network(*_batch(features, np.arange(s, min(s + batch, len(features))))).numpy()
            for s in range(0, len(features), batch)
        ]
    return np.concatenate(parts) if parts else np.zeros((0, network.plan.outputs), dtype=np.float32)
