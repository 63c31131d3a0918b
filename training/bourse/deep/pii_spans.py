"""Spans from tag logits, and their score."""

from __future__ import annotations

import numpy as np
from tokenizers import Encoding

from ..calibration import softmax
from .pii_data import TAGS, Span

Found = tuple[int, int, str, float]


def spans_of(encoding: Encoding, logits: np.ndarray) -> list[Found]:
    """Spans with raw confidence (mean probability of their words' tags).

    The first piece of a word decides for the word. `B-x` starts a span; `I-x` continues a span of x that
    ends on the word before, and starts one elsewhere.
    """
    shares = softmax(logits)
    found: list[tuple[int, int, str, list[float]]] = []
    is_open = False
    for place in range(1, len(encoding.ids) - 1):
        start, end = encoding.offsets[place]
        if encoding.tokens[place].startswith("##") and place > 1:
            if is_open:
                found[-1] = (found[-1][0], end, *found[-1][2:])
            continue
        tag = TAGS[int(shares[place].argmax())]
        share = float(shares[place].max())
        if tag == "O":
            is_open = False
            continue
        prefix, kind = tag[0], tag[2:]
        if is_open and prefix == "I" and found[-1][2] == kind:
            found[-1][3].append(share)
            found[-1] = (found[-1][0], end, *found[-1][2:])
        else:
            found.append((start, end, kind, [share]))
        is_open = True
    return [(start, end, kind, float(np.mean(each))) for start, end, kind, each in found]


def is_match(one: Found | Span, other: Span, least_overlap: float) -> bool:
    """Same type, and intersection over union of at least `least_overlap`."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    union = max(one[1], other[1]) - min(one[0], other[0])
    return one[2] == other[2] and shared > 0 and shared / union >= least_overlap


def joined(spans: list[Found] | list[Span], text: str) -> list[Span]:
    """Neighbours of one type that only white space parts are one span: the data parts the lines of an
    address in some templates and joins them in others."""
    made: list[Span] = []
    for start, end, kind in sorted((one[0], one[1], one[2]) for one in spans):
        if made and made[-1][2] == kind and not text[made[-1][1] : start].strip():
            made[-1] = (made[-1][0], max(end, made[-1][1]), kind)
        else:
            made.append((start, end, kind))
    return made


def score(pairs: list[tuple[list[Span], list[Span]]], kinds: set[str], least_overlap: float) -> dict[str, float]:
    """Precision, recall and F2 over spans of the given types."""
    right = found_count = true_count = hit = 0
    for truth, found in pairs:
        truth, found = [t for t in truth if t[2] in kinds], [f for f in found if f[2] in kinds]
        right += sum(any(is_match(f, t, least_overlap) for t in truth) for f in found)
        hit += sum(any(is_match(f, t, least_overlap) for f in found) for t in truth)
        found_count, true_count = found_count + len(found), true_count + len(truth)
    precision, recall = right / max(1, found_count), hit / max(1, true_count)
    return {"precision": precision, "recall": recall, "spans": true_count,
            "f2": 5 * precision * recall / max(1e-9, 4 * precision + recall)}
