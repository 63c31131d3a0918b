"""From trained networks to the shipped file: ensembles folded into one head, weights in int8 and F16."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .artefact import write_artefact
from .head import FeatureSpec
from .head_training import HeadNetwork


def _quantise(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 per column; the largest 1 in 100,000 entries of a column are clipped."""
    scales = np.maximum(np.quantile(np.abs(table), 0.99999, axis=0), 1e-12) / 127
    return np.clip(np.rint(table / scales), -127, 127).astype(np.int8), scales.astype(np.float32)


def fold_ensemble(networks: list[HeadNetwork]) -> dict[str, np.ndarray]:
    """Tensors of one head whose logits are the mean of the networks' logits.

    Networks have the same standardisation and at most one hidden layer: hidden units stand side by side.
    """
    first, count = networks[0], len(networks)
    tensors: dict[str, np.ndarray] = {}
    if len(first.layers):
        tensors["mean"], tensors["deviation"] = first.mean.numpy(), first.deviation.numpy()
        weights = [[layer.weight.detach().numpy() for layer in n.layers] for n in networks]
        biases = [[layer.bias.detach().numpy() for layer in n.layers] for n in networks]
        last = len(first.layers) - 1
        if last == 1:
            tensors["dense0_weight"] = np.concatenate([w[0] for w in weights]).astype(np.float16)
            tensors["dense0_bias"] = np.concatenate([b[0] for b in biases])
            final = np.concatenate([w[1] / count for w in weights], axis=1)
        elif last == 0:
            final = sum(w[0] for w in weights) / count
        else:
            raise ValueError("an ensemble folds networks of at most one hidden layer")
        tensors[f"dense{last}_weight"] = final.astype(np.float16)
        tensors[f"dense{last}_bias"] = (sum(b[last] for b in biases) / count).astype(np.float32)
    if first.table is not None:
        table = sum(n.table.detach().numpy() for n in networks) / count
        tensors["ngram_weights"], tensors["ngram_scales"] = _quantise(table)
    return tensors


def head_meta(task: str, encoder: str, labels: list[str], spec: FeatureSpec, output: str) -> dict[str, Any]:
    """Metadata without calibration: identity temperature, no threshold, no band."""
    return {
        "kind": "head",
        "version": 1,
        "task": task,
        "encoder": encoder,
        "labels": labels,
        "features": spec.meta(),
        "hidden": [],
        "output": output,
        "calibration": {"kind": "temperature", "temperature": 1.0},
        "threshold": None,
        "band": None,
        "window": None,
        "notes": "",
    }


def write_head(path: Path, tensors: dict[str, np.ndarray], meta: dict[str, Any]) -> int:
    """Fills `hidden` from the tensors and writes; gives the size in bytes."""
    depth = sum(name.endswith("_weight") and name.startswith("dense") for name in tensors)
    meta = {**meta, "hidden": [int(tensors[f"dense{d}_weight"].shape[0]) for d in range(depth - 1)]}
    return write_artefact(path, tensors, meta)
