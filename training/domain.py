"""Trains `models/domain.safetensors`: the 14 classes of MMLU-Pro, `other` among them."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from bourse import calibration
from bourse.augment import noisy, with_typos
from bourse.card import Card
from bourse.chat import requests, topic_requests
from bourse.data import MODELS, rows
from bourse.fitting import Examples, Fitter
from bourse.fixtures import write_fixtures
from bourse.folds import group_folds, near_duplicate_groups
from bourse.head import FeatureSpec, Head
from bourse.head_export import fold_ensemble, head_meta, write_head
from bourse.head_training import Plan
from bourse.noise_check import mistyped
from bourse.sources import question_of
from bourse.static_vectors import StaticEncoder

# Accuracy that a deep encoder is asked to reach: above the confidence where the head is this good, it is not worth asking.
DEEP_ACCURACY = 0.89

# Share of each target spread over all classes: subjects overlap.
SMOOTHING = 0.06
SUMMARY = "The subject of a request: the 14 classes of MMLU-Pro, `other` among them."
SMALL_TALK = ("greeting", "goodbye", "thank_you", "tell_joke", "weather", "timer", "alarm", "play_music", "recipe",
              "travel_suggestion", "translate", "what_song", "restaurant_suggestion", "book_flight", "who_made_you",
              "are_you_a_bot", "fun_fact", "flip_coin", "smart_home", "next_song", "change_volume", "shopping_list",
              "book_hotel", "plug_type", "restaurant_reservation", "what_is_your_name", "where_are_you_from",
              "meaning_of_life", "how_old_are_you", "do_you_have_pets", "reminder", "calendar", "directions", "traffic",
              "oil_change_how", "spelling", "time", "date", "yes", "no", "maybe", "repeat", "roll_dice", "find_phone")

SPEC = FeatureSpec(embedding=True, orders=(1, 2), buckets=65536)
PLAN = Plan(hidden=(64,), outputs=14, epochs=10, batch=1024, rate=5e-3, ngram_rate=0.12, ngram_decay=1e-2,
            input_drop=0.2, hidden_drop=0.5, bucket_drop=0.3)


def build(labels: list[str], rng: np.random.Generator) -> tuple[Examples, list[str], np.ndarray, np.ndarray]:
    """Examples, and the plain questions with their classes and near-duplicate groups."""
    one = np.eye(len(labels), dtype=np.float32) * (1 - SMOOTHING) + SMOOTHING / len(labels)
    questions = rows("domain/mmlu_pro.jsonl.gz")
    options = rows("router/mmlu_pro.jsonl.gz")
    subjects = rows("router/routellm_mmlu_gold1500.jsonl.gz")
    class_of: dict[str, Counter[str]] = {}
    for row in options:
        class_of.setdefault(row["src"].removeprefix("ori_mmlu-"), Counter())[row["category"]] += 1
    texts = [row["text"] for row in questions]
    more = [(question_of(r["prompt"]), r["prompt"], class_of[r["subject"]].most_common(1)[0][0])
            for r in subjects if r["subject"] in class_of]
    groups = near_duplicate_groups(texts + [m[0] for m in more])
    found = Examples.empty()
    for row, full, group in zip(questions, options, groups, strict=False):
        target = one[labels.index(row["label"])]
        found.add(row["text"], target, 1.0, int(group))
        found.add(full["prompt"], target, 0.5, int(group))
        found.add(noisy(row["text"], rng), target, 0.5, int(group))
    for (question, full, label), group in zip(more, groups[len(texts):], strict=True):
        found.add(question, one[labels.index(label)], 0.7, int(group))
        found.add(full, one[labels.index(label)], 0.3, int(group))
    for label, text in topic_requests(4, 5):
        found.add(text, one[labels.index(label)], 0.3)
    for request in requests("chat"):
        found.add(request.text, one[labels.index(request.domain)], 1.0)
        found.add(with_typos(request.text, rng), one[labels.index(request.domain)], 0.5)
    talk = [r for r in rows("intent/CLINC150_train.jsonl.gz") if r["label"] in SMALL_TALK]
    for place in rng.choice(len(talk), 800, replace=False):
        found.add(talk[int(place)]["text"], one[labels.index("other")], 0.3)
    classes = np.array([labels.index(row["label"]) for row in questions])
    return found, texts, classes, groups[: len(texts)]


def band_end(confidence: np.ndarray, right: np.ndarray, target: float) -> float:
    """The smallest confidence from which on answers in a window of 0.1 are right with chance `target`."""
    for edge in np.linspace(0.3, 1, 36):
        near = (confidence >= edge) & (confidence < edge + 0.1)
        if near.sum() >= 20 and right[near].mean() >= target:
            return round(float(edge), 3)
    return 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trial", action="store_true", help="measure only")
    arguments = parser.parse_args()
    rng = np.random.default_rng(11)
    encoder = StaticEncoder(arguments.out / "static-encoder.safetensors")
    labels = sorted({row["label"] for row in rows("domain/mmlu_pro.jsonl.gz")})
    examples, texts, classes, groups = build(labels, rng)
    fitter = Fitter(encoder, examples, SPEC, PLAN)
    print("examples", len(examples), flush=True)
    folds = group_folds(groups)
    held = np.flatnonzero(folds == 0)
    meta = head_meta("domain", encoder.name, labels, SPEC, "softmax")
    path = (arguments.out if not arguments.trial else Path(tempfile.mkdtemp())) / "domain.safetensors"
    rows_by_text = {row["question"]: row["prompt"] for row in rows("router/mmlu_pro.jsonl.gz")}

    write_head(path, fold_ensemble(fitter.networks({int(g) for g in groups[held]}, arguments.seeds)), meta)
    trial = Head(path, encoder)
    held_texts, truth = [texts[i] for i in held], classes[held]
    logits = trial.logits(held_texts)
    right = logits.argmax(axis=1) == truth
    half = np.arange(len(held)) % 2 == 0
    sure = np.zeros(len(held))
    for fit, test in ((half, ~half), (~half, half)):
        warm = calibration.temperature_of(logits[fit], truth[fit])
        sure[test] = calibration.probabilities(logits[test], "softmax", warm).max(axis=1)
    meta["calibration"] = calibration.temperature_of(logits, truth)
    end = band_end(sure, right, DEEP_ACCURACY)
    meta["band"] = [0, end]
    doubtful = sure <= end
    kept = np.flatnonzero(folds != 0)
    by_words, by_characters = word_baseline([texts[i] for i in kept], classes[kept], held_texts)
    options = [rows_by_text[texts[i]] for i in held]
    check = requests("chat_check")
    said = trial.logits([r.text for r in check]).argmax(axis=1)
    chat = np.array([labels[int(s)] == r.domain for s, r in zip(said, check, strict=True)])

    def accuracy(of: list[str]) -> float:
        return float((trial.logits(of).argmax(axis=1) == truth).mean())

    common = np.bincount(classes[kept]).argmax()
    scores = [
        (f"accuracy, MMLU-Pro questions without options, n = {len(held)}", f"{right.mean():.3f}",
         f"word uni- and bigram SVM {(by_words == truth).mean():.3f}, with characters "
         f"{(by_characters == truth).mean():.3f}, most frequent class {(truth == common).mean():.3f}"),
        ("accuracy, questions with options", f"{accuracy(options):.3f}", ""),
        ("ECE, 15 equal-mass bins, temperature fitted on the other half", f"{calibration.ece(sure, right):.3f}", ""),
        ("accuracy with one typo in ten words", f"{accuracy(mistyped(held_texts)):.3f}", ""),
        ("accuracy in upper case", f"{accuracy([t.upper() for t in held_texts]):.3f}", ""),
        (f"accuracy, {len(check)} chat requests written apart", f"{chat.mean():.3f}", ""),
        (f"confidence above {end}: share, accuracy",
         f"{1 - doubtful.mean():.3f}, {right[~doubtful].mean() if not doubtful.all() else 1:.3f}", ""),
    ]
    for line in scores:
        print(line, flush=True)
    for r, s in zip(check, said, strict=True):
        if labels[int(s)] != r.domain:
            print("  chat", r.domain, "->", labels[int(s)], "|", r.text[:80])
    per_class = ", ".join(f"{name} {(right[truth == k]).mean():.2f}" for k, name in enumerate(labels))
    print(per_class)
    if arguments.trial:
        return
    meta["notes"] = (f"band: above {end} the fast answer is right at least {DEEP_ACCURACY:.0%} of the time, the accuracy "
                     "asked of a deep head; the loss against always asking a deep head is not measured")
    size = write_head(path, fold_ensemble(fitter.networks(set(), arguments.seeds)), meta)
    write_fixtures(arguments.out / "fixtures" / "domain.json", Head(path, encoder))
    Card("domain", SUMMARY, "python training/domain.py", [
        ("domain/mmlu_pro, router/mmlu_pro", "Apache-2.0", "questions alone, with options, and with typos, gaps or cuts"),
        ("router/routellm_mmlu_gold1500", "Apache-2.0", "subjects mapped to classes as MMLU-Pro does (its `src` field)"),
        ("intent/CLINC150 (43 intents of small talk and commands)", "CC BY 3.0", "other"),
        ("training/texts/chat.txt, topics.txt", "this project", "372 requests; 584 topics in templates"),
    ], scores, ["The aim for the static encoder is 0.85 and is missed. Tried without gain on a tuning fold: wider hidden layers, "
                "stronger and weaker decay, inverse document frequencies, weights shared by character n-grams of tokens, a network "
                "over single token vectors, a blend with the support vector machine of the baselines. What would close it: more labelled "
                "questions, and a blend with a deep head.",
                "Small talk, commands and creative requests are `other`, as is general knowledge in MMLU-Pro.",
                "By class: " + per_class],
        ["Held out: fold 0 of 5 over near-duplicate groups; what ships is trained on all folds by the same plan.",
         "Members of the ensemble are folded into one head: hidden units side by side, n-gram tables averaged."],
        size).write(arguments.out / "domain.md")


def word_baseline(texts: list[str], classes: np.ndarray, held: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Classes by linear support vector machines on tf-idf: words and word bigrams; those and characters (3-5)."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)
    known, asked = words.fit_transform(texts), words.transform(held)
    by_words = LinearSVC(C=0.5).fit(known, classes).predict(asked)
    known = hstack([known, characters.fit_transform(texts)]).tocsr()
    asked = hstack([asked, characters.transform(held)]).tocsr()
    return by_words, LinearSVC(C=0.5).fit(known, classes).predict(asked)


if __name__ == "__main__":
    main()
