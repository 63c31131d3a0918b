"""What training reads: token bags with their wanted vectors, a held-out part, and the starting table."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from ..tokenise import Tokeniser
from . import corpus, generate, texts
from .distil import Bags
from .teacher import Teacher
from .vocabulary import word_text

DIMENSIONS = 256
GROUPS = 400
_TYPO_SHARE = 0.5


@dataclass(frozen=True)
class Prepared:
    """Wanted vectors are unit rows in the encoder's space; `groups` names each text's neighbourhood."""

    bags: Bags
    wanted: np.ndarray
    groups: np.ndarray
    held_bags: Bags
    held_wanted: np.ndarray
    table: np.ndarray


def _unit(table: np.ndarray) -> np.ndarray:
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)


def _basis(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """Main directions of unit vectors, not centred: cosines are kept as well as `dimensions` allow."""
    sample = vectors[:: max(1, len(vectors) // 60_000)].astype(np.float32)
    _, directions = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(directions[:, ::-1][:, :dimensions]).astype(np.float32)


def starting_table(piece_vectors: np.ndarray, basis: np.ndarray, ids: list[np.ndarray]) -> np.ndarray:
    """The teacher's vectors of single pieces, centred, projected, weighted by a / (a + frequency) with a = 0.001."""
    counts = np.zeros(len(piece_vectors))
    for one in ids:
        counts[one] += 1
    frequency = (counts + 0.1) / counts.sum()
    table = (piece_vectors - piece_vectors.mean(axis=0)) @ basis * (1e-3 / (1e-3 + frequency))[:, None]
    return (table / np.linalg.norm(table, axis=1).mean()).astype(np.float32)


def prepare(pieces: list[str]) -> Prepared:
    """Encodes all texts with the teacher (most of the first run's time lies here; vectors are cached)."""
    teacher, tokeniser = Teacher(), Tokeniser(pieces)
    real = texts.corpus_sentences()
    kinds = [real, *texts.made(real, pieces).values()]
    whole = [text for kind in kinds for text in kind]
    vectors = np.concatenate([teacher.encode(kind) for kind in kinds])
    ids = tokeniser.ids(whole)
    known = [index for index, one in enumerate(ids) if len(one)]
    held = [index for index in known if index < len(real) and corpus.fold_of(whole[index], 50) == 0]
    trained = sorted(set(known) - set(held))
    piece_vectors = teacher.encode([word_text(piece) for piece in pieces]).astype(np.float32)
    basis = _basis(vectors[trained], DIMENSIONS)

    def project(rows: np.ndarray) -> np.ndarray:
        return _unit(rows.astype(np.float32) @ basis).astype(np.float16)

    rng = random.Random(5)
    short = [index for index in trained if len(whole[index]) < 400]
    typed = rng.sample(short, int(len(short) * _TYPO_SHARE))
    typed_ids = tokeniser.ids([generate.mistyped(rng, whole[index], 0.2) for index in typed])
    lists = [ids[index] for index in trained] + [np.array([index]) for index in range(1, len(pieces))] + typed_ids
    wanted = np.concatenate([project(vectors[trained]), project(piece_vectors[1:]), project(vectors[typed])])
    return Prepared(
        bags=Bags.of(lists),
        wanted=wanted,
        groups=_nearest_seed(wanted),
        held_bags=Bags.of([ids[index] for index in held]),
        held_wanted=project(vectors[held]),
        table=starting_table(piece_vectors, basis, [ids[index] for index in trained]),
    )


def _nearest_seed(wanted: np.ndarray) -> np.ndarray:
    """For each text the nearest of some texts drawn at random."""
    seeds = wanted[np.random.default_rng(1).choice(len(wanted), GROUPS, replace=False)].astype(np.float32)
    parts = [wanted[at : at + 50_000].astype(np.float32) @ seeds.T for at in range(0, len(wanted), 50_000)]
    return np.concatenate([part.argmax(axis=1) for part in parts])
