"""Losses of the heads."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def supervised_contrast(vectors: Tensor, classes: Tensor, temperature: float) -> Tensor:
    """Mean over anchors of -log share of same-class neighbours (SupCon); anchors without a positive only repel."""
    scores = vectors @ vectors.T / temperature
    self_mask = torch.eye(len(vectors), dtype=torch.bool)
    scores = scores.masked_fill(self_mask, -1e4)
    log_share = scores - torch.logsumexp(scores, dim=1, keepdim=True)
    positive = (classes[:, None] == classes[None, :]) & ~self_mask
    counts = positive.sum(1)
    kept = counts > 0
    return -((log_share * positive).sum(1)[kept] / counts[kept]).mean()


def paired_contrast(left: Tensor, right: Tensor, temperature: float) -> Tensor:
    """Symmetric InfoNCE: row i of `left` belongs to row i of `right`."""
    scores = left @ right.T / temperature
    truth = torch.arange(len(left))
    return (functional.cross_entropy(scores, truth) + functional.cross_entropy(scores.T, truth)) / 2


def distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Distance of the vectors, and of all cosines within the batch."""
    own = 1 - (student * teacher).sum(1).mean()
    relations = functional.mse_loss(student @ student.T, teacher @ teacher.T)
    return own + 10 * relations
