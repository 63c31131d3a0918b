"""Hashes of token n-grams, in uint32 arithmetic (JavaScript's `Math.imul` and `>>>`)."""

from __future__ import annotations

import numpy as np

_MULTIPLIER = np.uint32(0x9E3779B1)


def mix(state: np.ndarray, value: np.ndarray) -> np.ndarray:
    """h = (h ^ x) · 0x9E3779B1 mod 2^32, then h ^= h >>> 15."""
    state = (state ^ value) * _MULTIPLIER
    return state ^ (state >> np.uint32(15))


def ngram_hashes(ids: np.ndarray, order: int) -> np.ndarray:
    """One hash per run of `order` adjacent ids, in order of the text; empty where the text is shorter.

    The hash of ids a, b, … is h = order, then h = mix(h, id + 1) for each.
    """
    count = len(ids) - order + 1
    if count <= 0:
        return np.zeros(0, dtype=np.uint32)
    shifted = ids.astype(np.uint32) + np.uint32(1)
    state = np.full(count, order, dtype=np.uint32)
    for place in range(order):
        state = mix(state, shifted[place : place + count])
    return state


def pair_hashes(ids: np.ndarray) -> np.ndarray:
    """Hashes of adjacent pairs: the n-gram hash of order 2."""
    return ngram_hashes(ids, 2)


def ngram_buckets(ids: np.ndarray, orders: tuple[int, ...], buckets: int) -> np.ndarray:
    """The sorted set of distinct buckets over all orders."""
    hashes = [ngram_hashes(ids, order) for order in orders]
    return np.unique(np.concatenate(hashes) % np.uint32(buckets)).astype(np.int64)
