"""Domain and complexity data, in folds by near-duplicate group shared by both."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..chat import requests, topic_requests
from ..data import rows
from ..folds import group_folds, near_duplicate_groups

DOMAINS = ["biology", "business", "chemistry", "computer science", "economics", "engineering", "health", "history", "law",
           "math", "other", "philosophy", "physics", "psychology"]
SUBJECTS = {
    "biology": "college_biology high_school_biology medical_genetics",
    "business": "business_ethics management marketing",
    "chemistry": "college_chemistry high_school_chemistry",
    "computer science": "college_computer_science computer_security high_school_computer_science machine_learning",
    "economics": "econometrics high_school_macroeconomics high_school_microeconomics",
    "engineering": "electrical_engineering",
    "health": "anatomy clinical_knowledge college_medicine human_aging nutrition professional_medicine virology",
    "history": "high_school_european_history high_school_us_history high_school_world_history prehistory",
    "law": "international_law jurisprudence professional_law",
    "math": "abstract_algebra college_mathematics elementary_mathematics high_school_mathematics high_school_statistics",
    "other": "global_facts miscellaneous professional_accounting public_relations security_studies sociology us_foreign_policy "
             "human_sexuality high_school_geography high_school_government_and_politics",
    "philosophy": "formal_logic logical_fallacies moral_disputes philosophy world_religions",
    "physics": "astronomy college_physics conceptual_physics high_school_physics",
    "psychology": "high_school_psychology professional_psychology",
}
DOMAIN_OF_SUBJECT = {subject: domain for domain, subjects in SUBJECTS.items() for subject in subjects.split()}
SMALL_MODEL = re.compile(r"(?i)(?:^|[^0-9])(?:1|2|3|7|8|9|13)b|mini|nemo|haiku|gemma|mistral-7b|mixtral")


@dataclass
class Question:
    text: str
    """The question alone."""
    prompt: str
    """With its options."""
    domain: int | None
    fail_rate: float | None
    """Share of models that answer wrongly."""
    fold: int
    """0 and 1 of 20 are scored, 3 calibrates, the others train."""
    source: str
    is_late: bool = False
    """Read in the second run alone."""


def _mmlu_pro() -> list[Question]:
    return [Question(r["question"], r["prompt"], DOMAINS.index(r["category"]), 1 - r["solve_rate"], -1, "mmlu_pro")
            for r in rows("router/mmlu_pro.jsonl.gz")]


def _routellm() -> list[Question]:
    made = []
    for r in rows("router/routellm_mmlu_gold1500.jsonl.gz"):
        question = re.split(r"\nA[.)] ", r["prompt"])[0]
        domain = DOMAINS.index(DOMAIN_OF_SUBJECT[r["subject"]])
        fails = 1 - r["correct"]["mixtral-8x7b-instruct"]
        made.append(Question(question, r["prompt"].removesuffix("\nAnswer:"), domain, float(fails), -1, "routellm"))
    return made


def _small_fail_rate(scores: dict[str, Any]) -> float | None:
    small = [float(value) for name, value in scores.items() if SMALL_MODEL.search(name)]
    return 1 - float(np.mean(small)) if small else None


def _others() -> list[Question]:
    made = []
    for name, key in (("zeroeval_math-l5", "correct"), ("zeroeval_crux", "correct"), ("routerbench_mbpp", "score")):
        for r in rows(f"router/{name}.jsonl.gz"):
            prompt = r["prompt"]
            if prompt.startswith(("['", '["')):
                prompt = prompt[2:-2].replace("\\n", "\n")
            made.append(Question(prompt, prompt, None, _small_fail_rate(r[key]), -1, name))
    return made


def questions() -> list[Question]:
    """MMLU-Pro first (in file order), then the others."""
    made = [*_mmlu_pro(), *_routellm(), *_others()]
    folds = group_folds(near_duplicate_groups([one.text for one in made]), 20)
    for one, fold in zip(made, folds):
        one.fold = int(fold)
    return made


def late_questions(seed: int) -> list[Question]:
    """Chat requests and topics written for this project, with their domain and an estimate of difficulty."""
    made = [Question(r.text, r.text, DOMAINS.index(r.domain), r.difficulty, -1, "chat", True) for r in requests("chat")]
    return made + [Question(text, text, DOMAINS.index(domain), None, -1, "topics", True) for domain, text in topic_requests(5, seed)]


_KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]


def _mistyped(word: str, rng: random.Random) -> str:
    place = rng.randrange(len(word))
    kind = rng.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place] + word[place:]
    if kind == 2 and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    row = next((keys for keys in _KEYS if word[place].lower() in keys), "aeiou")
    return word[:place] + rng.choice(row) + word[place + 1 :]


def with_typos(text: str, rng: random.Random, rate: float = 0.1) -> str:
    """One slip of the finger in about one word of ten."""
    words = text.split(" ")
    return " ".join(_mistyped(w, rng) if len(w) > 3 and w.isalpha() and rng.random() < rate else w for w in words)
