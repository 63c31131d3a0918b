"""Held-out scores and calibrations of the exported model, every text read as the product reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import hstack
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC

from ..calibration import ece, isotonic_of, platt_of, probabilities, temperature_of
from ..chat import requests
from ..data import rows
from ..static.corpus import labelled, tool_descriptions, tool_queries
from . import few_shot
from .guard_data import held_out_texts
from .knowledge_data import DOMAINS, Question
from .pii_data import TYPES
from .pii_spans import is_match, joined, score, spans_of
from .session import Session
from .tasks import CALIBRATION, SCORED, Tasks, trains

FALSE_POSITIVES = 0.01
CALIBRATED_FALSE_POSITIVES = 0.005
"""Half of what is wanted: the calibration fold is small, and its hard benign prompts are few."""
PII_FREE = {"PERSON", "GPE", "STREET_ADDRESS", "ORGANIZATION"}


@dataclass
class Scores:
    """Figures for the card, and what the runtime needs per head."""

    figures: dict[str, float] = field(default_factory=dict)
    heads: dict[str, dict[str, Any]] = field(default_factory=dict)


def _ngram_accuracy(train: list[Question], scored: list[Question]) -> float:
    """Words, pairs of words and character 3- to 5-grams under a linear classifier."""
    views = [TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
             TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, max_features=150_000)]
    left = hstack([view.fit_transform([q.text for q in train]) for view in views]).tocsr()
    right = hstack([view.transform([q.text for q in scored]) for view in views]).tocsr()
    fitted = LinearSVC(C=0.5).fit(left, [q.domain for q in train])
    return float((fitted.predict(right) == np.array([q.domain for q in scored])).mean())


def score_domain(session: Session, tasks: Tasks, scores: Scores) -> None:
    """Accuracy on the question alone."""
    kept = [q for q in tasks.questions if q.source == "mmlu_pro" and (q.fold in SCORED or q.fold == CALIBRATION)]
    logits = session.read([q.text for q in kept], "domain")
    truth = np.array([q.domain for q in kept])
    fold = np.array([q.fold == CALIBRATION for q in kept])
    calibration = temperature_of(logits[fold], truth[fold])
    shares = probabilities(logits[~fold], "softmax", calibration)
    right = shares.argmax(1) == truth[~fold]
    train = [q for q in tasks.questions if trains(q.fold) and q.domain is not None and not q.is_late]
    chat = requests("chat_check")
    chat_logits = session.read([r.text for r in chat], "domain")
    scores.figures |= {
        "domain accuracy": float(right.mean()), "domain ece": ece(shares.max(1), right), "domain n": len(right),
        "domain accuracy, n-gram baseline": _ngram_accuracy(train, [q for q in kept if q.fold in SCORED]),
        "domain accuracy, chat check": float((chat_logits.argmax(1) == [DOMAINS.index(r.domain) for r in chat]).mean()),
    }
    scores.heads["domain"] = {"calibration": calibration, "threshold": None, "band": None}


def score_complexity(session: Session, tasks: Tasks, scores: Scores) -> None:
    """AUC and calibration of P(solve rate < 0.5) on prompts with options."""
    kept = [q for q in tasks.questions if q.source == "mmlu_pro" and (q.fold in SCORED or q.fold == CALIBRATION)]
    logits = session.read([q.prompt for q in kept], "complexity")
    truth = np.array([float(q.fail_rate > 0.5) for q in kept])
    fold = np.array([q.fold == CALIBRATION for q in kept])
    calibration = platt_of(logits[fold, 0], truth[fold])
    p = probabilities(logits[~fold], "sigmoid", calibration)[:, 1]
    seen = [q for q in tasks.questions if q.source == "mmlu_pro" and trains(q.fold)]
    mean = {d: np.mean([q.fail_rate > 0.5 for q in seen if q.domain == d]) for d in {q.domain for q in seen}}
    scored = [q for q, is_calibration in zip(kept, fold) if not is_calibration]
    truth = truth[~fold]
    scores.figures |= {
        "complexity auc": roc_auc_score(truth, p), "complexity ece": ece(p, truth), "complexity accuracy": float(((p >= 0.5) == truth).mean()),
        "complexity auc, category mean": roc_auc_score(truth, [mean[q.domain] for q in scored]),
        "complexity auc, length": roc_auc_score(truth, [len(q.prompt) for q in scored]),
        "complexity accuracy, majority": float(max(truth.mean(), 1 - truth.mean())),
        "complexity spearman with fail rate": float(spearmanr(p, [q.fail_rate for q in scored]).statistic),
    }
    scores.heads["complexity"] = {"calibration": calibration, "threshold": 0.5, "band": None}


def score_attack(session: Session, tasks: Tasks, scores: Scores) -> None:
    """The largest logit over windows; the threshold flags 0.5 % of the benign calibration texts."""
    kept = [one for one in tasks.guard if not trains(one.fold)]
    logits = np.array([max(float(session.run(session.ids(w), ("attack",))[0][0]) for w in one.windows) for one in kept])
    truth = np.array([one.label for one in kept])
    family = np.array([one.family for one in kept])
    fold = np.array([one.fold == CALIBRATION for one in kept])
    calibration = platt_of(logits[fold], truth[fold].astype(float))
    p = probabilities(logits[:, None], "sigmoid", calibration)[:, 1]
    threshold = float(np.quantile(p[fold & (truth == 0)], 1 - CALIBRATED_FALSE_POSITIVES))
    test, benign, attack = ~fold, ~fold & (truth == 0), ~fold & (truth == 1)
    level = np.quantile(p[benign], 1 - FALSE_POSITIVES)
    scores.figures |= {
        "attack auc": roc_auc_score(truth[test], p[test]), "attack ece": ece(p[test], truth[test]),
        "attack recall at 1 % fpr": float((p[attack] > level).mean()),
        "attack recall at threshold": float((p[attack] > threshold).mean()),
        "attack recall at threshold, not written by us": float((p[attack & (family != "written")] > threshold).mean()),
        "attack flagged benign at threshold": float((p[benign] > threshold).mean()),
        "attack kept trigger-word benign": float((p[benign & (family == "written")] <= threshold).mean()),
    }
    for name in sorted(set(family[attack])):
        scores.figures[f"attack recall at threshold, {name}"] = float((p[attack & (family == name)] > threshold).mean())
    written = held_out_texts(session.tokenizer)
    hand = np.array([max(float(session.run(session.ids(w), ("attack",))[0][0]) for w in one.windows) for one in written])
    flagged = probabilities(hand[:, None], "sigmoid", calibration)[:, 1] > threshold
    is_attack = np.array([bool(one.label) for one in written])
    scores.figures |= {"attack recall at threshold, hand-written check": float(flagged[is_attack].mean()),
                       "attack kept over-refusal check": float(1 - flagged[~is_attack].mean())}
    scores.heads["attack"] = {"calibration": calibration, "threshold": round(threshold, 6), "band": None}


def score_pii(session: Session, tasks: Tasks, scores: Scores) -> None:
    """Spans on templates left out of training, exactly and with half overlap."""
    kept = [one for one in tasks.pii if one.fold in SCORED or one.fold == CALIBRATION]
    found = []
    for one in kept:
        encoding = session.tokenizer.encode(one.text)
        found.append(spans_of(encoding, session.run(np.array(encoding.ids, dtype=np.int64), ("pii",))[0]))
    pairs = [(joined(one.spans, one.text), joined(spans, one.text)) for one, spans in zip(kept, found) if one.fold in SCORED]
    for kinds, label in [(set(TYPES), "all"), (PII_FREE, "names and places"), *(({kind}, kind) for kind in TYPES[:6])]:
        for overlap, how in ((0.999, "exact"), (0.5, "half overlap")):
            result = score(pairs, kinds, overlap)
            if result["spans"]:
                scores.figures |= {f"pii {how} {key}, {label}": value for key, value in result.items() if key != "spans"}
    chances = [(f[3], any(is_match(f, t, 0.5) for t in one.spans)) for one, spans in zip(kept, found) if one.fold == CALIBRATION for f in spans]
    calibration = isotonic_of(np.array([c for c, _ in chances]), np.array([float(r) for _, r in chances]), 12)
    scores.heads["pii"] = {"calibration": calibration, "threshold": 0.5, "band": None}


def score_sentences(session: Session, scores: Scores) -> None:
    """STS-B, few-shot intents, out-of-scope and tool ranking."""

    def encode(texts: list[str]) -> np.ndarray:
        return session.read(texts, "sentence")

    pairs = rows("sts/stsb_dev.jsonl.gz", for_evaluation=True)
    cosine = (encode([p["a"] for p in pairs]) * encode([p["b"] for p in pairs])).sum(1)
    scores.figures["sts-b dev spearman"] = float(spearmanr(cosine, [p["score"] for p in pairs]).statistic)
    for name, queries in (("CLINC150", "CLINC150_valid.jsonl.gz"), ("BANKING77", "BANKING77_valid.jsonl")):
        support, asked = labelled(f"intent/{name}_train_10.jsonl"), labelled(f"intent/{queries}")
        vectors, inside = encode(support.texts), encode(asked.texts)
        for method, value in few_shot.accuracies(vectors, support.labels, inside, asked.labels).items():
            scores.figures[f"{name} 10-shot, {method}"] = value
        if name == "CLINC150":
            outside = encode(labelled("intent/CLINC150_oos_train_val.jsonl").texts[100:])
            scores.figures["CLINC150 out-of-scope recall at 5 % loss"] = few_shot.out_of_scope(vectors, support.labels, inside, outside)
    asked, described = tool_queries(held_out=True), tool_descriptions()
    table = encode([f"{name}: {text}" for name, text in zip(described.labels, described.texts)])
    ranks = np.argsort(-(encode(asked.texts) @ table.T), axis=1)[:, :5]
    hits = [tool in [described.labels[place] for place in row] for tool, row in zip(asked.labels, ranks)]
    scores.figures["tools recall@5"] = float(np.mean(hits))


def score_all(session: Session, tasks: Tasks) -> Scores:
    scores = Scores()
    score_domain(session, tasks, scores)
    score_complexity(session, tasks, scores)
    score_attack(session, tasks, scores)
    score_pii(session, tasks, scores)
    score_sentences(session, scores)
    return scores
