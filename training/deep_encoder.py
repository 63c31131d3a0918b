"""Trains and writes the deep encoder: `python training/deep_encoder.py [--out models]`."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from bourse.data import MODELS
from bourse.deep.ablation import all_left_out
from bourse.deep.bank import CACHE, Bank
from bourse.deep.knowledge_data import DOMAINS
from bourse.deep.network import DeepEncoder
from bourse.deep.onnx_graph import export
from bourse.deep.pii_data import TAGS
from bourse.deep.publish import write_card, write_fixtures, write_meta, write_vocabulary
from bourse.deep.scoring import score_all
from bourse.deep.session import Session
from bourse.deep.tasks import Tasks, assemble
from bourse.deep.training import FIRST, SECOND, Trainer

SEED = 7


def _train(bank: Bank, tasks: Tasks, network: DeepEncoder, folder: Path) -> None:
    """Both runs; float32 checkpoints go to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    bank.build(network)
    for name, plan in (("first", FIRST), ("second", SECOND)):

        def report(step: int, total: int, means: dict[str, float], name: str = name) -> None:
            losses = " ".join(f"{task} {value:.3f}" for task, value in sorted(means.items()))
            print(f"{name} {step}/{total} {losses}", flush=True)

        def keep(step: int, state: dict[str, torch.Tensor], name: str = name) -> None:
            temporary = folder / "checkpoint.part"
            torch.save(state, temporary)
            temporary.rename(folder / f"{name}-{step}.pt")

        Trainer(network, bank, tasks, plan, SEED).run(report, keep)


def _left_out(bank: Bank, tasks: Tasks, network: DeepEncoder, folder: Path) -> dict[str, float]:
    """The figures for what is left out of training; kept beside the checkpoints."""
    path = folder / "left-out.json"
    if not path.exists():
        bank.build(network)
        path.write_text(json.dumps(all_left_out(bank, tasks, SEED)))
    figures: dict[str, float] = json.loads(path.read_text())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, help="export and score these weights in place of training")
    parser.add_argument("--keep", type=Path, default=CACHE / "deep", help="folder of float32 checkpoints and of figures that cost training")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    started = time.monotonic()
    bank = Bank()
    tasks = assemble(bank, SEED)
    network = DeepEncoder(len(DOMAINS), len(TAGS))
    if options.weights:
        network.load_state_dict(torch.load(options.weights))
    else:
        _train(bank, tasks, network, options.keep)
    minutes = (time.monotonic() - started) / 60
    network.eval()
    path = options.out / "deep-encoder.onnx"
    staged = options.keep / "deep-encoder.onnx"
    size = export(network, staged)
    exact = export(network, options.keep / "deep-encoder-f32.onnx", is_quantised=False)
    print(f"exported {size} bytes (float32 {exact}) after {minutes:.1f} min", flush=True)
    session = Session(staged)
    scores = score_all(session, tasks)
    plain = score_all(Session(options.keep / "deep-encoder-f32.onnx"), tasks)
    for tokens in (16, 64, 256):
        scores.figures[f"least milliseconds, {tokens} tokens, all heads"] = session.milliseconds(tokens)[1]
    scores.figures |= _left_out(bank, tasks, DeepEncoder(len(DOMAINS), len(TAGS)), options.keep)
    for name, value in scores.figures.items():
        print(f"{name}: {value:.4f} (float32 {plain.figures.get(name, np.nan):.4f})", flush=True)
    export(network, path)
    write_vocabulary(options.out)
    write_meta(options.out, scores)
    write_fixtures(options.out, session, scores)
    write_card(options.out, scores, plain, size, minutes)


if __name__ == "__main__":
    main()
