"""Every task's texts in the bank, with labels and folds."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from ..data import rows
from .bank import Bank
from . import guard_data, knowledge_data, pii_data
from .guard_data import WINDOW, GuardText, guard_texts
from .knowledge_data import Question, questions, with_typos
from .pii_data import PiiText, exchanged, invented_texts, presidio, tags_of
from ..static.corpus import tool_descriptions, tool_queries

QUESTION_TOKENS = 128
PROMPT_TOKENS = 224
PII_TOKENS = 128
SENTENCE_TOKENS = 64
SCORED = (0, 1)
CALIBRATION = 3


def trains(fold: int) -> bool:
    """Whether texts of this fold train; the others score or calibrate."""
    return fold not in (*SCORED, CALIBRATION)


@dataclass
class Labelled:
    places: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


@dataclass
class Tasks:
    questions: list[Question]
    question_places: np.ndarray
    prompt_places: np.ndarray
    guard: list[GuardText]
    guard_places: list[np.ndarray]
    pii: list[PiiText]
    pii_places: np.ndarray
    pii_tags: dict[int, np.ndarray]
    intents: dict[str, list[int]]
    """Places by class, CLINC150 and BANKING77 training texts."""
    outside: list[int]
    """CLINC150 out-of-scope training texts: each a class of its own."""
    tools: dict[str, list[int]]
    descriptions: dict[str, int]
    general: np.ndarray
    typos: dict[int, int] = field(default_factory=dict)
    """Place of a mistyped copy by place."""


def _typo_copies(bank: Bank, places: np.ndarray, most: int, share: float, rng: random.Random) -> dict[int, int]:
    chosen = [int(p) for p in places if rng.random() < share]
    copies = bank.add([with_typos(bank.texts[p], rng) for p in chosen], most)
    return {a: int(b) for a, b in zip(chosen, copies)}


def assemble(bank: Bank, seed: int) -> Tasks:
    """Adds all texts to the bank."""
    rng = random.Random(seed)
    asked = questions()
    question_places = bank.add([q.text for q in asked], QUESTION_TOKENS)
    prompt_places = bank.add([q.prompt for q in asked], PROMPT_TOKENS)
    guard = guard_texts(bank.tokenizer, seed)
    guard_places = [bank.add(one.windows, WINDOW + 2) for one in guard]

    known = presidio()
    train = [one for one in known if trains(one.fold)]
    pii = [*known, *exchanged(train, 2, seed), *invented_texts(14, seed + 1)]
    pii_places = bank.add([one.text for one in pii], PII_TOKENS)
    pii_tags = {int(p): tags_of(one.text, one.spans, bank.tokenizer, PII_TOKENS) for p, one in zip(pii_places, pii)}

    intents: dict[str, list[int]] = defaultdict(list)
    for name in ("CLINC150", "BANKING77"):
        records = rows(f"intent/{name}_train.jsonl.gz")
        for row, place in zip(records, bank.add([r["text"] for r in records], SENTENCE_TOKENS, with_teacher=True)):
            intents[f"{name}/{row['label']}"].append(int(place))
    outside = bank.add([r["text"] for r in rows("intent/CLINC150_oos_train_val.jsonl")][:100], SENTENCE_TOKENS, with_teacher=True)

    asking = tool_queries(held_out=False)
    tools: dict[str, list[int]] = defaultdict(list)
    for tool, place in zip(asking.labels, bank.add(asking.texts, SENTENCE_TOKENS, with_teacher=True)):
        tools[tool].append(int(place))
    described = tool_descriptions()
    bank.add(described.texts, SENTENCE_TOKENS, with_teacher=True)

    general = [r["user_query"] for r in rows("halluc/halueval_general.jsonl.gz")]
    general += [r["chatgpt_response"].split("\n")[0][:300] for r in rows("halluc/halueval_general.jsonl.gz")]
    general += [one.text for one in guard if one.family in ("alpaca_harmless", "deepset", "seed_tasks")]
    general += [q.text for q in rng.sample(asked, 1500)] + [one.text for one in known]
    general_places = bank.add([text for text in dict.fromkeys(general) if text.strip()], SENTENCE_TOKENS, with_teacher=True)
    made = Tasks(asked, question_places, prompt_places, guard, guard_places, pii, pii_places, pii_tags, dict(intents),
                 [int(p) for p in outside], dict(tools), {}, general_places)
    trained = np.array([p for p, q in zip(question_places, asked) if trains(q.fold)])
    made.typos.update(_typo_copies(bank, trained, QUESTION_TOKENS, 0.25, rng))
    made.typos.update(_typo_copies(bank, np.array(sum(intents.values(), [])), SENTENCE_TOKENS, 0.25, rng))
    attacks = [p for one, ps in zip(guard, guard_places) if trains(one.fold) for p in ps]
    made.typos.update(_typo_copies(bank, np.array(attacks), WINDOW + 2, 0.1, rng))
    named = bank.add([f"{name}: {text}" for name, text in zip(described.labels, described.texts)], SENTENCE_TOKENS, with_teacher=True)
    made.descriptions.update(zip(described.labels, (int(p) for p in named)))
    _add_late(bank, made, seed)
    return made


def _add_late(bank: Bank, tasks: Tasks, seed: int) -> None:
    """Texts of the second run."""
    asked = knowledge_data.late_questions(seed)
    places = bank.add([q.text for q in asked], QUESTION_TOKENS)
    tasks.questions += asked
    tasks.question_places = np.append(tasks.question_places, places)
    tasks.prompt_places = np.append(tasks.prompt_places, places)
    guard = guard_data.late_texts(bank.tokenizer)
    tasks.guard += guard
    tasks.guard_places += [bank.add(one.windows, WINDOW + 2) for one in guard]
    pii = pii_data.late_texts(pii_data.presidio(), 2500, seed)
    added = bank.add([one.text for one in pii], PII_TOKENS)
    tasks.pii += pii
    tasks.pii_places = np.append(tasks.pii_places, added)
    tasks.pii_tags.update({int(p): tags_of(one.text, one.spans, bank.tokenizer, PII_TOKENS) for p, one in zip(added, pii)})
