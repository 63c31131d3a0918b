"""Everything one training run reads: texts, folds, and their features, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..head import Features, FeatureSpec
from ..static_vectors import StaticEncoder
from .dataset import EVERYDAY, FOLDS, Texts, folds_of, general_benign, hard_benign, held_out, join, mixtures, real, with_typos, written_attacks
from .reviewed import Reviewed, reviewed_of
from .windowed import Bags, bags_of

GENERAL = ("deepset", "alpaca_harmless", "seed_tasks", "clinc", "banking", "metatool", "mmlu", "halueval-query", "halueval-answer", "mbpp")


@dataclass(frozen=True)
class Material:
    """A set of texts with what the detector reads of them."""

    texts: Texts
    folds: np.ndarray
    reviewed: Reviewed
    bags: Bags

    def source(self) -> np.ndarray:
        return np.array(self.texts.source)

    def is_real(self) -> np.ndarray:
        """Rows of the third-party attack data, both classes."""
        return np.array([s in ("deepset", "self_reminder", "alpaca_harmless", "seed_tasks") or s.startswith(("itw", "jbb")) for s in self.texts.source])

    def is_general(self) -> np.ndarray:
        """Benign texts that were not written to look like attacks."""
        return np.isin(self.source(), GENERAL) & (self.texts.labels() == 0)


def select(bags: Bags, places: np.ndarray) -> Bags:
    windows, _ = bags.select(places)
    counts = bags.features.counts()[windows]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    indices = bags.features.indices[np.repeat(bags.features.starts[windows] - starts, counts) + np.arange(counts.sum())]
    first = np.concatenate([[0], np.cumsum(bags.counts()[places])[:-1]]).astype(np.int64)
    return Bags(Features(bags.features.dense[windows], indices, starts), first)


def material_of(texts: Texts, folds: np.ndarray, encoder: StaticEncoder, spec: FeatureSpec, window: dict) -> Material:
    reviewed = reviewed_of(texts.text)
    return Material(texts, folds, reviewed, bags_of(encoder, reviewed.views, spec, window))


def training_texts(seed: int = 1) -> tuple[Texts, np.ndarray]:
    """All texts to learn from and their folds: a mixture or a text with typos is in the fold of what it was made of."""
    base = join(real(), written_attacks(), hard_benign(), general_benign())
    folds = folds_of(base)
    rng = np.random.default_rng(seed)
    parts, part_folds = [base], [folds]
    for fold in range(FOLDS):
        mixed = mixtures(base, np.flatnonzero(folds == fold), 300, rng)
        parts.append(mixed)
        part_folds.append(np.full(len(mixed), fold))
    typed = Texts()
    places = rng.permutation(len(base))[:1800]
    for i in places:
        typed.add(with_typos(base.text[i], rng, 5), base.label[i], f"typos:{base.source[i]}", base.family[i], base.weight[i] * 0.5)
    return join(*parts, typed), np.concatenate([*part_folds, folds[places]])


def robustness_texts(texts: Texts, folds: np.ndarray, seed: int = 9) -> tuple[Texts, np.ndarray]:
    """Real attacks with benign words behind, before or around them, with typos, in capitals; and long benign texts."""
    rng = np.random.default_rng(seed)
    benign = [[texts.text[i] for i in range(len(texts)) if folds[i] == f and texts.source[i] in EVERYDAY] for f in range(FOLDS)]

    def padding(words: int, fold: int) -> str:
        parts: list[str] = []
        while len(parts) < words:
            parts += benign[fold][int(rng.integers(len(benign[fold])))].split()
        return " ".join(parts[:words])

    out, fold_list = Texts(), []
    for i in range(len(texts)):
        source = texts.source[i]
        if texts.label[i] == 0 or not (source in ("deepset", "self_reminder") or source.startswith(("itw", "jbb"))):
            continue
        fold, text = int(folds[i]), texts.text[i]
        for kind, changed in (("as it is", text), ("200 benign words behind", f"{text} {padding(200, fold)}"), ("200 benign words before", f"{padding(200, fold)}. {text}"),
                              ("60 benign words on both sides", f"{padding(60, fold)} {text} {padding(60, fold)}"), ("one typo in ten words", with_typos(text, rng)), ("capitals", text.upper())):
            out.add(changed, 1, kind, texts.family[i])
            fold_list.append(fold)
    for fold in range(FOLDS):
        for _ in range(150):
            out.add(padding(int(rng.integers(100, 600)), fold), 0, "benign, 100 to 600 words", "benign")
            fold_list.append(fold)
    return out, np.array(fold_list)


def held_out_material(name: str, label: int, encoder: StaticEncoder, spec: FeatureSpec, window: dict) -> Material:
    texts = held_out(name, label)
    return material_of(texts, np.full(len(texts), -1), encoder, spec, window)
