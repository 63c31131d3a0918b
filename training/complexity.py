"""Trains `models/complexity.safetensors`: the chance that a small model fails the request."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from bourse import calibration, joint
from bourse.augment import noisy
from bourse.card import Card
from bourse.chat import topic_requests
from bourse.data import MODELS
from bourse.deep.knowledge_data import questions
from bourse.deep.tasks import trains
from bourse.fitting import Examples, Fitter
from bourse.head import FeatureSpec, features_of
from bourse.head_training import Plan, predict
from bourse.noise_check import mistyped
from bourse.sigmoid_head import SigmoidHead, Trial, auc, logistic_baseline, run
from bourse.sources import MMLU_PRO, Item, items, question_of, written
from bourse.static_vectors import StaticEncoder
from bourse.stats import NAMES

SPEC = FeatureSpec(embedding=True, orders=(1, 2), buckets=131072, stats=NAMES)
PLAN = Plan(hidden=(64,), outputs=1, loss="sigmoid", epochs=7, batch=256, rate=2e-3, ngram_rate=6e-3,
            ngram_decay=1e-1, decay=1e-1, input_drop=0.3, hidden_drop=0.5, bucket_drop=0.5, part_drop=0.1)
# How far the solve rate lies from one half says how sure the label is.
SOFTNESS = 0.3
SMALL = ("3b", "7b", "8b", "9b", "13b", "mini", "gemma-2-2b", "wizardlm", "claude-instant", "mistral-7b")
# AUC that the band may cost against always asking deep: at 0.5 both heads are right equally often, it is the order that deep betters.
AUC_LOSS = 0.003
SUMMARY = ("The chance that a small model fails the request, 0-1: P(less than half of the 24 models of 2023-2024 "
           "that answered MMLU-Pro solve it).")


def _share_failed(row: dict[str, object]) -> float | None:
    """Of the small models of a row with graded answers, the share that failed."""
    graded = row.get("correct") or row.get("score") or {}
    assert isinstance(graded, dict)
    marks = [v for k, v in graded.items() if v is not None and any(s in k.lower() for s in SMALL)]
    return 1 - float(np.mean(marks)) if marks else None


def target_of(item: Item) -> tuple[float, float] | None:
    """(soft chance of failure, weight); None where the row says nothing about difficulty."""
    row = item.row
    if item.source == MMLU_PRO:
        return float(1 / (1 + np.exp((row["solve_rate"] - 0.49) / (SOFTNESS / 2)))), 1.0
    if item.source == "routellm_mmlu_gold1500":
        return (0.25 if row["correct"]["mixtral-8x7b-instruct"] else 0.8), 0.2
    if item.source in ("alpaca", "clinc"):
        return (0.12, 0.15) if item.source == "alpaca" else (0.05, 0.15)
    if item.source == "halueval":
        return (0.25 if row["hallucination"] == "yes" else 0.12), 0.1
    failed = _share_failed(row)
    return None if failed is None else (failed, 0.2)


def build(found: list[Item], rng: np.random.Generator) -> Examples:
    examples = Examples.empty()
    for item in found:
        goal = target_of(item)
        if goal is None:
            continue
        target, weight = np.array([goal[0]], dtype=np.float32), goal[1]
        examples.add(item.text, target, weight, item.group)
        if item.source == MMLU_PRO:
            examples.add(noisy(question_of(item.text), rng), target, weight * 0.3, item.group)
    for request in written()[0]:
        examples.add(request.text, np.array([request.difficulty], dtype=np.float32), 4.0)
    for _, text in topic_requests(1, 6):
        examples.add(text, np.array([0.18], dtype=np.float32), 0.2)
    return examples


def band_width(fast: np.ndarray, deep: np.ndarray, truth: np.ndarray) -> float:
    """The least distance from one half such that asking deep within it, or within any wider band, loses at most AUC_LOSS."""
    best = auc(truth, deep) - AUC_LOSS
    width = 0.5
    for step in range(25, -1, -1):
        if auc(truth, np.where(np.abs(fast - 0.5) <= step / 50, deep, fast)) < best:
            break
        width = step / 50
    return width


def deep_side(head: SigmoidHead, found: list[Item]) -> tuple[np.ndarray, str, list[float], list[tuple[str, str, str]]]:
    """Weights of the joint answer, the deep model's name, the band, and scores; on prompts that neither side learned from."""
    prompts = [i for i in found if i.source == MMLU_PRO]
    fold = [one.fold for one in questions()[: len(prompts)]]
    held = [i for i in prompts if not trains(fold[i.place])]
    texts, truth = [i.text for i in held], np.array([int(i.row["solve_rate"] < 0.5) for i in held])
    networks = head.fitter.networks({i.group for i in held}, head.seeds)
    features = features_of(head.fitter.encoder, texts, head.fitter.spec)
    logits = np.mean([predict(one, features) for one in networks], axis=0)
    fast = calibration.probabilities(logits, "sigmoid", head.meta["calibration"])
    deep = joint.deep_answers(texts, "complexity")
    voices, half = [fast, deep.probabilities], np.arange(len(held)) % 2 == 0
    shares = joint.cross_fitted(voices, truth, half)[:, 1]
    right, fast_right = (shares >= 0.5) == truth, (fast[:, 1] >= 0.5) == truth
    width = band_width(fast[:, 1], shares, truth)
    lost, asked = 0.0, 0.0
    for known, test in ((half, ~half), (~half, half)):
        is_asked = np.abs(fast[test, 1] - 0.5) <= band_width(fast[known, 1], shares[known], truth[known])
        lost += (auc(truth[test], shares[test]) - auc(truth[test], np.where(is_asked, shares[test], fast[test, 1]))) / 2
        asked += is_asked.mean() / 2
    band = [round(0.5 - width, 2), round(0.5 + width, 2)]
    scores = [
        (f"deep, joined: AUC, prompts that neither side learned from, n = {len(held)}", f"{auc(truth, shares):.3f}",
         f"fast head {auc(truth, fast[:, 1]):.3f}, deep head {auc(truth, deep.probabilities[:, 1]):.3f}"),
        ("deep, joined: accuracy at 0.5; ECE, weights fitted on the other half", f"{right.mean():.3f}; {calibration.ece(shares, truth):.3f}",
         f"accuracy: fast head {fast_right.mean():.3f}, deep head {((deep.probabilities[:, 1] >= 0.5) == truth).mean():.3f}"),
        (f"auto, deep asked in the band {band[0]}-{band[1]}: AUC lost against always asking; share asked (bands of the other half)",
         f"{lost:.4f}; {asked:.3f}", f"{AUC_LOSS} is allowed"),
    ]
    return joint.fit(voices, truth), deep.name, band, scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--trial", action="store_true", help="measure only")
    arguments = parser.parse_args()
    encoder = StaticEncoder(arguments.out / "static-encoder.safetensors")
    found = items()
    examples = build(found, np.random.default_rng(11))
    fitter = Fitter(encoder, examples, SPEC, PLAN)
    head = SigmoidHead("complexity", ["simple", "complex"], fitter,
                       Path(tempfile.mkdtemp()) if arguments.trial else arguments.out, arguments.seeds)
    held = [i for i in found if i.is_held]
    trial_head = head.trial({i.group for i in held})
    graded = [i for i in held if i.source == MMLU_PRO]
    texts, truth = [i.text for i in graded], np.array([i.row["solve_rate"] < 0.5 for i in graded], dtype=float)
    trial = Trial(texts, truth, run(trial_head, texts))
    error, shares = head.calibrate(trial)

    kept = [i for i in found if i.source == MMLU_PRO and not i.is_held]
    known = np.array([i.row["solve_rate"] < 0.5 for i in kept], dtype=float)
    categories = np.array([i.row["category"] for i in kept])
    means = {c: known[categories == c].mean() for c in set(categories)}
    by_category = np.array([means[i.row["category"]] for i in graded])
    by_length = np.array([len(t) for t in texts])
    by_words = logistic_baseline([i.text for i in kept], known, texts)
    check = written()[1]
    chat = head.calibrated(run(trial_head, [r.text for r in check]))
    hard = np.array([r.difficulty >= 0.4 for r in check])
    trivial = np.array([r.difficulty <= 0.1 for r in check])
    weights, deep_name, band, deep_scores = deep_side(head, found)
    doubtful = (shares >= band[0]) & (shares <= band[1])
    scores = [
        (f"AUC, solve rate < 0.5, MMLU-Pro prompts with options, n = {len(truth)}", f"{auc(truth, trial.logits):.3f}",
         f"category mean {auc(truth, by_category):.3f}, length {auc(truth, by_length):.3f}, "
         f"word uni- and bigram LR {auc(truth, by_words):.3f}"),
        ("accuracy at 0.5", f"{((shares >= 0.5) == truth).mean():.3f}",
         f"always complex {truth.mean():.3f}, category mean {((by_category >= 0.5) == truth).mean():.3f}"),
        ("ECE, 15 equal-mass bins, Platt fitted on the other half", f"{error:.3f}", ""),
        ("AUC with one typo in ten words", f"{auc(truth, run(trial_head, mistyped(texts))):.3f}", ""),
        ("AUC of the question without its options",
         f"{auc(truth, run(trial_head, [question_of(t) for t in texts])):.3f}", ""),
        (f"{len(check)} chat requests: mean P of trivial / of hard ones; AUC hard against the rest",
         f"{chat[trivial].mean():.2f} / {chat[hard].mean():.2f}; {auc(hard, chat):.3f}",
         f"length {auc(hard, np.array([len(r.text) for r in check])):.3f}"),
        (f"outside the band {band[0]}-{band[1]}: share, accuracy", f"{1 - doubtful.mean():.3f}, "
         f"{((shares >= 0.5) == truth)[~doubtful].mean():.3f}", ""),
        *deep_scores,
    ]
    for row in scores:
        print(row, flush=True)
    if arguments.trial:
        return
    head.meta["joint"] = joint.metadata(weights, deep_name)
    shipped, size = head.ship(0.5, band, f"band: where deep is asked; at most {AUC_LOSS} of the AUC of always asking is lost on prompts that "
                              "neither side learned from (the card)")
    asked = [r.text for r in check[:12]]
    joint.write_joint_fixture(arguments.out / "fixtures" / "complexity-joint.json", shipped, joint.deep_answers(asked, "complexity"), asked, weights)
    for text in ("hi", "What is 2+2?", "Prove that there are infinitely many primes.", "Explain photosynthesis"):
        print(text, shipped.probabilities([text])[0, 1].round(3))
    Card("complexity", SUMMARY, "python training/complexity.py", [
        ("router/mmlu_pro", "Apache-2.0", "solve rate over 24 models, softened around one half"),
        ("router/routellm_mmlu_gold1500, zeroeval_math-l5, zeroeval_crux", "Apache-2.0", "failures of small models"),
        ("router/routerbench_mbpp, arc_challenge, winograde", "MIT", "failures of small models"),
        ("halluc/halueval_general, guard/jailbreak_train (benign), intent/CLINC150", "MIT, Apache-2.0, CC BY 3.0",
         "easy requests, low weight"),
        ("training/texts/chat.txt, topics.txt", "this project", "requests with difficulty estimated by hand"),
    ], scores, ["P is calibrated for exam questions; for chat requests it ranks, and its level rests on estimates by hand.",
                "The text alone is read: earlier turns and attachments do not count."],
        ["Held out: fold 0 of 5 over near-duplicate groups; what ships is trained on all folds by the same plan.",
         f"Joined with `{deep_name}`: logit P = {weights[0]:.2f} · logit P(fast) + {weights[1]:.2f} · logit P(deep) {weights[2]:+.2f}.",
         "The band is chosen on prompts that neither side learned from; its loss is measured with the limit of the other half."],
        size).write(arguments.out / "complexity.md")


if __name__ == "__main__":
    main()
