"""Texts on which the runtime's vectors must equal those of the Python reference."""

from __future__ import annotations

import json
from pathlib import Path

from ..artefact import write_text
from ..static_vectors import StaticEncoder

TEXTS = (
    "",
    "hello",
    "The quick brown fox jumps over the lazy dog.",
    "How do I reset my password?",
    "Write a TypeScript function that parses JSON and returns a Map<string, number>.",
    "Café crème à la carte, déjà vu, naïve façade, Zürich, São Paulo",
    "東京は日本の首都です",
    "你好 world, 这是 a test",
    "Привет, как дела?",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "😀 🎉 👍🏽",
    "nice 😀 work",
    "!!!??? ... --- ((()))",
    "don't can't won't it's",
    "a" * 101 + " fits no word",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "x",
    "tabs\tand\nnew lines\r\nand \u00a0 spaces\u200bzero\u200bwidth",
    "e\u0301 combining, İstanbul, ﬁne ligature, Å",
    "$1,234.56 + 7% = foo_bar@example.com #42",
    "lone surrogates \ufffd are replaced",
    "SHOUTING IN CAPITALS and \x00 control \x07 characters",
    "word " * 60,
)


def write_fixtures(path: Path, encoder: StaticEncoder) -> None:
    """Token ids, and the vector to four decimals, per text."""
    cases = []
    for text, ids in zip(TEXTS, encoder.tokeniser.ids(list(TEXTS))):
        vector = [round(float(value), 4) for value in encoder.vector(ids)]
        cases.append({"text": text, "tokens": [int(one) for one in ids], "vector": vector})
    write_text(path, json.dumps({"cases": cases}, ensure_ascii=True) + "\n")
