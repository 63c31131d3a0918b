"""Trains the personal-data tagger: `python training/pii.py [--out models] [--quick]`.

Needs Node (the product's own code computes the features). Writes pii.safetensors, pii.md and
fixtures/pii.json below --out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bourse.data import MODELS
from bourse.pii.build import build

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--quick", action="store_true", help="one fold and few epochs: to try the pipeline, not to ship")
    arguments = parser.parse_args()
    build(arguments.out, arguments.quick)
