"""Trains `models/reasoning.safetensors`: would it pay to let the model think before it answers?"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bourse.augment import noisy
from bourse.card import Card
from bourse.chat import topic_requests
from bourse.data import MODELS
from bourse.fitting import Examples, Fitter
from bourse.head import FeatureSpec
from bourse.head_training import Plan
from bourse.noise_check import mistyped
from bourse.sigmoid_head import SigmoidHead, Trial, auc, logistic_baseline, run
from bourse.sources import MMLU_PRO, Item, items, output_characters, written
from bourse.static_vectors import StaticEncoder
from bourse.stats import NAMES

SPEC = FeatureSpec(embedding=True, orders=(1, 2), buckets=65536, stats=NAMES)
PLAN = Plan(hidden=(48,), outputs=1, loss="sigmoid", epochs=8, batch=256, rate=2e-3, ngram_rate=1e-2,
            ngram_decay=5e-2, decay=1e-1, input_drop=0.2, hidden_drop=0.5, bucket_drop=0.5)
STRONG = ("gemini-1.5-pro-002", "Meta-Llama-3_1-70B", "Meta-Llama-3-70B", "DeepSeek-Coder-V2", "Qwen1.5-110B")
WEAK = ("Llama-2-7b-hf", "Llama-2-13b-hf", "gemma-7b", "Mistral-7B-v0.1", "Mistral-7B-Instruct-v0.1", "Yi-6B",
        "Qwen1.5-7B-Chat", "Meta-Llama-3-8B")
# Quantiles of the median derivation length over MMLU-Pro, above and below which a label is said.
LONG, SHORT = 0.65, 0.5
GAP = 0.2
SUMMARY = ("P(thinking before the answer pays): multi-step mathematics, derivations, planning, proofs and debugging, as "
           "against look-ups, small talk, translation and plain writing.")


def _mean(row: dict[str, dict[str, float]], names: tuple[str, ...]) -> float:
    marks = [row["correct"][n] for n in names if row["correct"].get(n) is not None]
    return float(np.mean(marks)) if marks else 0.0


def mmlu_label(item: Item, long: float, short: float) -> float | None:
    """1: answers derive at length and strong models gain; 0: answers are short; None: in between."""
    length = output_characters(item.row)
    if length >= long and _mean(item.row, STRONG) - _mean(item.row, WEAK) >= GAP:
        return 1.0
    return 0.0 if length <= short else None


def target_of(item: Item, long: float, short: float) -> tuple[float, float] | None:
    """(chance, weight); None leaves the item out."""
    if item.source == MMLU_PRO:
        label = mmlu_label(item, long, short)
        return None if label is None else (0.92 if label else 0.08, 1.0)
    # MATH level 5: reasoning models solve .86, their non-reasoning peers .50. CRUXEval: .90 against .78.
    known = {"zeroeval_math-l5": (0.97, 1.0), "zeroeval_crux": (0.85, 0.5), "routerbench_mbpp": (0.4, 0.3),
             "routerbench_arc_challenge": (0.12, 0.2), "routerbench_winograde": (0.15, 0.2), "halueval": (0.08, 0.15),
             "alpaca": (0.06, 0.15), "clinc": (0.02, 0.2)}
    return known.get(item.source)


def build(found: list[Item], long: float, short: float, rng: np.random.Generator) -> Examples:
    examples = Examples.empty()
    for item in found:
        goal = target_of(item, long, short)
        if goal is None:
            continue
        target = np.array([goal[0]], dtype=np.float32)
        examples.add(item.text, target, goal[1], item.group)
        if rng.random() < 0.3:
            examples.add(noisy(item.text, rng), target, goal[1] * 0.5, item.group)
    for request in written()[0]:
        target = np.array([0.97 if request.needs_thinking else 0.03], dtype=np.float32)
        examples.add(request.text, target, 6.0)
        examples.add(noisy(request.text, rng), target, 2.0)
    for _, text in topic_requests(1, 6):
        examples.add(text, np.array([0.08], dtype=np.float32), 0.2)
    return examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    encoder = StaticEncoder(arguments.out / "static-encoder.safetensors")
    found = items()
    lengths = [output_characters(i.row) for i in found if i.source == MMLU_PRO and not i.is_held]
    long, short = float(np.quantile(lengths, LONG)), float(np.quantile(lengths, SHORT))
    fitter = Fitter(encoder, build(found, long, short, np.random.default_rng(11)), SPEC, PLAN)
    head = SigmoidHead("reasoning", ["direct", "think"], fitter, arguments.out, arguments.seeds)
    held = [i for i in found if i.is_held]
    trial_head = head.trial({i.group for i in held})

    def labelled(part: list[Item]) -> list[tuple[Item, float]]:
        pairs = [(i, mmlu_label(i, long, short)) for i in part if i.source == MMLU_PRO]
        return [(i, label) for i, label in pairs if label is not None]

    exam, check = labelled(held), written()[1]
    requests_of = [i for i in held if i.source in ("halueval", "alpaca")][:400]
    olympiad = [i for i in held if i.source == "zeroeval_math-l5"]
    texts = ([i.text for i, _ in exam] + [r.text for r in check] + [i.text for i in requests_of]
             + [i.text for i in olympiad])
    truth = np.concatenate([[v for _, v in exam], [float(r.needs_thinking) for r in check], np.zeros(len(requests_of)),
                            np.ones(len(olympiad))])
    trial = Trial(texts, truth, run(trial_head, texts))
    error, shares = head.calibrate(trial)
    kept = labelled([i for i in found if not i.is_held])
    categories = {c: np.mean([v for i, v in kept if i.row["category"] == c]) for c in {i.row["category"] for i, _ in kept}}
    n = len(exam)
    by_category = np.array([categories[i.row["category"]] for i, _ in exam])
    by_words = logistic_baseline([i.text for i, _ in kept], np.array([v for _, v in kept]), texts[:n])
    chat, said = slice(n, n + len(check)), shares >= 0.5
    scores = [
        (f"AUC, MMLU-Pro prompts with a label, n = {n}", f"{auc(truth[:n], shares[:n]):.3f}",
         f"category mean {auc(truth[:n], by_category):.3f}, length {auc(truth[:n], np.array([len(t) for t in texts[:n]])):.3f}, "
         f"word uni- and bigram LR {auc(truth[:n], by_words):.3f}"),
        (f"AUC, accuracy, {len(check)} chat requests written apart",
         f"{auc(truth[chat], shares[chat]):.3f}, {(said[chat] == truth[chat]).mean():.3f}",
         f"length {auc(truth[chat], np.array([len(r.text) for r in check])):.3f}, always direct {1 - truth[chat].mean():.3f}"),
        (f"HaluEval and Alpaca requests said to be direct, n = {len(requests_of)}",
         f"{1 - said[n + len(check): n + len(check) + len(requests_of)].mean():.3f}", "weak truth: all direct"),
        (f"MATH level 5 said to need thinking, n = {len(olympiad)}", f"{said[len(texts) - len(olympiad):].mean():.3f}", ""),
        ("ECE of all of these, 15 equal-mass bins, Platt fitted on the other half", f"{error:.3f}", ""),
        ("accuracy of all; with one typo in ten words", f"{(said == truth).mean():.3f}; "
         f"{((head.calibrated(run(trial_head, mistyped(texts))) >= 0.5) == truth).mean():.3f}", ""),
    ]
    for row in scores:
        print(row, flush=True)
    for r, p in zip(check, shares[chat], strict=True):
        if (p >= 0.5) != r.needs_thinking:
            print("  ", round(float(p), 2), r.needs_thinking, r.text[:90])
    _, size = head.ship(0.5, None, "")
    Card("reasoning", SUMMARY, "python training/reasoning.py", [
        ("router/mmlu_pro", "Apache-2.0", f"yes: median answer over 24 models of at least {long:.0f} characters and strong "
         f"models {GAP:.0%} ahead of weak ones; no: at most {short:.0f} characters; the rest left out"),
        ("router/zeroeval_math-l5, zeroeval_crux", "Apache-2.0", "yes: reasoning models lead their peers by .36 and .12"),
        ("router/routerbench_*", "MIT", "mostly no, low weight"),
        ("halluc/halueval_general, guard/jailbreak_train (benign), intent/CLINC150", "MIT, Apache-2.0, CC BY 3.0", "no, low weight"),
        ("training/texts/chat.txt, topics.txt", "this project", "labels by hand"),
    ], scores, ["No file holds the same model with and without thinking: the length of derivations and the lead of strong "
                "models stand in for the gain. Outcomes of one's own traffic are the better label."],
        ["Held out: fold 0 of 5 over near-duplicate groups; what ships is trained on all folds by the same plan."],
        size).write(arguments.out / "reasoning.md")


if __name__ == "__main__":
    main()
