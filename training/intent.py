"""Fits the calibration of intents: prints the constants of `src/encoder/neighbours/intent-calibration.ts`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bourse.artefact import write_text
from bourse.calibration import ece
from bourse.card import Card
from bourse.data import MODELS, rows
from bourse.intents.episodes import Corpus, Judged, episodes, load_corpora, load_strangers
from bourse.intents.index import FEATURES, IntentIndex
from bourse.intents.linear_classes import Example
from bourse.intents.repeats import fit_repeats
from bourse.static_vectors import StaticEncoder

HELD_OUT = 1 / 3
IN_SCOPE_LOSS = 0.05


def matrix(judged: list[Judged]) -> np.ndarray:
    return np.stack([one.features for one in judged])


def logistic(features: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Weights in the order of FEATURES; the last is the constant."""
    x = features[:, :-1]
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-9
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit((x - mean) / deviation, truth)
    weights = fitted.coef_[0] / deviation
    return np.append(weights, fitted.intercept_[0] - weights @ mean)


def fit(played: list[list[Judged]]) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the confidence and of being in scope."""
    everything = [one for episode in played for one in episode]
    inside = [one for one in everything if one.right is not None and one.features[-2] > 0]
    confidence = logistic(matrix(inside), np.array([bool(one.right) for one in inside]))
    scope = logistic(matrix(everything), np.array([one.right is not None for one in everything]))
    return confidence, scope


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def report(judged: list[Judged], confidence: np.ndarray, scope: np.ndarray, threshold: float) -> dict[str, float]:
    features = matrix(judged)
    is_inside = np.array([one.right is not None for one in judged])
    in_scope = sigmoid(features @ scope)
    inside = features[is_inside]
    right = np.array([bool(one.right) for one in judged if one.right is not None])
    several = inside[:, -2] > 0
    limit = np.quantile(in_scope[is_inside], IN_SCOPE_LOSS)
    return {
        "accuracy": float(right.mean()),
        "ece": ece(sigmoid(inside[several] @ confidence), right[several]),
        "scopeEce": ece(np.maximum(in_scope, 1 - in_scope), (in_scope >= 0.5) == is_inside),
        "oosRecall": float((in_scope[~is_inside] < limit).mean()) if (~is_inside).any() else float("nan"),
        "lossShipped": float((in_scope[is_inside] < threshold).mean()),
        "oosShipped": float((in_scope[~is_inside] < threshold).mean()) if (~is_inside).any() else float("nan"),
    }


def split(corpora: list[Corpus], rng: np.random.Generator) -> tuple[list[Corpus], list[Corpus]]:
    fitted, held = [], []
    for corpus in corpora:
        names = sorted(corpus.texts)
        out = {names[i] for i in rng.permutation(len(names))[: round(len(names) * HELD_OUT)]}
        for target, chosen in ((held, out), (fitted, set(names) - out)):
            target.append(Corpus(corpus.name, {k: v for k, v in corpus.texts.items() if k in chosen},
                                 {k: v for k, v in corpus.judged.items() if k in chosen}))
    return fitted, held


def ten_shot(encoder: StaticEncoder, name: str, suffix: str, with_oos: bool) -> list[Judged]:
    support = rows(f"intent/{name}_train_10.jsonl")
    labels = sorted({row["label"] for row in support})
    vectors = encoder.embed([row["text"] for row in support])
    index = IntentIndex([Example(row["text"], labels.index(row["label"]), vector)
                         for row, vector in zip(support, vectors, strict=True)], len(labels))
    judged = rows(f"intent/{name}_valid.jsonl{suffix}")
    judged += rows("intent/CLINC150_oos_train_val.jsonl") if with_oos else []
    found = []
    for row, vector in zip(judged, encoder.embed([row["text"] for row in judged]), strict=True):
        best, features = index.evidence(row["text"], vector)
        found.append(Judged(features, None if row["label"] == "oos" else labels[best] == row["label"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--episodes", type=int, default=80)
    arguments = parser.parse_args()
    rng = np.random.default_rng(5)
    encoder = StaticEncoder(arguments.out / "static-encoder.safetensors")
    corpora, strangers = load_corpora(encoder), load_strangers(encoder)
    part, held = split(corpora, rng)
    played = episodes(part, strangers, arguments.episodes, rng)
    judged = [one for episode in episodes(held, strangers, arguments.episodes // 2, rng) for one in episode]
    confidence, scope = fit(played)
    threshold = threshold_of(played, scope)
    scores = {"intents left out": report(judged, confidence, scope, threshold)}
    for name, suffix, with_oos in (("CLINC150", ".gz", True), ("BANKING77", "", False)):
        scores[f"{name}, 10 examples each"] = report(ten_shot(encoder, name, suffix, with_oos), confidence, scope, threshold)
    repeats = fit_repeats(corpora, rng)
    constants = {
        "CONFIDENCE_WEIGHTS": dict(zip(FEATURES, confidence.round(4).tolist(), strict=True)),
        "SCOPE_WEIGHTS": dict(zip(FEATURES, scope.round(4).tolist(), strict=True)),
        "inScopeMin": round(threshold, 3),
        "repeats": repeats,
    }
    print(json.dumps({"constants": constants, "scores": scores}, indent=1))
    write_fixture(arguments.out / "fixtures" / "intent.json", judged[:40], confidence, scope)
    write_card(arguments.out / "intent.md", scores, constants)


def threshold_of(played: list[list[Judged]], scope: np.ndarray) -> float:
    inside = [one for episode in played for one in episode if one.right is not None]
    return float(np.quantile(sigmoid(matrix(inside) @ scope), IN_SCOPE_LOSS))


def write_fixture(path: Path, judged: list[Judged], confidence: np.ndarray, scope: np.ndarray) -> None:
    """Evidence and what the calibration makes of it: the runtime's constants are held to it."""
    features = matrix(judged)
    cases = [{"features": row.round(5).tolist(), "confidence": round(float(c), 4), "inScope": round(float(s), 4)}
             for row, c, s in zip(features, sigmoid(features @ confidence), sigmoid(features @ scope), strict=True)]
    write_text(path, json.dumps({"features": list(FEATURES), "cases": cases}, indent=1) + "\n")


def write_card(path: Path, scores: dict[str, dict[str, float]], constants: dict[str, object]) -> None:
    Card(
        "intent",
        "Calibration of intents that are known by a few examples: the chance that the nearest intent is right, the chance "
        "that a text has one of the intents at all, and the chance that a turn repeats an earlier one. There is no weight "
        "file: the classifier is trained from a policy's examples when it is loaded, and the calibration is the constants "
        "in `src/encoder/neighbours/`.",
        "python training/intent.py",
        [("CLINC150", "CC BY 3.0", "train parts to learn from, validation parts to judge; 200 out-of-scope texts"),
         ("BANKING77", "CC BY 4.0", "train parts to learn from, validation parts to judge"),
         ("jailbreak_train (benign), HaluEval queries, MMLU-Pro questions", "Apache-2.0, MIT", "texts out of scope")],
        [(f"{name}: {metric}", f"{value:.3f}", "") for name, values in scores.items() for metric, value in values.items() if not np.isnan(value)],
        limits=["The sentence encoder has seen the training texts of both corpora: intents of other kinds score lower, "
                "and less of what is in scope is found at the same threshold."],
        details=["Episodes: 1 to 100 intents with 3 to 40 examples each; half of the texts have none of the intents, and of "
                 "those half belong to other intents of the same corpus. A third of the intents is kept for the scores.",
                 f"Constants: `{json.dumps(constants)}`"],
    ).write(path)


if __name__ == "__main__":
    main()
