"""Held-out scores of any function from texts to unit vectors."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from scipy.stats import spearmanr

from ..data import rows
from . import corpus, generate
from .corpus import Labelled
from .intents import Support, accuracy, out_of_scope_recall

Encode = Callable[[list[str]], np.ndarray]

INTENTS = (
    ("clinc150", "intent/CLINC150_train_10.jsonl", "intent/CLINC150_valid.jsonl.gz"),
    ("banking77", "intent/BANKING77_train_10.jsonl", "intent/BANKING77_valid.jsonl"),
)


def sts(encode: Encode) -> float:
    """Spearman correlation of cosine and human score on STS-B dev."""
    pairs = rows("sts/stsb_dev.jsonl.gz", for_evaluation=True)
    first, second = encode([p["a"] for p in pairs]), encode([p["b"] for p in pairs])
    return float(spearmanr((first * second).sum(1), [p["score"] for p in pairs]).statistic)


def intents(encode: Encode, support: Labelled, queries: Labelled) -> dict[str, float]:
    """Accuracy of each method."""
    fitted, vectors = Support(encode(support.texts), support.labels), encode(queries.texts)
    return {name: accuracy(fitted, vectors, queries.labels, name) for name in fitted.methods}


def _mistyped(texts: list[str]) -> list[str]:
    """One word in ten mistyped; words of fewer than four letters are spared, the others take their share."""
    rng = random.Random(3)
    made = []
    for text in texts:
        words = text.split()
        long = sum(len(word) >= 4 for word in words)
        made.append(generate.mistyped(rng, text, 0.1 * len(words) / max(1, long)))
    return made


def out_of_scope(encode: Encode) -> dict[str, float]:
    """Recall of out-of-scope queries where 5 % of in-scope ones are refused, per score."""
    support = corpus.labelled("intent/CLINC150_train_10.jsonl")
    inside = encode(corpus.labelled("intent/CLINC150_valid.jsonl.gz").texts)
    outside = encode(corpus.labelled("intent/CLINC150_oos_train_val.jsonl").texts)
    return out_of_scope_recall(Support(encode(support.texts), support.labels), inside, outside)


def tools(encode: Encode, queries: Labelled) -> float:
    """Recall@5 of the query's tool among all descriptions."""
    names, texts = corpus.tool_texts()
    scores = encode(queries.texts) @ encode(texts).T
    place = {name: index for index, name in enumerate(names)}
    top = np.argsort(-scores, axis=1)[:, :5]
    hits = [place[tool] in row for tool, row in zip(queries.labels, top) if tool in place]
    return float(np.mean(hits))


def all_scores(encode: Encode) -> dict[str, float]:
    """Every held-out figure of the card."""
    scores = {"stsb_dev": sts(encode)}
    for name, support, queries in INTENTS:
        found = intents(encode, corpus.labelled(support), corpus.labelled(queries))
        scores |= {f"{name}_{method}": value for method, value in found.items()}
        typed = Labelled(_mistyped(corpus.labelled(queries).texts), corpus.labelled(queries).labels)
        scores[f"{name}_mistyped"] = intents(encode, corpus.labelled(support), typed)["blend"]
    scores |= {f"oos_{name}": value for name, value in out_of_scope(encode).items()}
    scores["tools_recall5"] = tools(encode, corpus.tool_queries(held_out=True))
    return scores


def left_out_scores(encode: Encode) -> dict[str, float]:
    """Figures on the intents and tools that a run with `leave_out` never saw labelled, alone."""
    scores = {"stsb_dev": sts(encode)}
    for name, support, queries in INTENTS:
        found = intents(
            encode,
            corpus.labelled(support).where(corpus.is_left_out_intent),
            corpus.labelled(queries).where(corpus.is_left_out_intent),
        )
        scores |= {f"{name}_{method}": value for method, value in found.items()}
    scores["tools_recall5"] = tools(encode, corpus.tool_queries(held_out=True).where(corpus.is_left_out_tool))
    return scores
