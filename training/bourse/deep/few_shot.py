"""Few-shot intents on sentence vectors: classifiers fitted to the support texts alone."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from ..static.intents import Support, accuracy, out_of_scope_recall

INVERSE_PENALTY = 30


def accuracies(support: np.ndarray, labels: list[str], queries: np.ndarray, truth: list[str]) -> dict[str, float]:
    """Accuracy of each classifier; vectors are of unit length."""
    fitted = Support(support, labels)
    made = {method: accuracy(fitted, queries, truth, method) for method in fitted.methods}
    logistic = LogisticRegression(C=INVERSE_PENALTY, max_iter=300).fit(support, labels)
    return {**made, "logistic": float((logistic.predict(queries) == np.array(truth)).mean())}


def out_of_scope(support: np.ndarray, labels: list[str], inside: np.ndarray, outside: np.ndarray) -> float:
    """Recall of outside texts when 5 % of the inside ones are turned away, by the blend score."""
    return out_of_scope_recall(Support(support, labels), inside, outside)["blend"]
