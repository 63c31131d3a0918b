"""Trains `models/feedback.safetensors`: what a follow-up turn says of the answer before it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bourse import calibration
from bourse.augment import with_typos
from bourse.card import Card
from bourse.chat import TEXTS
from bourse.data import MODELS
from bourse.feedback_templates import drawn
from bourse.fitting import Examples, Fitter
from bourse.fixtures import write_fixtures
from bourse.head import FeatureSpec, Head
from bourse.head_export import fold_ensemble, head_meta, write_head
from bourse.head_training import Plan
from bourse.noise_check import mistyped
from bourse.sources import items, written
from bourse.static_vectors import StaticEncoder

LABELS = ["none", "satisfied", "wrong", "clarify", "different"]
SPEC = FeatureSpec(embedding=True, orders=(1, 2), buckets=32768, stats=("logWords", "logLines", "endsWithQuestion"))
PLAN = Plan(hidden=(48,), outputs=5, epochs=12, batch=256, rate=3e-3, ngram_rate=5e-2, ngram_decay=1e-2,
            input_drop=0.1, hidden_drop=0.3, bucket_drop=0.3)
SUMMARY = "What a follow-up turn of the user says of the answer before it: satisfied, wrong, clarify, different or none of these."
# Every fourth template is held out.
HELD_TEMPLATE = 4


def lines(name: str) -> list[tuple[str, str]]:
    split = [line.split("|", 1) for line in (TEXTS / f"{name}.txt").read_text("utf-8").splitlines()
             if line and not line.startswith("#")]
    return [(label, text) for label, text in split]


def first_turns(limit: int, rng: np.random.Generator) -> list[str]:
    """Ordinary requests: no feedback on anything."""
    pool = [i.text for i in items() if i.source in ("clinc", "alpaca", "halueval") and len(i.text) < 400]
    pool += [i.text for i in items() if i.source == "mmlu_pro"][:600]
    return [pool[int(place)] for place in rng.choice(len(pool), limit, replace=False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    rng = np.random.default_rng(11)
    encoder = StaticEncoder(arguments.out / "static-encoder.safetensors")
    one = np.eye(len(LABELS), dtype=np.float32) * 0.96 + 0.04 / len(LABELS)
    examples = Examples.empty()
    for label, text in lines("feedback"):
        examples.add(text, one[LABELS.index(label)], 3.0)
        for _ in range(3):
            examples.add(with_typos(text, rng, 0.15), one[LABELS.index(label)], 0.7)
    templated = drawn(30, 3)
    for label, text, template in templated:
        examples.add(text, one[LABELS.index(label)], 0.4, template)
    turns = first_turns(2600, rng)
    for text in turns[:2000] + [r.text for r in written()[0]]:
        examples.add(text, one[0], 0.3)
    fitter = Fitter(encoder, examples, SPEC, PLAN)
    meta = head_meta("feedback", encoder.name, LABELS, SPEC, "softmax")
    path = arguments.out / "feedback.safetensors"
    held_templates = {t for _, _, t in templated if t % HELD_TEMPLATE == 1}
    write_head(path, fold_ensemble(fitter.networks(held_templates, arguments.seeds)), meta)
    trial = Head(path, encoder)
    parts = {"lines written apart": lines("feedback_check"),
             "templates left out": [(label, text) for label, text, t in templated if t in held_templates],
             "ordinary requests (none)": [("none", t) for t in turns[2000:]]}
    logits = {name: trial.logits([t for _, t in part]) for name, part in parts.items()}
    truth = {name: np.array([LABELS.index(label) for label, _ in part]) for name, part in parts.items()}
    # Equal mass of the three parts: a random 100 of each.
    picks = {name: rng.permutation(len(part))[:100] for name, part in parts.items()}
    mixed = np.concatenate([logits[n][picks[n]] for n in parts])
    mixed_truth = np.concatenate([truth[n][picks[n]] for n in parts])
    half = rng.permutation(len(mixed)) % 2 == 0
    sure = np.zeros(len(mixed))
    for fit, test in ((half, ~half), (~half, half)):
        warm = calibration.temperature_of(mixed[fit], mixed_truth[fit])
        sure[test] = calibration.probabilities(mixed[test], "softmax", warm).max(axis=1)
    meta["calibration"] = calibration.temperature_of(mixed, mixed_truth)
    right = mixed.argmax(axis=1) == mixed_truth
    scores = []
    for name, part in parts.items():
        said = logits[name].argmax(axis=1)
        recall = ", ".join(f"{label} {(said[truth[name] == k] == k).mean():.2f}" for k, label in enumerate(LABELS)
                           if (truth[name] == k).any())
        keyword = np.array([LABELS.index(_by_keyword(t)) for _, t in part])
        scores.append((f"accuracy, {name}, n = {len(part)}", f"{(said == truth[name]).mean():.3f} ({recall})",
                       f"keyword rule {(keyword == truth[name]).mean():.3f}"))
    scores.append(("ECE, 300 of all parts, 8 equal-mass bins, temperature fitted on the other half",
                   f"{calibration.ece(sure, right, 8):.3f}", ""))
    check = parts["lines written apart"]
    typed = trial.logits(mistyped([t for _, t in check])).argmax(axis=1)
    scores.append(("accuracy, lines written apart, one typo in ten words",
                   f"{(typed == truth['lines written apart']).mean():.3f}", ""))
    for row in scores:
        print(row, flush=True)
    for (label, text), k in zip(check, logits["lines written apart"].argmax(axis=1), strict=True):
        if LABELS[int(k)] != label:
            print("  ", label, "->", LABELS[int(k)], "|", text)
    size = write_head(path, fold_ensemble(fitter.networks(set(), arguments.seeds)), meta)
    write_fixtures(arguments.out / "fixtures" / "feedback.json", Head(path, encoder))
    Card("feedback", SUMMARY, "python training/feedback.py", [
        ("training/texts/feedback.txt", "this project", "428 lines written by hand, with typos added"),
        ("training/bourse/feedback_templates.py", "this project", "102 templates with fillings"),
        ("intent/CLINC150, guard/jailbreak_train (benign), halluc/halueval_general, router/mmlu_pro",
         "CC BY 3.0, Apache-2.0, MIT", "ordinary requests: none"),
    ], scores, ["No feedback of real users is in the data; one person wrote all of it.",
                "The turn alone is read: 'are you sure?' after a right answer looks the same as after a wrong one."],
        ["The templates left out are in the shipped head, which is trained on all of them by the same plan; "
         "the lines written apart never are."], size).write(arguments.out / "feedback.md")


def _by_keyword(text: str) -> str:
    """The trivial baseline."""
    lower = text.lower()
    for label, words in (("wrong", ("wrong", "error", "incorrect", "not right", "doesn't work", "mistake")),
                         ("satisfied", ("thank", "perfect", "great", "awesome", "thx")),
                         ("clarify", ("what do you mean", "explain", "understand", "clarify", "confused")),
                         ("different", ("another", "instead", "make it", "shorter", "different", "again"))):
        if any(word in lower for word in words):
            return label
    return "none"


if __name__ == "__main__":
    main()
