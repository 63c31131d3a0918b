"""What a detector must beat: a list of keywords, and a plain hashed n-gram logistic regression."""

from __future__ import annotations

import re

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

KEYWORDS = re.compile(
    r"ignore|disregard|forget|previous instructions|system prompt|jailbreak|\bdan\b|pretend|act as|you are now|role-?play|unfiltered|uncensored"
    r"|bypass|override|developer mode|no restrictions|bomb|kill|hack|malware|poison|vergiss|ignoriere|oublie|olvida", re.I)


def keyword_scores(texts: list[str]) -> np.ndarray:
    """The number of different keywords in the text."""
    return np.array([len({m.lower() for m in KEYWORDS.findall(text)}) for text in texts], dtype=np.float64)


class NgramBaseline:
    def __init__(self) -> None:
        self._words = HashingVectorizer(n_features=2**18, ngram_range=(1, 2), alternate_sign=False)
        self._characters = HashingVectorizer(n_features=2**18, analyzer="char_wb", ngram_range=(3, 5), alternate_sign=False)
        self._model = LogisticRegression(C=30, max_iter=200)

    def _matrix(self, texts: list[str]):
        return hstack([self._words.transform(texts), self._characters.transform(texts)]).tocsr()

    def fit(self, texts: list[str], labels: np.ndarray) -> NgramBaseline:
        self._model.fit(self._matrix(texts), labels)
        return self

    def scores(self, texts: list[str]) -> np.ndarray:
        return self._model.decision_function(self._matrix(texts))
