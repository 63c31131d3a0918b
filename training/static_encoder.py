"""Trains the static encoder: models/static-encoder.safetensors, its card and its fixtures.

    python training/static_encoder.py [--out models]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch

from bourse.artefact import write_text
from bourse.data import MODELS
from bourse.static import corpus, measure, teacher, vocabulary
from bourse.static.card import Figures, card
from bourse.static.fixtures import write_fixtures
from bourse.static.prepare import Prepared, prepare
from bourse.static.quantise import write_encoder
from bourse.static.train import Settings, train
from bourse.static_vectors import StaticEncoder

SETTINGS = Settings()
MOST_BYTES = 8_000_000


def _encode_with(path: Path) -> measure.Encode:
    encoder = StaticEncoder(path)
    return lambda texts: encoder.vectors(encoder.tokeniser.ids(texts))


def _trained(prepared: Prepared, pieces: list[str], settings: Settings, path: Path) -> int:
    """Trains, writes the file and gives its size."""
    model = train(prepared, pieces, settings, print)
    pairs = model.pairs.weight.detach().numpy() if settings.buckets else None
    return write_encoder(path, pieces, model.tokens.weight.detach().numpy(), pairs, 4)


def _left_out(prepared: Prepared, pieces: list[str]) -> dict[str, float]:
    """Figures of a second run on the labels that it did not see; its file is not kept."""
    path = teacher.CACHE / "left-out.safetensors"
    _trained(prepared, pieces, dataclasses.replace(SETTINGS, leave_out=True), path)
    return measure.left_out_scores(_encode_with(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    began = time.process_time()
    pieces = vocabulary.build(teacher.pieces(), corpus.documents(), 3, 9_000)
    prepared = prepare(pieces)
    print(f"{len(prepared.wanted)} texts, {len(pieces)} pieces, {time.process_time() - began:.0f} s")
    path = chosen.out / "static-encoder.safetensors"
    size = _trained(prepared, pieces, SETTINGS, path)
    if size > MOST_BYTES:
        raise ValueError(f"{path} has {size} bytes, more than {MOST_BYTES}: lower the number of pair buckets")
    shipped = _encode_with(path)
    write_fixtures(chosen.out / "fixtures" / "static-encoder.json", StaticEncoder(path))
    scores = measure.all_scores(shipped)
    print(json.dumps(scores, indent=1))
    plain = teacher.CACHE / "start.safetensors"
    write_encoder(plain, pieces, prepared.table, None, 4)
    guide = teacher.Teacher()
    begin, lead = _encode_with(plain), lambda texts: guide.encode(texts).astype(np.float32)
    figures = Figures(
        shipped=scores,
        start=measure.all_scores(begin),
        teacher=measure.all_scores(lead),
        left_out=_left_out(prepared, pieces),
        left_out_start=measure.left_out_scores(begin),
        left_out_teacher=measure.left_out_scores(lead),
    )
    minutes = (time.process_time() - began) / 60
    write_text(chosen.out / "static-encoder.md", card(figures, SETTINGS, size, len(pieces), minutes))


if __name__ == "__main__":
    main()
