"""Linear-chain CRF over hashed features: trained in batches with Adagrad, decoded by Viterbi and marginals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from .features import FEATURES
from .labels import LABELS, allowed

N = len(LABELS)
FORBIDDEN = -1e4


@dataclass
class Weights:
    rows: np.ndarray
    """[rows, labels]"""
    transitions: np.ndarray
    """[labels + 1, labels]; the last row is the beginning. Forbidden ones are FORBIDDEN."""


@dataclass
class Text:
    rows: np.ndarray
    places: np.ndarray
    outside: np.ndarray
    """Pieces that a pattern decides, or that the gate leaves out: only O stands there."""
    labels: np.ndarray | None = None
    weight: float = 1.0


def _batches(texts: list[Text], size: int, rng: np.random.Generator) -> list[list[int]]:
    order = np.argsort([len(t.rows) + rng.random() * 4 for t in texts])
    out: list[list[int]] = []
    batch: list[int] = []
    width = 0
    for at in order:
        width = max(width, len(texts[at].rows))
        if batch and (len(batch) + 1) * width > size:
            out.append(batch)
            batch, width = [], len(texts[at].rows)
        batch.append(int(at))
    out.append(batch)
    rng.shuffle(out)
    return out


def train(texts: list[Text], rows: int, epochs: int = 12, dropout: float = 0.15, rate: float = 0.25, seed: int = 1,
          batch: int = 4000) -> Weights:
    """Minimises the weighted negative log-likelihood; feature dropout makes features share the work.

    The weights are the mean of those after each epoch of the second half.
    """
    rng = np.random.default_rng(seed)
    texts = [t for t in texts if len(t.rows)]
    table = np.zeros((rows, N), dtype=np.float32)
    squares = np.full((rows, N), 1e-3, dtype=np.float32)
    ok = allowed()
    links = np.zeros((N + 1, N))
    link_squares = np.full((N + 1, N), 1e-3)
    mean_table, mean_links, kept_epochs = np.zeros_like(table), np.zeros_like(links), 0
    for epoch in range(epochs):
        step = rate * (1 - 0.9 * epoch / epochs)
        for picks in _batches(texts, batch, rng):
            group = [texts[i] for i in picks]
            ids = np.concatenate([t.rows for t in group]).reshape(-1)
            used, columns = np.unique(ids, return_inverse=True)
            kept = (rng.random(len(ids)) >= dropout).astype(np.float32) / (1 - dropout)
            starts = np.arange(0, len(ids) + 1, FEATURES)
            matrix = csr_matrix((kept, columns, starts), shape=(len(starts) - 1, len(used)))
            emissions = matrix @ table[used]
            gradient, link_gradient = _gradient(emissions, np.where(ok, links, FORBIDDEN), group)
            slope = matrix.T @ gradient.astype(np.float32)
            squares[used] += slope**2
            table[used] -= step * slope / np.sqrt(squares[used])
            link_squares += link_gradient**2
            links -= step * link_gradient / np.sqrt(link_squares)
        if epoch >= epochs // 2:
            mean_table += table
            mean_links += links
            kept_epochs += 1
    return Weights(mean_table / kept_epochs, np.where(ok, mean_links / kept_epochs, FORBIDDEN))


def _gradient(flat: np.ndarray, links: np.ndarray, group: list[Text]) -> tuple[np.ndarray, np.ndarray]:
    """Of the mean weighted negative log-likelihood: expected less observed counts, by scaled forward-backward."""
    lengths = np.array([len(t.rows) for t in group])
    width, size = lengths.max(), len(group)
    mask = np.arange(width)[None, :] < lengths[:, None]
    emissions = np.zeros((size, width, N))
    emissions[mask] = flat
    sure = np.zeros((size, width), dtype=bool)
    sure[mask] = np.concatenate([t.outside for t in group])
    gold = np.zeros((size, width), dtype=np.int64)
    gold[mask] = np.concatenate([t.labels for t in group])
    lifted = np.exp(emissions - emissions.max(axis=2, keepdims=True))
    lifted[..., 1:] *= ~sure[..., None]
    moves = np.exp(links)
    alpha = np.zeros((size, width, N))
    norm = np.ones((size, width))
    for t in range(width):
        raw = (moves[N] if t == 0 else alpha[:, t - 1] @ moves[:N]) * lifted[:, t]
        norm[:, t] = raw.sum(axis=1)
        alpha[:, t] = raw / norm[:, t, None]
    beta = np.ones((size, width, N))
    pairs = np.zeros((N, N))
    weight = np.array([t.weight for t in group]) / size
    for t in range(width - 2, -1, -1):
        ahead = lifted[:, t + 1] * beta[:, t + 1] / norm[:, t + 1, None]
        on = mask[:, t + 1]
        beta[on, t] = (ahead @ moves[:N].T)[on]
        share = (weight * on)[:, None]
        pairs += (alpha[:, t] * share).T @ ahead
    marginals = alpha * beta
    marginals /= marginals.sum(axis=2, keepdims=True)
    link_gradient = np.zeros((N + 1, N))
    link_gradient[:N] = pairs * moves[:N]
    link_gradient[N] = (marginals[:, 0] * weight[:, None]).sum(axis=0)
    np.subtract.at(link_gradient[N], gold[:, 0], weight)
    both = mask[:, 1:]
    np.subtract.at(link_gradient, (gold[:, :-1][both], gold[:, 1:][both]), np.broadcast_to(weight[:, None], both.shape)[both])
    slope = marginals
    rows, columns = np.nonzero(mask)
    slope[rows, columns, gold[mask]] -= 1
    slope *= weight[:, None, None]
    return slope[mask], link_gradient


MARGIN = 4.5
"""A label whose score lies this far below the best one of its piece is not looked at."""
OUTSIDE_MARGIN = 3.0
"""The same where the best one is O."""


def emissions_of(weights: Weights, text: Text) -> np.ndarray:
    """[pieces, labels], as the runtime looks at them."""
    out = weights.rows[text.rows].sum(axis=1).astype(np.float64)
    top = out.max(axis=1)
    margin = np.where(out[:, 0] >= top, OUTSIDE_MARGIN, MARGIN)
    low = out <= (top - margin)[:, None]
    low[:, 0] = False
    out[low] = FORBIDDEN
    out[text.outside, 1:] = FORBIDDEN
    return out


def viterbi(emissions: np.ndarray, links: np.ndarray, outside_bias: float = 0.0) -> np.ndarray:
    scores = emissions.copy()
    scores[:, 0] += outside_bias
    n = len(scores)
    back = np.zeros((n, N), dtype=np.int64)
    best = links[N] + scores[0]
    for t in range(1, n):
        table = best[:, None] + links[:N]
        back[t] = table.argmax(axis=0)
        best = table.max(axis=0) + scores[t]
    path = np.zeros(n, dtype=np.int64)
    path[-1] = best.argmax()
    for t in range(n - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def _lse(values: np.ndarray, axis: int) -> np.ndarray:
    top = values.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(values - top).sum(axis=axis))


def forward_backward(emissions: np.ndarray, links: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    n = len(emissions)
    alpha = np.zeros((n, N))
    beta = np.zeros((n, N))
    alpha[0] = links[N] + emissions[0]
    for t in range(1, n):
        alpha[t] = _lse(alpha[t - 1][:, None] + links[:N], 0) + emissions[t]
    for t in range(n - 2, -1, -1):
        beta[t] = _lse(links[:N] + (emissions[t + 1] + beta[t + 1])[None, :], 1)
    return alpha, beta, float(_lse(alpha[-1], 0))


def span_probability(emissions: np.ndarray, links: np.ndarray, path: np.ndarray, span: tuple[int, int],
                     lattice: tuple[np.ndarray, np.ndarray, float]) -> float:
    """Chance that exactly the pieces span[0] to span[1] are a span of the path's type."""
    alpha, beta, total = lattice
    first, end = span
    log = alpha[first, path[first]]
    for t in range(first + 1, end):
        log += links[path[t - 1], path[t]] + emissions[t, path[t]]
    whole = np.exp(log + beta[end - 1, path[end - 1]] - total)
    inside = LABELS[path[first]][2:]
    if end < len(path) and f"I-{inside}" in LABELS:
        more = LABELS.index(f"I-{inside}")
        whole -= np.exp(log + links[path[end - 1], more] + emissions[end, more] + beta[end, more] - total)
    return float(min(1.0, max(0.0, whole)))
