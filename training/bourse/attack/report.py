"""The card of the attack detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..card import Card


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def write_card(path: Path, size: int, figures: dict[str, float], tables: dict[str, Any], threshold: float, band: list[float]) -> None:
    f = figures
    scores = [
        ("AUC, third-party rows", f"{f['auc real']:.4f}", f"n-gram LR {f['baseline ngram auc']:.4f}, keywords {f['baseline keyword auc']:.4f}"),
        ("recall at 1 % false positives on third-party benign", share(f["recall at 1 % of real benign"]), "–"),
        ("recall at 1 % false positives on all general benign", share(f["recall real at 1 % of all general benign"]),
         f"n-gram LR {share(f['baseline ngram recall'])}, keywords {share(f['baseline keyword recall'])}"),
        ("recall at the shipped threshold", share(f["recall real at shipped"]), "–"),
        ("general benign flagged at the shipped threshold", share(f["general flagged at shipped"]), "–"),
        ("hand-written hard benign flagged, folds", share(f["hard hand flagged at shipped"]), "–"),
        ("over_refusal_eval kept (204 trigger-word prompts, never trained on)", share(f["over-refusal kept"]),
         f"n-gram LR {share(f['baseline ngram over kept'])}, keywords {share(f['baseline keyword over kept'])}"),
        ("attack_eval found (103 hand-written attacks, never trained on)", share(f["fresh attacks found"]),
         f"n-gram LR {share(f['baseline ngram fresh'])}, keywords {share(f['baseline keyword fresh'])}"),
        ("AUC, attack_eval against over_refusal_eval", f"{f['auc over-refusal against fresh']:.4f}", "–"),
        ("ECE (Platt fitted on other folds)", f"{f['ece']:.4f}", "–"),
    ]
    for name, (at_limit, at_strict) in tables["robustness"].items():
        word = "flagged" if name.startswith("benign") else "found"
        scores.append((f"{name}: {word} at 1 % / at the shipped threshold", f"{share(at_limit)} / {share(at_strict)}", "–"))
    for name, (count, value) in tables["sources"].items():
        scores.append((f"recall at the shipped threshold, {name} ({count})", share(value), "–"))
    for name, rows in tables["left out"].items():
        parts = [f"{part} {share(rows[part])} at 1 %, {share(rows[part + ' strict'])} shipped rule (n = {int(rows[part + ' n'])})" for part in ("real", "written") if part in rows]
        scores.append((f"family left out of training: {name}", "; ".join(parts), "–"))
    for title, table in (("over_refusal_eval kept", tables["over"]), ("attack_eval found", tables["fresh"])):
        scores.append((f"{title}, by kind", ", ".join(f"{kind} {share(value)} of {count}" for kind, (count, value) in table.items()), "–"))
    Card(
        name="attack",
        summary="Prompt injection and jailbreaks: a head over the static encoder (windows and sentences, the largest counts), joined with reviewed patterns and undone disguises "
        "(`src/encoder/attack`) into one calibrated probability.",
        command="python training/attack.py",
        data=[
            ("guard/jailbreak_train (deepset, in-the-wild, JailbreakBench, Alpaca, seed tasks)", "Apache-2.0, MIT", "train, threshold, calibration; by folds without near-duplicates"),
            ("CLINC150, BANKING77, MetaTool, MMLU-Pro, HaluEval, RouterBench MBPP samples, Shakespeare", "CC BY 3.0, CC BY 4.0, MIT, Apache-2.0, MIT, MIT, public domain", "benign"),
            ("training/data/attacks_written.jsonl, benign_hard.jsonl", "written for this project", "train"),
            ("training/data/attack_eval.jsonl, over_refusal_eval.jsonl", "written for this project", "evaluation only"),
        ],
        scores=scores,
        details=[
            f"Threshold {threshold}: at most 1 % of general benign texts and at most 8 % of held-out hand-written hard benign ones are flagged (out-of-fold scores).",
            f"Band {band}: {share(f['band share'])} of the judged texts lie in it and {share(f['band errors'])} of the mistakes; asking a deeper head only there leaves the other mistakes.",
            "The artefact carries no band: the deep head keeps fewer benign prompts with trigger words (85 % of over_refusal_eval, its card) and finds families left out no better.",
            "Weights of reviewed patterns start at hand-given values and are trained with the head; orders and disguises never count below zero.",
            "Where the patterns that hold weigh 2 or more, the head counts as no less than -1: of languages and wordings that it never met it knows nothing (chosen with the left-out languages in sight: 67 to 85 %).",
            "Families left out: neither third-party nor written texts of the family train, nor benign texts made from its frames; the reviewed patterns of the family keep their hand-given weight.",
        ],
        limits=[
            f"Long benign texts have many spans: of 100 to 600 words drawn from everyday queries without marks between, {share(tables['robustness']['benign, 100 to 600 words'][1])} are flagged at the shipped threshold.",
            "Between two trial runs the rule for mentions, two leak patterns and the threshold rule (8 % instead of 12 %) were changed after a look at the misses of attack_eval and "
            "over_refusal_eval, and everyday benign texts in seven languages were added; no text of either file trains. Some hand-written attacks imitate kinds seen in the third-party rows: the folds are a little kind to deepset.",
            "Similarity to exemplars (mean of the 3 nearest attacks less that of benign texts) was tried alone: AUC .938 with 200 of each, .983 with 4,000, below the head, so it does not ship.",
            "A bag of word vectors does not read plans: harmful requests in fiction without trigger words are found by topic only.",
            "Languages other than English and German are learned from written templates.",
            "Encodings that the runtime does not decode (Morse, ciphers, acrostics) are seen only by the request around them.",
        ],
        size_bytes=size,
    ).write(path)
