"""From data to files: folds for scores, bias and calibration; then the model on everything."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from ..artefact import write_artefact
from ..calibration import ece, isotonic_of
from . import corpus, crf, experiment, lexicon, report
from .features import FEATURES
from .labels import LABELS
from .prose import plain_sentences, prose
from .quantise import quantise
from .score import scores
from .synthesis import Sample, Synthesis

HEIGHT = 98304
"""Rows of the weight table."""
PER_TEMPLATE = 16
EPOCHS = 8
FOLDS = 5
SEEDS = (1, 2)
BIASES = (1.0, 0.5, 0.0, -0.5)


def build(out: Path, quick: bool) -> None:
    words = lexicon.build()
    rows = corpus.read()
    texts = prose()
    made = Synthesis(1).samples(2 if quick else PER_TEMPLATE, [row.mask for row in rows])
    made += [Sample(text, []) for text in plain_sentences(texts, words)]
    data = experiment.load(rows, made, texts, words, HEIGHT)
    epochs = 3 if quick else EPOCHS
    print(f"{len(rows)} sentences, {len(made)} made, {sum(len(t.rows) for t in data.made)} pieces", flush=True)
    runs: list[Run] = []
    for seed in SEEDS[:1] if quick else SEEDS:
        folds = experiment.template_folds(rows, FOLDS, seed)
        for fold in range(1 if quick else FOLDS):
            runs.append(held_out(data, folds, fold, epochs))
            shown = {bias: round(f2_of(rows, runs[-1:], bias), 3) for bias in BIASES}
            print(f"seed {seed} fold {fold}: F2 {shown}, {runs[-1].seconds:.0f} s", flush=True)
    bias = max(BIASES, key=lambda value: f2_of(rows, runs, value))
    calibration, error = calibrate(rows, runs, bias)
    gate, final = experiment.train(data, data.real + data.made, epochs)
    tensors, kept = quantise(final)
    tensors["gate"] = gate.weights
    tensors["lexicon_hashes"] = data.lexicon_hashes.astype(np.uint32)
    bits = np.array(list(words.values()), dtype=np.uint32)
    tensors["lexicon_bits"] = np.stack([bits & 255, bits >> 8], axis=1).astype(np.uint8)
    meta = {"kind": "pii", "version": 1, "labels": LABELS, "rows": HEIGHT, "features": FEATURES,
            "gateThreshold": gate.threshold, "lexiconWords": len(words), "outsideBias": bias,
            "margin": crf.MARGIN, "outsideMargin": crf.OUTSIDE_MARGIN,
            "calibration": {"x": calibration["x"], "y": calibration["y"]},
            "certainConfidence": certain_confidence(rows, runs, bias)}
    size = write_artefact(out / "pii.safetensors", tensors, meta)
    report.write_fixtures(out / "fixtures" / "pii.json", report.Tagger(gate, kept, meta, words, HEIGHT))
    report.write_card(out / "pii.md", rows, [f for run in runs for f in run.found[bias]], (bias, error, size))


class Run:
    """One fold of one seed, tagged by a model that saw none of its templates."""

    def __init__(self, found: dict[float, list[experiment.Found]], seconds: float) -> None:
        self.found = found
        self.seconds = seconds


def held_out(data: experiment.Corpus, folds: np.ndarray, fold: int, epochs: int) -> Run:
    start = time.time()
    seen = [text for i, text in enumerate(data.real) if folds[i] != fold] + data.made
    gate, weights = experiment.train(data, seen, epochs)
    _, weights = quantise(weights)
    picks = np.flatnonzero(folds == fold)
    texts = experiment.behind(gate, [data.real[i] for i in picks])
    found = {bias: [experiment.tag(weights, text, int(i), bias, True) for i, text in zip(picks, texts, strict=True)]
             for bias in BIASES}
    return Run(found, time.time() - start)


def f2_of(rows: list[corpus.Row], runs: list[Run], bias: float) -> float:
    """F2 with that bias of "no entity" on the first file, whose labels are complete.

    One number is chosen by it over all held-out folds together.
    """
    found = [f for run in runs for f in run.found[bias] if rows[f.row].file == "synth"]
    return scores(list(experiment.tally(rows, found).values()))[2]


def _judged(rows: list[corpus.Row], runs: list[Run], bias: float) -> list[tuple[str, bool, float, bool]]:
    """(type, certain pattern?, chance, exactly right?) per span found in the first file."""
    out = []
    for run in runs:
        for found in run.found[bias]:
            if rows[found.row].file == "synth":
                truth = set(rows[found.row].sample.spans)
                out += [(span[2], sure, chance, span in truth) for span, sure, chance
                        in zip(found.spans, found.certain, found.chances, strict=True)]
    return out


def calibrate(rows: list[corpus.Row], runs: list[Run], bias: float) -> tuple[dict, float]:
    """The map from chance to confidence, and its error on folds of a seed when fitted on the other folds of that seed."""
    def pairs(part: list[Run]) -> tuple[np.ndarray, np.ndarray]:
        judged = [(c, r) for _, sure, c, r in _judged(rows, part, bias) if not sure]
        return np.array([c for c, _ in judged]), np.array([float(r) for _, r in judged])

    shown: list[np.ndarray] = []
    truth: list[np.ndarray] = []
    for start in range(0, len(runs) if len(runs) > 1 else 0, FOLDS):
        of_seed = runs[start : start + FOLDS]
        for at, run in enumerate(of_seed):
            fitted = isotonic_of(*pairs(of_seed[:at] + of_seed[at + 1 :]), points=12)
            chances, right = pairs([run])
            shown.append(np.interp(chances, fitted["x"], fitted["y"]))
            truth.append(right)
    error = ece(np.concatenate(shown), np.concatenate(truth)) if shown else float("nan")
    return isotonic_of(*pairs(runs), points=12), error


def certain_confidence(rows: list[corpus.Row], runs: list[Run], bias: float) -> dict[str, float]:
    """Share of the certain patterns that is right, per type; with one right and a tenth wrong added."""
    counts: dict[str, Counter] = defaultdict(Counter)
    for name, sure, _, right in _judged(rows, runs, bias):
        if sure:
            counts[name][right] += 1
    return {name: round((c[True] + 1) / (c[True] + c[False] + 1.1), 3) for name, c in sorted(counts.items())}
