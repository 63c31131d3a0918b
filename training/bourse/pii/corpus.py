"""The Presidio sentences: canonical labels, UTF-16 offsets, and one group per template over both files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..data import rows
from .labels import CANONICAL
from .synthesis import Sample, width

FILES = {"synth": "pii/presidio_synth_v2.jsonl.gz", "large": "pii/presidio_generated_large.jsonl.gz"}


@dataclass
class Row:
    file: str
    mask: str
    group: str
    sample: Sample
    """As labelled by the data."""
    fixed: Sample
    """As it should be labelled: what the second file leaves out or names otherwise is added for training."""


def _canonical(record: dict) -> Sample:
    text = record["full_text"]
    spans = [(width(text[: s["start_position"]]), width(text[: s["end_position"]]),
              CANONICAL.get(s["entity_type"], s["entity_type"])) for s in record["spans"]]
    return Sample(text, sorted(spans))


LEFT_OUT = {"171": [(r"\b50\b", "AGE"), (r"^[Mm]r\.|^[A-Za-z]+\.", "TITLE")], "122": [(r"\b2001\b", "DATE_TIME"), (r"(?i)\bamerican\b", "NRP")],
            "126": [(r"\b1965\b", "DATE_TIME")], "119": [(r"(?i)\btexas\b", "GPE")], "74": [(r"(?i)\bthai\b", "NRP")],
            "123": [(r"(?i)\b1990s\b", "DATE_TIME")], "161": [(r"\S+$", "ZIP_CODE")], "28": [(r"(?i)\b(mr|mrs|ms|dr)\.", "TITLE")]}
"""What the templates of the second file hold without a label, or with another one than the first file."""


def _fixed(record: dict, sample: Sample) -> Sample:
    spans = list(sample.spans)
    for pattern, name in LEFT_OUT.get(str(record["template_id"]), []):
        match = re.search(pattern, sample.text)
        if match:
            start, end = width(sample.text[: match.start()]), width(sample.text[: match.end()])
            spans = [s for s in spans if s[1] <= start or s[0] >= end] + [(start, end, name)] + [
                (end + 1, s[1], s[2]) for s in spans if s[0] == start and s[1] > end + 1]
    return Sample(sample.text, sorted(spans))


def read() -> list[Row]:
    out: list[Row] = []
    for file, name in FILES.items():
        for record in rows(name):
            sample = _canonical(record)
            key = re.sub(r"\{+\w+\}+", "{}", record["masked"]).lower()
            key = re.sub(r"[^\w{}]+", " ", key).strip()[:60]
            out.append(Row(file, record["masked"], key, sample, _fixed(record, sample) if file == "large" else sample))
    return out
