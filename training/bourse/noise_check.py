"""The same texts as people would mistype them."""

from __future__ import annotations

import numpy as np

from .augment import with_typos


def mistyped(texts: list[str], seed: int = 99) -> list[str]:
    rng = np.random.default_rng(seed)
    return [with_typos(text, rng) for text in texts]
