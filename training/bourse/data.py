"""Where the training data lies, and how its files are read."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("BOURSE_DATA", ROOT.parent / "shared" / "data"))
MODELS = ROOT / "models"

EVALUATION_ONLY = ("cache/qqp_pairs", "router/alpaca_eval", "sts/stsb", "lang/xquad", "halluc/faithbench")


def rows(name: str, for_evaluation: bool = False) -> list[dict[str, Any]]:
    """Rows of `name`, a path under the data folder; refuses evaluation-only files to trainers."""
    if name.startswith(EVALUATION_ONLY) and not for_evaluation:
        raise ValueError(f"{name} may not train what ships: pass for_evaluation=True to score on it")
    path = DATA / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: set BOURSE_DATA to the folder that holds {name}")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
