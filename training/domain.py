"""Trains `models/domain.safetensors`: the 14 classes of MMLU-Pro, `other` among them."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bourse import calibration, joint
from bourse.augment import noisy, with_typos
from bourse.card import Card
from bourse.chat import requests, topic_requests
from bourse.data import MODELS, rows
from bourse.deep.knowledge_data import DOMAINS, questions
from bourse.deep.tasks import trains
from bourse.fitting import Examples, Fitter, subset
from bourse.fixtures import write_fixtures
from bourse.folds import group_folds, near_duplicate_groups
from bourse.head import FeatureSpec, Head, features_of
from bourse.head_export import fold_ensemble, head_meta, write_head
from bourse.head_training import Plan, predict
from bourse.noise_check import mistyped
from bourse.sources import question_of
from bourse.static_vectors import StaticEncoder

# Share of each target spread over all classes: subjects overlap.
SMOOTHING = 0.06
ROUTELLM_WEIGHT = 0.7
RANDOM_PARTS = 4
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
        found.add(question, one[labels.index(label)], ROUTELLM_WEIGHT, int(group))
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


@dataclass(frozen=True)
class Deep:
    """The deep side: what joins with the fast head, and its scores on questions that neither side learned from."""

    weights: np.ndarray
    name: str
    memory: joint.Memory
    band_end: float
    scores: list[tuple[str, str, str]]


def deep_side(fitter: Fitter, texts: list[str], classes: np.ndarray, labels: list[str], fast: dict[str, Any], seeds: int) -> Deep:
    """Fits and measures the joint answer on the questions that the deep encoder did not learn from."""
    if labels != DOMAINS:
        raise ValueError("the deep encoder has other classes")
    fold = np.array([one.fold for one in questions()[: len(texts)]])
    held = np.flatnonzero([not trains(int(f)) for f in fold])
    held_groups = {int(g) for g in fitter.groups[3 * held]}
    known = [i for i in range(3 * len(texts), len(fitter.texts)) if np.isclose(fitter.weights[i], ROUTELLM_WEIGHT)]
    asked = requests("chat")
    all_texts = texts + [fitter.texts[i] for i in known] + [r.text for r in asked]
    all_classes = np.concatenate([classes, fitter.targets[known].argmax(axis=1), [labels.index(r.domain) for r in asked]])
    groups = np.concatenate([fitter.groups[: 3 * len(texts) : 3], fitter.groups[known], np.full(len(asked), -1)])
    deep = joint.deep_answers(all_texts, "domain")
    check = requests("chat_check")
    check_deep = joint.deep_answers([r.text for r in check], "domain")

    networks = fitter.networks(held_groups, seeds)
    fast_logits = np.mean([predict(one, subset(fitter.features, 3 * held)) for one in networks], axis=0)
    fast_shares = calibration.probabilities(fast_logits, "softmax", fast)
    remembered = np.flatnonzero(~np.isin(groups, list(held_groups)))
    part = joint.Memory.of(deep.vectors[remembered], all_classes[remembered], labels)
    voices = [fast_shares, deep.probabilities[held], part.shares(deep.vectors[held])]
    truth, half = classes[held], np.arange(len(held)) % 2 == 0
    shares = joint.cross_fitted(voices, truth, half)
    pair = joint.cross_fitted(voices[:2], truth, half)
    weights = joint.fit(voices, truth)
    right, fast_right = shares.argmax(axis=1) == truth, fast_shares.argmax(axis=1) == truth
    limit, lost, asked_share = joint.measured_band(-fast_shares.max(axis=1), fast_right, right)
    end = round(-limit, 4)
    check_features = features_of(fitter.encoder, [r.text for r in check], fitter.spec)
    check_fast = calibration.probabilities(np.mean([predict(one, check_features) for one in networks], axis=0), "softmax", fast)
    check_shares = joint.joined(weights, [check_fast, check_deep.probabilities, part.shares(check_deep.vectors)])
    said = np.array([labels.index(r.domain) for r in check])
    alone = voices[1].argmax(axis=1) == truth
    scores = [
        (f"deep, joined: accuracy, questions that neither side learned from, n = {len(held)}", f"{right.mean():.3f}",
         f"fast head {fast_right.mean():.3f}, deep head {alone.mean():.3f}, nearest examples {(voices[2].argmax(axis=1) == truth).mean():.3f}, "
         f"fast and deep head without examples {(pair.argmax(axis=1) == truth).mean():.3f}"),
        ("deep, joined: ECE, weights fitted on the other half", f"{calibration.ece(shares.max(axis=1), right):.3f}", ""),
        (f"deep, joined: accuracy, {len(check)} chat requests written apart", f"{(check_shares.argmax(axis=1) == said).mean():.3f}",
         f"deep head {(check_deep.probabilities.argmax(axis=1) == said).mean():.3f}"),
        (f"auto, deep asked below a confidence of {end}: accuracy lost against always asking; share asked (random halves under limits of the other)",
         f"{lost:.4f}; {asked_share:.3f}", f"{joint.LOSS} is allowed"),
    ]
    return Deep(weights, deep.name, joint.Memory.of(deep.vectors, all_classes, labels), end, scores)


def random_split(fitter: Fitter, texts: list[str], classes: np.ndarray, groups: np.ndarray, seeds: int) -> tuple[int, float, float]:
    """Rows scored, accuracy of the head and of an n-gram logistic regression on twentieths of the rows drawn at random,
    each after training on the other nineteen; rows of other files that are near one of them do not train."""
    part = np.random.default_rng(5).permutation(len(texts)) % 20
    right: list[np.ndarray] = []
    by_ngrams: list[float] = []
    for number in range(RANDOM_PARTS):
        held, rest = np.flatnonzero(part == number), np.flatnonzero(part != number)
        more = np.arange(3 * len(texts), len(fitter.texts))
        more = more[~np.isin(fitter.groups[more], groups[held])]
        places = np.concatenate([(3 * rest[:, None] + np.arange(3)).ravel(), more])
        logits = np.mean([predict(one, subset(fitter.features, 3 * held)) for one in fitter.networks_of(places, seeds)], axis=0)
        right.append(logits.argmax(axis=1) == classes[held])
        by_ngrams.append(ngram_regression([texts[i] for i in rest], classes[rest], [texts[i] for i in held], classes[held]))
    scored = np.concatenate(right)
    return len(scored), float(scored.mean()), float(np.average(by_ngrams, weights=[len(one) for one in right]))


def ngram_regression(texts: list[str], classes: np.ndarray, held: list[str], truth: np.ndarray) -> float:
    """Hashed words, pairs of words and characters (3-5) under a logistic regression: the baseline of the data's README."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    known, asked = [], []
    for kind, orders in (("word", (1, 2)), ("char_wb", (3, 5))):
        hashed = HashingVectorizer(analyzer=kind, ngram_range=orders, n_features=2**18, alternate_sign=False)
        weighted = TfidfTransformer(sublinear_tf=True)
        known.append(weighted.fit_transform(hashed.transform(texts)))
        asked.append(weighted.transform(hashed.transform(held)))
    fitted = LogisticRegression(C=10, max_iter=100, tol=1e-3).fit(hstack(known).tocsr(), classes)
    return float((fitted.predict(hstack(asked).tocsr()) == truth).mean())


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
    deep = deep_side(fitter, texts, classes, labels, meta["calibration"], arguments.seeds)
    end = deep.band_end
    meta["band"], meta["joint"] = [0, end], joint.metadata(deep.weights, deep.name)
    doubtful = sure <= end
    random_count, random_head, random_ngrams = random_split(fitter, texts, classes, groups, arguments.seeds)
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
        (f"accuracy, rows drawn at random, twentieths, n = {random_count}", f"{random_head:.3f}", f"n-gram logistic regression {random_ngrams:.3f}"),
        ("accuracy, questions with options", f"{accuracy(options):.3f}", ""),
        ("ECE, 15 equal-mass bins, temperature fitted on the other half", f"{calibration.ece(sure, right):.3f}", ""),
        ("accuracy with one typo in ten words", f"{accuracy(mistyped(held_texts)):.3f}", ""),
        ("accuracy in upper case", f"{accuracy([t.upper() for t in held_texts]):.3f}", ""),
        (f"accuracy, {len(check)} chat requests written apart", f"{chat.mean():.3f}", ""),
        (f"confidence above {end}: share, accuracy",
         f"{1 - doubtful.mean():.3f}, {right[~doubtful].mean() if not doubtful.all() else 1:.3f}", ""),
        *deep.scores,
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
    meta["notes"] = (f"band: below {end} deep is asked; against always asking, at most {joint.LOSS:.1%} of the questions that neither "
                     "side learned from are answered worse (the card)")
    size = write_head(path, fold_ensemble(fitter.networks(set(), arguments.seeds)), meta)
    write_fixtures(arguments.out / "fixtures" / "domain.json", Head(path, encoder))
    asked = [r.text for r in check[:12]]
    joint.write_joint_fixture(arguments.out / "fixtures" / "domain-joint.json", Head(path, encoder), joint.deep_answers(asked, "domain"), asked, deep.weights, deep.memory)
    memory_size = deep.memory.write(arguments.out / "domain-memory.safetensors", "domain", deep.name)
    Card("domain", SUMMARY, "python training/domain.py", [
        ("domain/mmlu_pro, router/mmlu_pro", "Apache-2.0", "questions alone, with options, and with typos, gaps or cuts"),
        ("router/routellm_mmlu_gold1500", "Apache-2.0", "subjects mapped to classes as MMLU-Pro does (its `src` field)"),
        ("intent/CLINC150 (43 intents of small talk and commands)", "CC BY 3.0", "other"),
        ("training/texts/chat.txt, topics.txt", "this project", "372 requests; 584 topics in templates"),
    ], scores, ["The aims, 0.85 alone and 0.89 with the deep encoder, are missed. Tried without gain on a tuning fold: wider hidden layers, "
                "stronger and weaker decay, inverse document frequencies, weights shared by character n-grams of tokens, a network "
                "over single token vectors, a blend with the support vector machine of the baselines (+0.005). "
                "What would close it: nearest examples by the static vectors (+0.005, on rows drawn at random +0.007; 2.3 MB and some tenths of a "
                "millisecond on the event loop), more labelled questions, and a larger encoder.",
                "Small talk, commands and creative requests are `other`, as is general knowledge in MMLU-Pro.",
                "By class: " + per_class],
        ["Held out: fold 0 of 5 over near-duplicate groups; what ships is trained on all folds by the same plan.",
         "Rows drawn at random have near-duplicates on the other side, as a test part drawn at random has: "
         "the baseline of the data's README (0.791 on its test part) compares with these.",
         "Members of the ensemble are folded into one head: hidden units side by side, n-gram tables averaged.",
         f"Joined with `{deep.name}`: P in proportion to P(fast)^{deep.weights[0]:.2f} · P(deep)^{deep.weights[1]:.2f} · P(examples)^{deep.weights[2]:.2f}; "
         f"the {joint.NEIGHBOURS} nearest of {len(deep.memory.classes):,} examples by sentence vector speak (`domain-memory.safetensors`, {memory_size:,} bytes, "
         "int8). The deep encoder and the memory of the trial saw none of the questions scored; number of neighbours and sharpness were set beforehand.",
         "The band is chosen on those questions; its loss is measured on random halves with the limit of the other."],
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
