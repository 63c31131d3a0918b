"""The card and the parity fixtures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..artefact import write_text
from ..card import Card
from . import crf, experiment
from .corpus import Row
from .features import dump
from .gate import Gate
from .score import scores

TEXTS = [
    "", " ", "hello", "My name is Anna Schmidt and I live in Lisbon.",
    "Dr. Kofi Mensah, 54, moved from Accra to 12 Harbour Road, Bristol BS1 4RN on 3 May 2019.",
    "Call me on +44 20 7946 0958 or (08) 8747 6301, mail a.b-c@example.co.uk",
    "card 4111 1111 1111 1111, IBAN DE89370400440532013000, SSN 078-05-1120, ip 10.0.0.1 or fe80::1",
    "my name is john miller and i work at acme ltd in chicago",
    "MARIA LOPEZ\nSALES MANAGER\nGLOBEX CORPORATION\n742 EVERGREEN TERRACE\nSPRINGFIELD",
    "Žofie Nováková z Brna píše: «Jsem Češka.» 🙂 Γιώργος Παπαδόπουλος, Αθήνα",
    "zip code 90\u200b210, driver's license F25592150094, see https://example.org/a?b=c for 2024-05-01",
    "There is nothing personal in this sentence, and nothing in the one that follows it either.",
    "The Dutch parliament met in The Hague on 12/03/1998; Ms. de Vries was 41 years old.",
    "\ud83d lone surrogate before Peter Parker",
]


@dataclass
class Tagger:
    gate: Gate
    weights: crf.Weights
    meta: dict[str, Any]
    words: dict[str, int]
    height: int


def write_fixtures(path: Path, tagger: Tagger) -> None:
    """Objects {text, spans: [{start, end, type, confidence}]}."""
    clean = [t.replace("\u200b", "") for t in TEXTS]
    features = dump(clean, tagger.words, tagger.height)
    meta = tagger.meta
    cases = []
    for i, text in enumerate(TEXTS):
        part = slice(features.offsets[i], features.offsets[i + 1])
        places, ids = features.places[part], features.rows[part]
        seen = experiment.behind(tagger.gate, [crf.Text(ids, places, places[:, 3] == 0)])[0]
        found = experiment.tag(tagger.weights, seen, i, meta["outsideBias"], True)
        gap = text.find("\u200b")
        spans = []
        for (start, end, name), chance, sure in zip(found.spans, found.chances, found.certain, strict=True):
            confidence = meta["certainConfidence"].get(name, 1.0) if sure else float(
                np.interp(chance, meta["calibration"]["x"], meta["calibration"]["y"]))
            start, end = (at + (1 if gap != -1 and at > gap else 0) for at in (start, end))
            spans.append({"start": start, "end": end, "type": name, "confidence": round(confidence, 4)})
        cases.append({"text": text, "spans": spans})
    write_text(path, json.dumps({"cases": cases}, indent=1) + "\n")


def write_card(path: Path, rows: list[Row], found: list[experiment.Found], facts: tuple[float, float, int]) -> None:
    """`facts`: bias, calibration error, size in bytes."""
    bias, error, size = facts
    lines: list[tuple[str, str, str]] = []
    for file, name in FILE_NAMES.items():
        part = [f for f in found if rows[f.row].file == file]
        for exact in (False, True):
            p, r, f2 = scores(list(experiment.tally(rows, part, exact).values()))
            p0, r0, f0 = scores(list(experiment.tally(rows, [only_patterns(f) for f in part], exact).values()))
            how = "exact offsets" if exact else "overlap over half"
            lines.append((f"{name}, {how}: precision, recall, F2", f"{p:.3f}, {r:.3f}, **{f2:.3f}**",
                          f"patterns alone {p0:.3f}, {r0:.3f}, {f0:.3f}"))
    by_type = experiment.tally(rows, [f for f in found if rows[f.row].file == "synth"])
    for name in sorted(by_type):
        p, r, f2 = scores([by_type[name]])
        lines.append((f"{name}, presidio_synth_v2 ({by_type[name]['expected']} spans)", f"{p:.3f}, {r:.3f}, {f2:.3f}", ""))
    lines.append(("calibration error of a span's confidence, folds it was not fitted on", f"{error:.3f}", ""))
    Card(
        name="pii",
        summary="Finds personal data of 17 types: patterns with checksums (in code), and this linear-chain conditional "
        "random field over hashed features (int8) with a lexicon of hashed words.",
        command="python training/pii.py",
        data=[
            ("Presidio research, synth_dataset_v2 and generated_large (training parts)", "MIT",
             "trains; what the second leaves unlabelled is labelled by template, for training only"),
            ("training/texts/pii_templates.txt, pii_plain.txt", "as the project", "own sentences, trains"),
            ("Faker (44 locales)", "MIT", "fills the own sentences; words of the lexicon"),
            ("MMLU-Pro, jailbreak, HaluEval and MetaTool training parts", "Apache-2.0, MIT", "which words are common in lower case"),
        ],
        scores=lines,
        details=[
            "Folds hold out whole templates, over both files at once; scores pool all held-out folds of all seeds.",
            "The own sentences were written with the training templates known; those that share half of their words with one "
            "are dropped, yet the folds may still be kinder than data of another hand.",
            "Overlap: same type, intersection over union above one half, one match per span, neighbours of one type parted "
            "by white space alone count as one (as Presidio's span evaluator does).",
            f"Bias of 'no entity' when decoding: {bias} (chosen for F2 over all held-out folds).",
            "Customised Presidio reaches F2 .845 on this data (published).",
        ],
        limits=[
            "English sentences; names of many languages. Names in other scripts are found by their surroundings alone.",
            "The data's templates are few: new kinds of sentences are harder than these figures say.",
        ],
        size_bytes=size,
    ).write(path)


FILE_NAMES = {"synth": "presidio_synth_v2", "large": "presidio_generated_large"}


def only_patterns(found: experiment.Found) -> experiment.Found:
    keep = [i for i, sure in enumerate(found.certain) if sure]
    return experiment.Found(found.row, [found.spans[i] for i in keep], [1.0] * len(keep), [True] * len(keep))
