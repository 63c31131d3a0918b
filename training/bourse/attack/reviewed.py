"""The reviewed features (patterns, disguises) as the product computes them: by the product's own code."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import numpy as np

from ..data import ROOT


@dataclass(frozen=True)
class Reviewed:
    names: list[str]
    values: np.ndarray
    """[texts, names], 0 or 1."""
    weights: np.ndarray
    """[names], what each is worth before training."""
    views: list[list[str]]
    """Per text: itself without disguise, then what was encoded in it."""


def reviewed_of(texts: list[str]) -> Reviewed:
    """Runs `node training/attack-features.ts`; Node must be 22.19 or newer (the repository's own, after `npm ci`)."""
    node = ROOT / "node_modules" / ".bin" / "node"
    done = subprocess.run(
        [str(node), str(ROOT / "training" / "attack-features.ts")],
        input="\n".join(json.dumps(text) for text in texts) + "\n",
        capture_output=True, text=True, check=True, encoding="utf-8",
    )
    head, *lines = done.stdout.rstrip("\n").split("\n")
    about = json.loads(head)
    names = about["names"]
    values = np.zeros((len(texts), len(names)), dtype=np.float32)
    views: list[list[str]] = []
    for place, line in enumerate(lines):
        row = json.loads(line)
        values[place, row["on"]] = 1
        views.append(row["texts"])
    if len(views) != len(texts):
        raise ValueError(f"{len(texts)} texts went in, {len(views)} came out")
    return Reviewed(names, values, np.array(about["weights"], dtype=np.float32), views)
