"""Sentences with known spans: own templates filled with made-up values, and plain sentences without any."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from .values import Values

TEXTS = Path(__file__).resolve().parents[2] / "texts"
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
MORE = 5
"""How much more often a template with alternatives is drawn."""
NEAR = 0.5
"""Share of words in common from which on a sentence is too close to one of the data."""

SLOT = re.compile(r"\{(\w+)\}")

TYPES = {"person": "PERSON", "first": "PERSON", "last": "PERSON", "org": "ORGANIZATION", "city": "GPE", "country": "GPE",
         "place": "GPE", "region": "GPE", "nrp": "NRP", "people": "NRP", "address": "STREET_ADDRESS",
         "street": "STREET_ADDRESS", "street_number": "STREET_ADDRESS", "unit": "STREET_ADDRESS", "zip": "ZIP_CODE", "postcode": "STREET_ADDRESS",
         "honorific": "TITLE", "job": "TITLE", "lowerjob": "TITLE", "age": "AGE", "date": "DATE_TIME",
         "moment": "DATE_TIME", "year": "DATE_TIME", "phone": "PHONE_NUMBER", "card": "CREDIT_CARD", "ssn": "US_SSN",
         "dl": "US_DRIVER_LICENSE", "iban": "IBAN_CODE", "email": "EMAIL_ADDRESS", "url": "DOMAIN_NAME", "ip": "IP_ADDRESS"}


@dataclass
class Sample:
    text: str
    spans: list[tuple[int, int, str]]
    """UTF-16 offsets."""


def width(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_lines(name: str) -> list[str]:
    lines = (TEXTS / name).read_text(encoding="utf-8").split("\n")
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("# ")]


class Nearness:
    """Compares sentences by their words; every slot is one word."""

    def __init__(self, masks: list[str]) -> None:
        self.known = [self.words(mask) for mask in set(masks)]
        self.seen: dict[str, bool] = {}

    @staticmethod
    def words(text: str) -> set[str]:
        return set(re.findall(r"\w+", re.sub(r"\{+\w+\}+", " slot ", text).lower()))

    def is_close(self, template: str) -> bool:
        if template not in self.seen:
            own = self.words(template) - {"slot"}
            self.seen[template] = len(own) > 1 and any(
                len(own & other) >= NEAR * len(own | (other - {"slot"})) for other in self.known)
        return self.seen[template]


class Synthesis:
    def __init__(self, seed: int) -> None:
        self.values = Values(seed)
        self.random = random.Random(seed + 1)

    def value(self, slot: str) -> str:
        v = self.values
        if slot == "postcode":
            return v.zip()
        if slot == "number":
            return v.number()
        if slot == "region":
            from .values import REGIONS

            return self.random.choice(REGIONS)
        if slot == "lowerjob":
            return v.job().lower()
        return getattr(v, slot)()

    def choose(self, template: str) -> str:
        """Picks one of each [a|b|c], inner ones first."""
        while match := CHOICE.search(template):
            template = template[: match.start()] + self.random.choice(match[1].split("|")) + template[match.end() :]
        return template

    def fill(self, template: str) -> Sample:
        parts: list[str] = []
        spans: list[tuple[int, int, str]] = []
        at = last = 0
        for match in SLOT.finditer(template):
            before = template[last : match.start()]
            value = self.value(match[1])
            parts += [before, value]
            at += width(before)
            if match[1] in TYPES:
                spans.append((at, at + width(value), TYPES[match[1]]))
            at += width(value)
            last = match.end()
        parts.append(template[last:])
        return self.vary(Sample("".join(parts), spans))

    def vary(self, sample: Sample) -> Sample:
        """Now and then all in lower case, or all in upper case, as people type."""
        x = self.random.random()
        other = sample.text.lower() if x < 0.14 else sample.text.upper() if x < 0.16 else sample.text
        return Sample(other, sample.spans) if width(other) == width(sample.text) else sample

    def samples(self, per_template: int, masks: list[str]) -> list[Sample]:
        """Made sentences, none close to one of `masks`: what is held out stays unseen in other words too."""
        templates, plain = read_lines("pii_templates.txt"), read_lines("pii_plain.txt")
        near = Nearness(masks)
        drawn = [self.choose(t) for t in templates for _ in range(per_template * (MORE if CHOICE.search(t) else 1))]
        out = [self.fill(t) for t in drawn if not near.is_close(t)]
        plain = [p for p in plain if not near.is_close(p)]
        out += [self.vary(Sample(p, [])) for p in plain for _ in range(3)]
        for _ in range(len(out) // 4):
            first, second = self.random.choice(out), self.random.choice(out)
            gap = self.random.choice([" ", " ", "\n", ". ", "\n\n"])
            start = width(first.text) + len(gap)
            out.append(Sample(first.text + gap + second.text,
                              first.spans + [(a + start, b + start, t) for a, b, t in second.spans]))
        return out
