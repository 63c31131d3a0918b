"""Attack data: windows of attacks and of benign texts, their families and their folds."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from ..attack.written import read
from ..data import rows
from ..folds import group_folds, near_duplicate_groups
from .written import written

WINDOW = 128
STRIDE = 64
FAMILIES = {"deepset": "deepset", "jbb:PAIR:vicuna-13b-v1.5": "pair", "self_reminder": "self_reminder"}


@dataclass
class GuardText:
    text: str
    label: int
    family: str
    fold: int
    """0 and 1 of 10 are scored, 3 calibrates, the others train."""
    windows: list[str]
    is_late: bool = False
    """Read in the second run alone."""


def family_of(source: str) -> str:
    return FAMILIES.get(source, "in_the_wild" if source.startswith("itw") else source)


def windows_of(text: str, tokenizer: Tokenizer) -> list[str]:
    """Pieces of WINDOW tokens every STRIDE tokens, as the runtime reads them."""
    spans = [span for span in tokenizer.encode(text, add_special_tokens=False).offsets]
    if len(spans) <= WINDOW:
        return [text]
    made = []
    for start in range(0, len(spans), STRIDE):
        stop = min(len(spans), start + WINDOW)
        made.append(text[spans[start][0] : spans[stop - 1][1]])
        if stop == len(spans):
            break
    return made


def _benign_extras(rng: random.Random) -> list[tuple[str, str]]:
    """(text, family) of other benign texts: questions, queries, answers, pastes."""
    sources = [
        ("mmlu_pro", [row["prompt"] for row in rows("router/mmlu_pro.jsonl.gz")], 500),
        ("queries", [row["user_query"] for row in rows("halluc/halueval_general.jsonl.gz")], 700),
        ("answers", [row["chatgpt_response"] for row in rows("halluc/halueval_general.jsonl.gz")], 400),
        ("tools", [row["Query"] for row in rows("tools/metatool.jsonl.gz")], 400),
        ("banking", [row["text"] for row in rows("intent/BANKING77_train.jsonl.gz")], 250),
        ("clinc", [row["text"] for row in rows("intent/CLINC150_train.jsonl.gz")], 250),
        ("pii", [row["full_text"] for row in rows("pii/presidio_generated_large.jsonl.gz")], 200),
        ("code", [row["prompt"] for row in rows("router/zeroeval_crux.jsonl.gz")], 100),
    ]
    made = [(text, name) for name, texts, most in sources for text in rng.sample(texts, most)]
    queries, answers = sources[1][1], sources[2][1]
    for _ in range(150):
        parts = rng.sample(queries, 2) + rng.sample(answers, 2)
        made.append(("\n".join(f"{who}: {part}" for who, part in zip(("User", "User", "Assistant", "Assistant"), parts)), "chats"))
    return made


def guard_texts(tokenizer: Tokenizer, seed: int = 5) -> list[GuardText]:
    """All texts with fold by near-duplicate group; texts of one written template share a fold."""
    rng = random.Random(seed)
    entries = [(r["text"], r["label"], family_of(r["src"])) for r in rows("guard/jailbreak_train.jsonl.gz")]
    entries += [(text, 0, family) for text, family in _benign_extras(rng)]
    folds = group_folds(near_duplicate_groups([entry[0] for entry in entries]), 10)
    made = [GuardText(t, label, family, int(fold), windows_of(t, tokenizer)) for (t, label, family), fold in zip(entries, folds)]
    texts = written(seed)
    order = np.random.default_rng(seed).permutation(max(one.template for one in texts) + 1)
    for one in texts:
        made.append(GuardText(one.text, one.label, "written", int(order[one.template] % 10), windows_of(one.text, tokenizer)))
    return made


def late_texts(tokenizer: Tokenizer) -> list[GuardText]:
    """The written texts of the fast attack head; all of them train."""
    return [GuardText(one.text, label, f"file {one.family}", 9, windows_of(one.text, tokenizer), True)
            for name, label in (("attacks_written.jsonl", 1), ("benign_hard.jsonl", 0)) for one in read(name)]


def held_out_texts(tokenizer: Tokenizer) -> list[GuardText]:
    """Texts by hand that train nothing."""
    return [GuardText(one.text, label, name, 0, windows_of(one.text, tokenizer))
            for name, label in (("attack_eval", 1), ("over_refusal_eval", 0)) for one in read(f"{name}.jsonl")]
