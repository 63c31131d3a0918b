"""Running text without labels: its plain words teach the gate what to leave out."""

from __future__ import annotations

import random
import re

import numpy as np

from ..data import rows
from .lexicon import BITS

FILES = [("domain/mmlu_pro.jsonl.gz", "text"), ("halluc/halueval_general.jsonl.gz", "chatgpt_response"),
         ("guard/jailbreak_train.jsonl.gz", "text"), ("tools/metatool.jsonl.gz", "Query")]
TEXTS_PER_FILE = 700
CHARACTERS_MAX = 500


def prose() -> list[str]:
    """ASCII texts, cut to a few sentences."""
    out: list[str] = []
    for name, field in FILES:
        texts = [r[field] for r in rows(name) if isinstance(r.get(field), str) and r[field].isascii()]
        out += [t[:CHARACTERS_MAX] for t in random.Random(3).sample(texts, TEXTS_PER_FILE)]
    return out


def plain_pieces(texts: list[str], places: np.ndarray, offsets: np.ndarray, words: dict[str, int]) -> np.ndarray:
    """Which pieces are marks, or words in lower case (but for the first of a sentence) that are only common."""
    out = np.zeros(len(places), dtype=bool)
    for i, text in enumerate(texts):
        begins = True
        for at in range(offsets[i], offsets[i + 1]):
            piece = text[places[at, 0] : places[at, 1]]
            if not piece.isalnum():
                out[at] = places[at, 2] == 0
                begins = begins or piece in ".!?:"
                continue
            cased_plainly = piece.islower() or (begins and piece[1:].islower())
            out[at] = cased_plainly and words.get(piece.lower()) == BITS["common"]
            begins = False
    return out


def plain_sentences(texts: list[str], words: dict[str, int], limit: int = 1500) -> list[str]:
    """Sentences of common words in lower case alone: they hold no personal data."""
    out: list[str] = []
    for text in texts:
        for sentence in re.split(r"(?<=[.!?]) |\n", text):
            found = re.findall(r"[A-Za-z]+|\d+", sentence)
            if 5 <= len(found) <= 30 and all(w[1:].islower() or w in ("a", "A", "I") for w in found) and all(
                    words.get(w.lower()) == BITS["common"] or w in ("a", "A", "I") for w in found):
                if sum(w[0].isupper() and w != "I" for w in found) <= 1:
                    out.append(sentence)
    random.Random(4).shuffle(out)
    return out[:limit]
