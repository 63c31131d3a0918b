"""Trains the complexity head that `bench/reasoning` measures with: it has seen neither of the folds that are tried.

Fold 1 calibrates it and chooses the scale; fold 0 reports. The shipped head has seen all folds, so its figures on
MMLU-Pro would say nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from bourse.data import MODELS, ROOT
from bourse.fitting import Fitter
from bourse.head import Head
from bourse.head_export import fold_ensemble, write_head
from bourse.sigmoid_head import SigmoidHead, Trial, auc, run
from bourse.sources import MMLU_PRO, items
from bourse.static_vectors import StaticEncoder
from complexity import PLAN, SPEC, build

REPORTING, CHOOSING = 0, 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "reasoning")
    arguments = parser.parse_args()
    found = items()
    fitter = Fitter(StaticEncoder(MODELS / "static-encoder.safetensors"), build(found, np.random.default_rng(11)), SPEC, PLAN)
    head = SigmoidHead("complexity", ["simple", "complex"], fitter, arguments.out, 1)
    held = {item.group for item in found if item.fold in (REPORTING, CHOOSING)}
    networks = fitter.networks(held, 1)
    write_head(head.path, fold_ensemble(networks), head.meta)
    graded = {fold: [i for i in found if i.source == MMLU_PRO and i.fold == fold] for fold in (REPORTING, CHOOSING)}
    trials = {}
    for fold, rows in graded.items():
        texts = [i.text for i in rows]
        truth = np.array([i.row["solve_rate"] < 0.5 for i in rows], dtype=float)
        trials[fold] = Trial(texts, truth, run(Head(head.path, fitter.encoder), texts))
    head.calibrate(trials[CHOOSING])
    head.meta |= {"threshold": 0.5, "band": [0.2, 0.8], "notes": "for bench/reasoning alone: folds 0 and 1 are held out"}
    write_head(head.path, fold_ensemble(networks), head.meta)
    print({fold: (len(t.truth), round(auc(t.truth, t.logits), 3)) for fold, t in trials.items()})
    folds = {"choosing": [i.place for i in graded[CHOOSING]], "reporting": [i.place for i in graded[REPORTING]]}
    (arguments.out / "folds.json").write_text(json.dumps(folds, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
