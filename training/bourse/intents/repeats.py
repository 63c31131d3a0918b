"""When does a turn repeat an earlier one: pairs of texts of one intent against pairs of neighbouring intents."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from .episodes import Corpus

PAIRS = 6000
# Pairs are half repeats, turns are not: one in so many repeats an earlier one.
TURNS_PER_REPEAT = 10


def fit_repeats(corpora: list[Corpus], rng: np.random.Generator) -> dict[str, float]:
    """Slope and midpoint of a logistic in the cosine, for one repeat in TURNS_PER_REPEAT."""
    cosines: list[float] = []
    repeats: list[bool] = []
    for corpus in corpora:
        names = sorted(corpus.judged)
        centroids = np.stack([np.mean([vector for _, vector in corpus.judged[name]], axis=0) for name in names])
        near = np.argsort(-(centroids @ centroids.T), axis=1)[:, 1:6]
        for _ in range(PAIRS):
            first = int(rng.integers(len(names)))
            is_repeat = bool(rng.random() < 0.5)
            second = first if is_repeat else int(near[first, rng.integers(near.shape[1])])
            a = corpus.judged[names[first]][int(rng.integers(len(corpus.judged[names[first]])))]
            b = corpus.judged[names[second]][int(rng.integers(len(corpus.judged[names[second]])))]
            if a[0] == b[0]:
                continue
            cosines.append(float(a[1] @ b[1]))
            repeats.append(is_repeat)
    x = np.array(cosines)[:, None]
    fitted = LogisticRegression(C=100.0).fit(x, repeats)
    slope, constant = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return {"slope": round(slope, 3), "midpoint": round((np.log(TURNS_PER_REPEAT - 1) - constant) / slope, 4),
            "accuracy": round(float(fitted.score(x, repeats)), 4)}
