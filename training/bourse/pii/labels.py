"""Labels of the tagger: O, and B- and I- for the types that need context."""

from __future__ import annotations

import numpy as np

MANY = ["PERSON", "GPE", "ORGANIZATION", "STREET_ADDRESS", "TITLE", "NRP", "DATE_TIME"]
"""Types whose spans hold several pieces."""
ONE = ["AGE", "ZIP_CODE", "PHONE_NUMBER", "US_DRIVER_LICENSE", "CREDIT_CARD", "US_SSN"]
LABELS = ["O"] + [f"{part}-{name}" for name in MANY for part in "BI"] + [f"B-{name}" for name in ONE]
INDEX = {label: i for i, label in enumerate(LABELS)}
CANONICAL = {"LOCATION": "GPE", "ADDRESS": "STREET_ADDRESS"}
CERTAIN = {1: "EMAIL_ADDRESS", 2: "DOMAIN_NAME", 3: "IBAN_CODE", 4: "IP_ADDRESS", 5: "CREDIT_CARD",
           6: "US_SSN", 7: "DATE_TIME", 8: "PHONE_NUMBER"}
"""Pattern kinds of src/encoder/pii/patterns/kinds.ts that need no context."""


def allowed() -> np.ndarray:
    """[labels + 1, labels]: may the second follow the first? The last row is the beginning of a text."""
    n = len(LABELS)
    ok = np.ones((n + 1, n), dtype=bool)
    for j, label in enumerate(LABELS):
        if label.startswith("I-"):
            ok[:, j] = [before in ("B-" + label[2:], label) for before in LABELS] + [False]
    return ok


def piece_labels(spans: list[tuple[int, int, str]], places: np.ndarray) -> np.ndarray:
    """Label per piece of one text from spans in UTF-16 offsets; what needs no context is O here."""
    out = np.zeros(len(places), dtype=np.int64)
    for start, end, name in spans:
        inside = np.flatnonzero((places[:, 0] < end) & (places[:, 1] > start))
        first = True
        for at in inside:
            if places[at, 2] in CERTAIN:
                first = True
                continue
            if name in MANY:
                out[at] = INDEX[("B-" if first else "I-") + name]
            elif f"B-{name}" in INDEX:
                out[at] = INDEX[f"B-{name}"]
            first = False
    return out


def spans_of(path: np.ndarray, places: np.ndarray) -> list[tuple[int, int, str, int, int]]:
    """Spans that a label path says, with those of certain patterns: (start, end, type, first piece, end piece)."""
    out: list[tuple[int, int, str, int, int]] = []
    for at, label in enumerate(path):
        kind = int(places[at, 2])
        if kind in CERTAIN:
            out.append((int(places[at, 0]), int(places[at, 1]), CERTAIN[kind], at, at + 1))
        elif label:
            name = LABELS[label]
            if name[0] == "I" and out and out[-1][2] == name[2:] and out[-1][4] == at:
                out[-1] = (out[-1][0], int(places[at, 1]), name[2:], out[-1][3], at + 1)
            else:
                out.append((int(places[at, 0]), int(places[at, 1]), name[2:], at, at + 1))
    return out
