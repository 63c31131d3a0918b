"""Raw-text statistics: inputs of heads that tokens alone do not carry.

Mirrored in `src/encoder/text-stats.ts`; `models/fixtures/text-stats.json` holds vectors for parity.

All counts are over UTF-16 code units (JavaScript's `charCodeAt`), in one pass, without regular
expressions. `n` is the number of units. A share of an empty text is 0. `ln` is the natural logarithm.
Classes are ASCII only:

- digit: `0`-`9`; upper: `A`-`Z`; letter: `A`-`Z`, `a`-`z`
- space: U+0020, U+0009, U+000A, U+000D
- symbol: one of ``+-*/=<>^_\\{}[]()|$%&~#@`;``
- wide: a unit above U+007F

A *word* is a maximal run of units that are not space. A *number* is a maximal run of digits.
A *line* starts at the text's start and after every U+000A.

| name | value |
|---|---|
| `logCharacters` | ln(1 + n) |
| `logWords` | ln(1 + words) |
| `logLines` | ln(1 + count of U+000A) |
| `meanWord` | (units that are not space) / words; 0 without words |
| `digitShare` | digits / n |
| `upperShare` | uppers / n |
| `symbolShare` | symbols / n |
| `wideShare` | wides / n |
| `logNumbers` | ln(1 + numbers) |
| `logOptions` | ln(1 + lines whose first unit is `A`-`J` and whose second is `.` or `)`) |
| `logQuestions` | ln(1 + count of `?`) |
| `logSentences` | ln(1 + count of `.`, `!`, `?` or `;` followed by a space unit or the end) |
| `logFences` | ln(1 + count of units equal to U+0060) |
| `endsWithQuestion` | 1 where the last unit that is not space is `?`, else 0 |
"""

from __future__ import annotations

import numpy as np

NAMES: tuple[str, ...] = (
    "logCharacters",
    "logWords",
    "logLines",
    "meanWord",
    "digitShare",
    "upperShare",
    "symbolShare",
    "wideShare",
    "logNumbers",
    "logOptions",
    "logQuestions",
    "logSentences",
    "logFences",
    "endsWithQuestion",
)

_SYMBOLS = np.zeros(65536, dtype=bool)
_SYMBOLS[[ord(c) for c in "+-*/=<>^_\\{}[]()|$%&~#@`;"]] = True
_SPACES = np.zeros(65536, dtype=bool)
_SPACES[[32, 9, 10, 13]] = True


def _runs(mask: np.ndarray) -> int:
    """Number of maximal runs of true."""
    return int(mask[0]) + int((mask[1:] & ~mask[:-1]).sum()) if len(mask) else 0


def text_stats(text: str) -> dict[str, float]:
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
    n = len(units)
    if n == 0:
        return dict.fromkeys(NAMES, 0.0)
    space = _SPACES[units]
    digit = (units >= 48) & (units <= 57)
    words = _runs(~space)
    after = np.append(units[1:], 32)
    first = np.append(10, units[:-1]) == 10
    option = first & (units >= 65) & (units <= 74) & ((after == 46) | (after == 41))
    stop = (units == 46) | (units == 33) | (units == 63) | (units == 59)
    filled = np.flatnonzero(~space)
    return {
        "logCharacters": float(np.log1p(n)),
        "logWords": float(np.log1p(words)),
        "logLines": float(np.log1p((units == 10).sum())),
        "meanWord": float((~space).sum() / words) if words else 0.0,
        "digitShare": float(digit.sum() / n),
        "upperShare": float(((units >= 65) & (units <= 90)).sum() / n),
        "symbolShare": float(_SYMBOLS[units].sum() / n),
        "wideShare": float((units > 127).sum() / n),
        "logNumbers": float(np.log1p(_runs(digit))),
        "logOptions": float(np.log1p(option.sum())),
        "logQuestions": float(np.log1p((units == 63).sum())),
        "logSentences": float(np.log1p((stop & _SPACES[after]).sum())),
        "logFences": float(np.log1p((units == 96).sum())),
        "endsWithQuestion": float(len(filled) > 0 and units[filled[-1]] == 63),
    }


def stats_matrix(texts: list[str], names: tuple[str, ...]) -> np.ndarray:
    """[texts, names], float32."""
    rows = [text_stats(text) for text in texts]
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float32).reshape(
        len(texts), len(names)
    )
