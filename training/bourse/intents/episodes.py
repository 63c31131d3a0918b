"""Small made-up policies: some intents with some examples each, and texts in and out of their scope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data import rows
from ..static_vectors import StaticEncoder
from .index import IntentIndex
from .linear_classes import Example

QUERIES = 160
OUT_OF_SCOPE = -1


@dataclass(frozen=True)
class Corpus:
    """Texts by intent, those to learn from and those to judge."""

    name: str
    texts: dict[str, list[tuple[str, np.ndarray]]]
    judged: dict[str, list[tuple[str, np.ndarray]]]


@dataclass(frozen=True)
class Judged:
    """`right` is None for a text out of scope."""

    features: np.ndarray
    right: bool | None


def _with_vectors(encoder: StaticEncoder, found: list[dict[str, str]]) -> dict[str, list[tuple[str, np.ndarray]]]:
    grouped: dict[str, list[tuple[str, np.ndarray]]] = {}
    vectors = encoder.embed([row["text"] for row in found])
    for row, vector in zip(found, vectors, strict=True):
        grouped.setdefault(row["label"], []).append((row["text"], vector))
    return grouped


def load_corpora(encoder: StaticEncoder) -> list[Corpus]:
    return [
        Corpus(
            name,
            _with_vectors(encoder, rows(f"intent/{name}_train.jsonl.gz")),
            _with_vectors(encoder, rows(f"intent/{name}_valid.jsonl{suffix}")),
        )
        for name, suffix in (("CLINC150", ".gz"), ("BANKING77", ""))
    ]


def load_strangers(encoder: StaticEncoder) -> list[tuple[str, np.ndarray]]:
    """Texts that have no intent of either corpus."""
    texts = [row["text"] for row in rows("intent/CLINC150_oos_train_val.jsonl")]
    texts += [row["text"] for row in rows("guard/jailbreak_train.jsonl.gz") if row["label"] == 0][:400]
    texts += [row["user_query"] for row in rows("halluc/halueval_general.jsonl.gz")[:400]]
    texts += [row["text"] for row in rows("domain/mmlu_pro.jsonl.gz")[::36]]
    return list(zip(texts, encoder.embed(texts), strict=True))


def play(corpus: Corpus, intents: list[str], per_intent: int,
         outside: list[tuple[str, np.ndarray]], rng: np.random.Generator) -> list[Judged]:
    """One episode: learn a few examples of each intent, judge other texts of them and texts of none."""
    examples: list[Example] = []
    for label, intent in enumerate(intents):
        own = corpus.texts[intent]
        for i in rng.permutation(len(own))[:per_intent]:
            examples.append(Example(own[i][0], label, own[i][1]))
    index = IntentIndex(examples, len(intents))
    inside = [(label, pair) for label, intent in enumerate(intents) for pair in corpus.judged[intent]]
    chosen = [inside[i] for i in rng.permutation(len(inside))[:QUERIES]]
    chosen += [(OUT_OF_SCOPE, outside[i]) for i in rng.permutation(len(outside))[:QUERIES]]
    judged = []
    for truth, (text, vector) in chosen:
        best, features = index.evidence(text, vector)
        judged.append(Judged(features, None if truth == OUT_OF_SCOPE else best == truth))
    return judged


def episodes(corpora: list[Corpus], strangers: list[tuple[str, np.ndarray]], count: int,
             rng: np.random.Generator) -> list[list[Judged]]:
    """`count` episodes; half of the texts out of scope are those of the corpus's other intents."""
    played = []
    for _ in range(count):
        corpus = corpora[int(rng.integers(len(corpora)))]
        names = sorted(corpus.texts)
        size = min(len(names), int(rng.choice([1, 2, 3, 5, 8, 15, 30, 60, 150],
                                              p=[.12, .12, .12, .14, .12, .12, .1, .08, .08])))
        order = [names[i] for i in rng.permutation(len(names))]
        intents, others = order[:size], order[size:]
        near = [pair for other in others for pair in corpus.judged[other]]
        near = [near[i] for i in rng.permutation(len(near))[:QUERIES // 2]]
        far = [strangers[i] for i in rng.permutation(len(strangers))[: QUERIES - len(near)]]
        per_intent = int(rng.choice([3, 5, 10, 20, 40], p=[.2, .25, .3, .15, .1]))
        played.append(play(corpus, intents, per_intent, near + far, rng))
    return played
