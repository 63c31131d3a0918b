"""The words of a text as hashed features; mirrors `lexical.ts` bit for bit."""

from __future__ import annotations

import numpy as np

WORDS_MAX = 128
MASK = 0xFFFFFFFF
FIRST_IDEOGRAPH = 0x3040


def _letter(code: int) -> int:
    if 97 <= code <= 122 or 48 <= code <= 57:
        return code
    if 65 <= code <= 90:
        return code + 32
    if code < 0xC0 or 0x2000 <= code < 0x2070:
        return 0
    if code < 0x530:
        return code | 32
    return 0 if 0x3000 <= code < FIRST_IDEOGRAPH else code


def _hashes(text: str) -> list[int]:
    units = np.frombuffer(text[: WORDS_MAX * 16].encode("utf-16-le", "surrogatepass"), dtype="<u2")
    found: list[int] = []
    words = previous = value = 0
    for code in [*units[: WORDS_MAX * 16].tolist(), 0]:
        letter = _letter(code)
        if letter:
            value = (value * 31 + letter) & MASK
        if value == 0 or (letter and letter < FIRST_IDEOGRAPH):
            continue
        words += 1
        found.append(value)
        if previous:
            found.append(((previous * 0x85EBCA6B) & MASK) ^ value)
        previous, value = value, 0
        if words == WORDS_MAX:
            break
    return found


def buckets_of(text: str, bits: int) -> np.ndarray:
    """The distinct buckets of the words and of the pairs of neighbouring words."""
    mixed = [(((value ^ (value >> 15)) * 0x9E3779B1) & MASK) >> (32 - bits) for value in _hashes(text)]
    return np.array(list(dict.fromkeys(mixed)), dtype=np.int64)
