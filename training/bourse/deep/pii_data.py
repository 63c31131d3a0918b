"""PII data: BIO tags over word pieces, with the values of spans exchanged to make more texts."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ..data import rows
from ..folds import group_folds, near_duplicate_groups
from .pii_texts import WITH_SLOTS, WITHOUT
from .pii_values import invented

TYPES = ["PERSON", "GPE", "STREET_ADDRESS", "ORGANIZATION", "NRP", "TITLE", "DATE_TIME", "AGE", "ZIP_CODE", "PHONE_NUMBER",
         "US_DRIVER_LICENSE", "CREDIT_CARD", "EMAIL_ADDRESS", "DOMAIN_NAME", "IBAN_CODE"]
TAGS = ["O"] + [f"{prefix}-{kind}" for kind in TYPES for prefix in ("B", "I")]
TRAINS_ALWAYS = 9
RENAMED = {"LOCATION": "GPE", "ADDRESS": "STREET_ADDRESS"}
Span = tuple[int, int, str]


@dataclass
class PiiText:
    text: str
    spans: list[Span]
    fold: int
    """0 and 1 of 10 are scored, 3 calibrates, the others train."""


def _spans(row: dict[str, Any]) -> list[Span]:
    found = [(s["start_position"], s["end_position"], RENAMED.get(s["entity_type"], s["entity_type"])) for s in row["spans"]]
    return sorted(found)


def presidio() -> list[PiiText]:
    """Both files; texts of one template share a fold."""
    records = [*rows("pii/presidio_synth_v2.jsonl.gz"), *rows("pii/presidio_generated_large.jsonl.gz")]
    masked = [re.sub(r"\{\{\w+\}\}", " x ", row["masked"]) for row in records]
    folds = group_folds(near_duplicate_groups(masked), 10)
    return [PiiText(row["full_text"], _spans(row), int(fold)) for row, fold in zip(records, folds)]


def exchanged(sources: list[PiiText], copies: int, seed: int = 5) -> list[PiiText]:
    """Copies of texts in which each value is exchanged for one of its type, known or invented."""
    rng = random.Random(seed)
    values: dict[str, list[str]] = defaultdict(list)
    for one in sources:
        for start, end, kind in one.spans:
            values[kind].append(one.text[start:end])
    made = []
    for one in sources:
        for _ in range(copies if one.spans else 0):
            text, place, spans = "", 0, []
            for start, end, kind in one.spans:
                if start < place:
                    continue
                made_up = invented(kind, rng) if rng.random() < 0.6 else None
                value = made_up or rng.choice(values[kind])
                text += one.text[place:start]
                spans.append((len(text), len(text) + len(value), kind))
                text += value
                place = end
            made.append(PiiText(text + one.text[place:], spans, one.fold))
    return made


def invented_texts(copies: int, seed: int = 6) -> list[PiiText]:
    """Sentences written for this project, filled with invented values; and sentences without any."""
    rng = random.Random(seed)
    made = [PiiText(text, [], TRAINS_ALWAYS) for text in WITHOUT for _ in range(2)]
    for template in WITH_SLOTS:
        parts = re.split(r"\{(\w+)\}", template)
        for _ in range(copies):
            text, spans = "", []
            for place, part in enumerate(parts):
                value = (invented(part, rng) or "") if place % 2 else part
                if place % 2:
                    spans.append((len(text), len(text) + len(value), part))
                text += value
            made.append(PiiText(text, spans, TRAINS_ALWAYS))
    return made


def is_plain(text: str) -> bool:
    """No figure, and no capital but at the start of a sentence: such a text names nobody and no place."""
    words = re.findall(r"\S+", text)
    return not re.search(r"\d", text) and not any(
        re.search("[A-Z]", word) and word not in ("I", "I'm", "I'd", "I've") and not re.search(r"[.?!:]$", before)
        for before, word in zip(words, words[1:])
    ) and bool(words) and not re.search("[A-Z]", words[0][1:])


def plain_texts(most: int, seed: int = 5) -> list[PiiText]:
    """Requests without personal data."""
    texts = [row["text"] for row in rows("guard/jailbreak_train.jsonl.gz") if row["src"] in ("alpaca_harmless", "seed_tasks")]
    texts += [row["Query"] for row in rows("tools/metatool.jsonl.gz")]
    plain = [text for text in dict.fromkeys(texts) if is_plain(text)]
    return [PiiText(text, [], TRAINS_ALWAYS) for text in random.Random(seed).sample(plain, most)]


def tags_of(text: str, spans: list[Span], tokenizer: Tokenizer, most: int) -> np.ndarray:
    """Tag number per token, [CLS] and [SEP] included (O)."""
    offsets = tokenizer.encode(text).offsets
    tags = np.zeros(len(offsets), dtype=np.int64)
    for start, end, kind in spans:
        if kind not in TYPES:
            continue
        inside = [place for place, (a, b) in enumerate(offsets) if a < end and b > start and b > a]
        for rank, place in enumerate(inside):
            tags[place] = 1 + 2 * TYPES.index(kind) + (rank > 0)
    if len(tags) > most:
        tags = np.append(tags[: most - 1], 0)
    return tags
