"""Trains on one part of the templates and scores on the rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np

from . import crf
from .corpus import Row
from .features import Dump, dump
from .gate import Gate, train_gate
from .prose import plain_pieces
from .labels import piece_labels, spans_of
from .score import Span, count, joined
from .synthesis import Sample

REAL_WEIGHT = {"synth": 0.5, "large": 0.3}
MADE_WEIGHT = 1.0
DROPOUT = 0.4
MEMBERS = (1, 2)
"""Seeds of the trainings that are averaged."""


@dataclass
class Corpus:
    rows: list[Row]
    real: list[crf.Text]
    made: list[crf.Text]
    prose: tuple[np.ndarray, np.ndarray]
    """Feature rows of pieces of running text, and which of them are plain words."""
    lexicon_hashes: np.ndarray
    height: int


def load(rows: list[Row], made: list[Sample], prose: list[str], words: dict[str, int], height: int) -> Corpus:
    """Features and labels of everything; weights of the texts are those of their sources."""
    samples = [r.fixed for r in rows] + made
    features: Dump = dump([s.text for s in samples] + prose, words, height)
    texts: list[crf.Text] = []
    for i, sample in enumerate(samples):
        part = slice(features.offsets[i], features.offsets[i + 1])
        weight = REAL_WEIGHT[rows[i].file] if i < len(rows) else MADE_WEIGHT
        places = features.places[part]
        texts.append(crf.Text(features.rows[part], places, places[:, 3] == 0, piece_labels(sample.spans, places), weight))
    first = features.offsets[len(samples)]
    plain = plain_pieces(prose, features.places[first:], features.offsets[len(samples) :] - first, words)
    return Corpus(rows, texts[: len(rows)], texts[len(rows) :], (features.rows[first:], plain),
                  features.lexicon_hashes, height)


def gated(corpus: Corpus, texts: list[crf.Text]) -> Gate:
    """A gate from `texts` and the running text."""
    ids = np.concatenate([t.rows for t in texts] + [corpus.prose[0]])
    truth = np.concatenate([t.labels != 0 for t in texts] + [np.zeros(len(corpus.prose[0]), dtype=bool)])
    weight = np.concatenate([(~t.outside).astype(float) for t in texts] + [corpus.prose[1].astype(float)])
    return train_gate(ids, truth, weight, corpus.height)


def behind(gate: Gate, texts: list[crf.Text]) -> list[crf.Text]:
    """The texts as the tagger sees them: what the gate leaves out is outside."""
    return [replace(t, outside=t.outside | ~gate.opens(t.rows)) for t in texts]


def train(corpus: Corpus, texts: list[crf.Text], epochs: int) -> tuple[Gate, crf.Weights]:
    """The mean of several trainings: of linear models that is their ensemble."""
    gate = gated(corpus, texts)
    seen = behind(gate, texts)
    members = [crf.train(seen, corpus.height, epochs=epochs, dropout=DROPOUT, seed=seed) for seed in MEMBERS]
    return gate, crf.Weights(np.mean([m.rows for m in members], axis=0),
                             np.mean([m.transitions for m in members], axis=0))


def template_folds(rows: list[Row], folds: int, seed: int) -> np.ndarray:
    """Fold per row: a template, in both files, is in one."""
    rng = np.random.default_rng(seed)
    groups = sorted({r.group for r in rows})
    fold = dict(zip(groups, rng.permutation(np.arange(len(groups)) % folds), strict=True))
    return np.array([fold[r.group] for r in rows])


@dataclass
class Found:
    """What the tagger says of one row: spans with the raw probability of each, certain ones 1."""

    row: int
    spans: list[Span]
    chances: list[float]
    certain: list[bool]


def tag(weights: crf.Weights, text: crf.Text, row: int, bias: float, with_chances: bool = False) -> Found:
    if not len(text.rows):
        return Found(row, [], [], [])
    emissions = crf.emissions_of(weights, text)
    path = crf.viterbi(emissions, weights.transitions, bias)
    spans = spans_of(path, text.places)
    certain = [bool(path[s[3]] == 0) for s in spans]
    chances = [1.0] * len(spans)
    if with_chances and not all(certain):
        lattice = crf.forward_backward(emissions, weights.transitions)
        chances = [1.0 if sure else crf.span_probability(emissions, weights.transitions, path, (s[3], s[4]), lattice)
                   for s, sure in zip(spans, certain, strict=True)]
    return Found(row, [(s[0], s[1], s[2]) for s in spans], chances, certain)


def tally(rows: list[Row], found: list[Found], exact: bool = False) -> dict[str, Counter]:
    """Counts per type over rows as the data labels them."""
    into: dict[str, Counter] = defaultdict(Counter)
    for item in found:
        sample = rows[item.row].sample
        units = sample.text.encode("utf-16-le", "surrogatepass")
        text16 = "".join(chr(units[i] | units[i + 1] << 8) for i in range(0, len(units), 2))
        expected, given = sorted(sample.spans), sorted(item.spans)
        if not exact:
            expected, given = joined(expected, text16), joined(given, text16)
        count(expected, given, exact, into)
    return into
