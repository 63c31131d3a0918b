"""Span scores as src/encoder/pii/score.ts computes them."""

from __future__ import annotations

from collections import Counter

Span = tuple[int, int, str]


def joined(spans: list[Span], text16: str) -> list[Span]:
    """Sorted; neighbours of one type that only white space parts are one. `text16` is indexed by UTF-16 offsets."""
    out: list[Span] = []
    for start, end, name in sorted(spans):
        if out and out[-1][2] == name and out[-1][1] <= start and not text16[out[-1][1] : start].strip():
            out[-1] = (out[-1][0], end, name)
        else:
            out.append((start, end, name))
    return out


def _matches(a: Span, b: Span, exact: bool) -> bool:
    if a[2] != b[2]:
        return False
    if exact:
        return a[:2] == b[:2]
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) > 0.5


def count(expected: list[Span], found: list[Span], exact: bool, into: dict[str, Counter]) -> None:
    """Adds the expected, found and matched spans of one text per type."""
    taken: set[int] = set()
    for span in expected:
        into[span[2]]["expected"] += 1
    for span in found:
        into[span[2]]["found"] += 1
    for span in sorted(expected):
        for at, other in enumerate(found):
            if at not in taken and _matches(span, other, exact):
                taken.add(at)
                into[span[2]]["matched"] += 1
                break


def scores(counters: list[Counter]) -> tuple[float, float, float]:
    """Precision, recall and F2 over the sum of the counters."""
    total: Counter = Counter()
    for counter in counters:
        total.update(counter)
    p = total["matched"] / max(1, total["found"])
    r = total["matched"] / max(1, total["expected"])
    return p, r, 5 * p * r / max(1e-9, 4 * p + r)
