"""Prompts of the router, hallucination and intent files in one shape, for heads that learn from several."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .chat import Request, requests
from .data import rows
from .folds import group_folds, near_duplicate_groups

MMLU_PRO = "mmlu_pro"
ROUTER = (MMLU_PRO, "routellm_mmlu_gold1500", "zeroeval_math-l5", "zeroeval_crux", "routerbench_mbpp",
          "routerbench_arc_challenge", "routerbench_winograde")


@dataclass(frozen=True)
class Item:
    source: str
    text: str
    row: dict[str, Any]
    place: int
    """Row number in its file, from 0."""
    group: int
    fold: int

    @property
    def is_held(self) -> bool:
        return self.fold == 0


def question_of(prompt: str) -> str:
    """The prompt without its options and answer cue."""
    return prompt.split("\nA. ")[0].strip()


def _routerbench_prompt(prompt: str) -> str:
    """The file holds a Python list of one string."""
    return str(ast.literal_eval(prompt)[0])


def _last_question(text: str) -> str:
    """Of a few-shot prompt, the final question: what separates one item from another."""
    blocks = text.strip().split("\n\n")
    return blocks[-1]


def output_characters(row: dict[str, Any]) -> float:
    """The median over models of the answer's length; empty answers do not count."""
    lengths = [v for v in (row.get("out_chars") or row.get("outchars") or {}).values() if v]
    return float(np.median(lengths)) if lengths else 0.0


@cache
def items() -> list[Item]:
    """Every allowed row, in five folds over near-duplicate groups of all sources together."""
    found: list[tuple[str, str, str, dict[str, Any], int]] = []
    for source in ROUTER:
        for place, row in enumerate(rows(f"router/{source}.jsonl.gz")):
            text = _routerbench_prompt(row["prompt"]) if source.startswith("routerbench") else row["prompt"]
            key = question_of(text) if "PYTHON]" not in text else text.split("[PYTHON]")[1]
            if source.startswith("routerbench"):
                key = _last_question(text)
            found.append((source, text, key, row, place))
    for place, row in enumerate(rows("halluc/halueval_general.jsonl.gz")):
        found.append(("halueval", row["user_query"], row["user_query"], row, place))
    for place, row in enumerate(rows("guard/jailbreak_train.jsonl.gz")):
        if row["label"] == 0 and row["src"] in ("alpaca_harmless", "seed_tasks"):
            found.append(("alpaca", row["text"], row["text"], row, place))
    for place, row in list(enumerate(rows("intent/CLINC150_train.jsonl.gz")))[::8]:
        found.append(("clinc", row["text"], row["text"], row, place))
    groups = near_duplicate_groups([key for _, _, key, _, _ in found])
    folds = group_folds(groups)
    return [Item(source, text, row, place, int(g), int(f))
            for (source, text, _, row, place), g, f in zip(found, groups, folds, strict=True)]


def written() -> tuple[list[Request], list[Request]]:
    """(training, held out)."""
    return requests("chat"), requests("chat_check")
