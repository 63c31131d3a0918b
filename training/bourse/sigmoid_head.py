"""The common way of yes/no heads: trial on the training folds, calibration, scores, then the head on all folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from . import calibration
from .fitting import Fitter
from .fixtures import write_fixtures
from .head import Head
from .head_export import fold_ensemble, head_meta, write_head


@dataclass(frozen=True)
class Trial:
    """Held-out texts with their truth, and what the trial head says of them before calibration."""

    texts: list[str]
    truth: np.ndarray
    logits: np.ndarray


class SigmoidHead:
    def __init__(self, task: str, labels: list[str], fitter: Fitter, out: Path, seeds: int) -> None:
        self.fitter, self.seeds = fitter, seeds
        self.path = out / f"{task}.safetensors"
        self.fixtures = out / "fixtures" / f"{task}.json"
        self.meta: dict[str, Any] = head_meta(task, fitter.encoder.name, labels, fitter.spec, "sigmoid")

    def trial(self, held_groups: set[int]) -> Head:
        networks = self.fitter.networks(held_groups, self.seeds)
        write_head(self.path, fold_ensemble(networks), self.meta)
        return Head(self.path, self.fitter.encoder)

    def calibrate(self, trial: Trial) -> tuple[float, np.ndarray]:
        """Fits Platt on the trial; gives the ECE and probabilities of each half calibrated on the other."""
        half = np.arange(len(trial.truth)) % 2 == 0
        shares = np.zeros(len(trial.truth))
        for fit, test in ((half, ~half), (~half, half)):
            warm = calibration.platt_of(trial.logits[fit], trial.truth[fit])
            shares[test] = calibration.probabilities(trial.logits[test][:, None], "sigmoid", warm)[:, 1]
        self.meta["calibration"] = calibration.platt_of(trial.logits, trial.truth)
        return calibration.ece(shares, trial.truth), shares

    def calibrated(self, logits: np.ndarray) -> np.ndarray:
        return calibration.probabilities(logits[:, None], "sigmoid", self.meta["calibration"])[:, 1]

    def ship(self, threshold: float, band: list[float] | None, notes: str) -> tuple[Head, int]:
        """Trains on every fold and writes the head and its fixtures; gives the head and its size in bytes."""
        self.meta |= {"threshold": threshold, "band": band, "notes": notes}
        size = write_head(self.path, fold_ensemble(self.fitter.networks(set(), self.seeds)), self.meta)
        head = Head(self.path, self.fitter.encoder)
        write_fixtures(self.fixtures, head)
        return head, size


def run(head: Head, texts: list[str]) -> np.ndarray:
    return head.logits(texts)[:, 0]


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    return float(roc_auc_score(truth, scores))


def logistic_baseline(train_texts: list[str], train_truth: np.ndarray, texts: list[str]) -> np.ndarray:
    """Scores of a word uni- and bigram tf-idf logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    model = LogisticRegression(C=2.0, max_iter=200, solver="liblinear")
    model.fit(words.fit_transform(train_texts), train_truth)
    return model.decision_function(words.transform(texts))
