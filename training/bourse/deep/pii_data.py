"""PII data: BIO tags over word pieces, with the values of spans exchanged to make more texts."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
from faker import Faker
from tokenizers import Tokenizer

from ..data import rows
from ..folds import group_folds, near_duplicate_groups
from ..pii.synthesis import Synthesis

TYPES = ["PERSON", "GPE", "STREET_ADDRESS", "ORGANIZATION", "NRP", "TITLE", "DATE_TIME", "AGE", "ZIP_CODE", "PHONE_NUMBER",
         "US_DRIVER_LICENSE", "CREDIT_CARD", "EMAIL_ADDRESS", "DOMAIN_NAME", "IBAN_CODE"]
TAGS = ["O"] + [f"{prefix}-{kind}" for kind in TYPES for prefix in ("B", "I")]
RENAMED = {"LOCATION": "GPE", "ADDRESS": "STREET_ADDRESS"}
# Without it_IT, whose cities come in an order that changes from run to run.
LOCALES = ["en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "nl_NL", "sv_SE", "pl_PL", "cs_CZ", "en_IN", "pt_BR", "da_DK", "fi_FI"]
TRAINS_ALWAYS = 9
Span = tuple[int, int, str]


@dataclass
class PiiText:
    text: str
    spans: list[Span]
    fold: int
    """0 and 1 of 10 are scored, 3 calibrates, the others train."""
    is_late: bool = False
    """Read in the second run alone."""


def _spans(row: dict[str, Any]) -> list[Span]:
    found = [(s["start_position"], s["end_position"], RENAMED.get(s["entity_type"], s["entity_type"])) for s in row["spans"]]
    return sorted(found)


def presidio() -> list[PiiText]:
    """Both files; texts of one template share a fold."""
    records = [*rows("pii/presidio_synth_v2.jsonl.gz"), *rows("pii/presidio_generated_large.jsonl.gz")]
    masked = [re.sub(r"\{\{\w+\}\}", " x ", row["masked"]) for row in records]
    folds = group_folds(near_duplicate_groups(masked), 10)
    return [PiiText(row["full_text"], _spans(row), int(fold)) for row, fold in zip(records, folds)]


@cache
def _fakers() -> list[Faker]:
    made = [Faker(locale) for locale in LOCALES]
    for faker in made:
        faker.seed_instance(11)
    return made


def _invented(kind: str, rng: random.Random) -> str | None:
    faker = rng.choice(_fakers())
    if kind == "PERSON":
        return rng.choice([faker.name, faker.first_name, faker.last_name, lambda: f"{faker.first_name()} {faker.last_name()}"])()
    if kind == "GPE":
        return rng.choice([faker.city, faker.country, faker.city])()
    if kind == "STREET_ADDRESS":
        return rng.choice([faker.address, faker.street_address, faker.street_name, faker.address])()
    if kind == "DATE_TIME":
        day = date(1930, 1, 1) + timedelta(days=rng.randrange(36_500))
        return day.strftime(rng.choice(["%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%B %d, %Y", "%Y", "%d %b %Y"]))
    if kind == "AGE":
        return str(rng.randint(1, 99))
    makers = {"ORGANIZATION": faker.company, "TITLE": faker.job, "PHONE_NUMBER": faker.phone_number, "ZIP_CODE": faker.postcode}
    return makers[kind]() if kind in makers else None


def exchanged(sources: list[PiiText], copies: int, seed: int) -> list[PiiText]:
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
                invented = _invented(kind, rng) if rng.random() < 0.6 else None
                value = invented or rng.choice(values[kind])
                text += one.text[place:start]
                spans.append((len(text), len(text) + len(value), kind))
                text += value
                place = end
            made.append(PiiText(text + one.text[place:], spans, one.fold))
    return made


WRITTEN = [
    "Please draft a reply to {PERSON}, who complained about the delivery.", "my manager {PERSON} asked me to finish this by monday",
    "{PERSON} works at {ORGANIZATION} in {GPE}.", "I moved from {GPE} to {GPE} last year, can I keep my bank account?",
    "Summarise the contract between {ORGANIZATION} and {PERSON}", "Ship it to {STREET_ADDRESS}", "Contact: {PERSON}, {PHONE_NUMBER}",
    "what is the weather like in {GPE} tomorrow?", "Write a Python function that greets {PERSON}", "Explain recursion with an example",
    "def total(items): return sum(item.price for item in items)", "Why does the compiler say that the type is not assignable?",
    "the patient, {PERSON}, aged {AGE}, was seen on {DATE_TIME}", "Invoice for {ORGANIZATION}, {STREET_ADDRESS}, due {DATE_TIME}",
    "Hi, I am {PERSON} and I live in {GPE}. Plan a weekend trip for me.", "Compare {ORGANIZATION} with {ORGANIZATION} for a small investor",
    "Book a table for four at eight", "What is the difference between a list and a tuple?", "{PERSON} and {PERSON} are getting married in {GPE}",
    "Translate this to French: good morning, how are you?", "Letter to {PERSON}\n{STREET_ADDRESS}", "As a {TITLE}, how do I ask for a raise?",
    "Give me three names for a cat", "Which planet is the largest?", "Fix the bug in this loop and explain what was wrong",
    "forward this mail to {PERSON} from {ORGANIZATION} please", "Is {GPE} safe for tourists?", "Who founded {ORGANIZATION}?",
    "Write a poem about autumn leaves", "Rewrite this paragraph in a friendlier tone", "Calculate the derivative of x squared times sine x",
    "Call {PERSON} on {PHONE_NUMBER} before noon", "She is {AGE} years old and was born in {GPE}", "How long do I boil an egg?",
]


def invented_texts(copies: int, seed: int) -> list[PiiText]:
    """Chat-like sentences written for this project, filled with invented values."""
    rng = random.Random(seed)
    made = []
    for template in WRITTEN:
        parts = re.split(r"\{(\w+)\}", template)
        for _ in range(copies if len(parts) > 1 else 2):
            text, spans = "", []
            for place, part in enumerate(parts):
                value = (_invented(part, rng) or "1") if place % 2 else part
                if place % 2:
                    spans.append((len(text), len(text) + len(value), part))
                text += value
            made.append(PiiText(text, spans, TRAINS_ALWAYS))
    return made


def is_plain(text: str) -> bool:
    """No figure, and no capital but at the start of a sentence: such a text names nobody and no place."""
    words = text.split()
    return bool(words) and not re.search(r"\d|[A-Z]", words[0][1:] + re.sub(r"[^\d]", "", text)) and not any(
        re.search("[A-Z]", word) and word not in ("I", "I'm", "I'd", "I've") and not re.search(r"[.?!:]$", before)
        for before, word in zip(words, words[1:]))


def late_texts(known: list[PiiText], plain: int, seed: int) -> list[PiiText]:
    """The templates of the fast tagger, those near to sentences held out here left out; and requests without personal data."""
    records = [*rows("pii/presidio_synth_v2.jsonl.gz"), *rows("pii/presidio_generated_large.jsonl.gz")]
    masks = [row["masked"] for row, one in zip(records, known) if one.fold in (0, 1, 3)]
    made = [PiiText(one.text, one.spans, TRAINS_ALWAYS, True) for one in Synthesis(seed).samples(4, masks) if max(map(ord, one.text)) < 0x10000]
    texts = [row["text"] for row in rows("guard/jailbreak_train.jsonl.gz") if row["src"] in ("alpaca_harmless", "seed_tasks")]
    texts += [row["Query"] for row in rows("tools/metatool.jsonl.gz")]
    chosen = random.Random(seed).sample([text for text in dict.fromkeys(texts) if is_plain(text)], plain)
    return made + [PiiText(text, [], TRAINS_ALWAYS, True) for text in chosen]


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
