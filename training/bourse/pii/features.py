"""Features of texts, computed by the product's own code (Node is needed to train, Python never to run)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FEATURES = 22
GATE_FEATURES = 7
TRAINING = Path(__file__).resolve().parents[2]
SCRIPT = TRAINING / "pii-features.ts"
NODE = TRAINING.parent / "node_modules" / ".bin" / "node"


@dataclass
class Dump:
    """Pieces of all texts, one after another."""

    offsets: np.ndarray
    """[texts + 1]: text i has the pieces offsets[i] to offsets[i + 1]."""
    places: np.ndarray
    """[pieces, 4]: start, end (UTF-16), pattern kind, 1 where context decides."""
    rows: np.ndarray
    """[pieces, FEATURES]."""
    lexicon_hashes: np.ndarray


def dump(texts: list[str], lexicon: dict[str, int], rows: int) -> Dump:
    """Runs the script over `texts`; `rows` is the height of the weight table."""
    node = os.environ.get("BOURSE_NODE") or (str(NODE) if NODE.exists() else shutil.which("node"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lexicon.json").write_text(json.dumps(lexicon), encoding="utf-8")
        (folder / "settings.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
        (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        subprocess.run([str(node), str(SCRIPT), str(folder)], check=True)
        counts = np.fromfile(folder / "counts.bin", dtype=np.int32)
        return Dump(
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            places=np.fromfile(folder / "pieces.bin", dtype=np.int32).reshape(-1, 4),
            rows=np.fromfile(folder / "rows.bin", dtype=np.int32).reshape(-1, FEATURES),
            lexicon_hashes=np.fromfile(folder / "hashes.bin", dtype=np.uint32),
        )
