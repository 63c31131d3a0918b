"""Honest figures for what training has seen: intents and attack families left out of it whole."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch

from ..static.corpus import labelled
from .bank import Bank, packed
from .few_shot import accuracies
from .knowledge_data import DOMAINS
from .network import DeepEncoder
from .pii_data import TAGS
from .tasks import SENTENCE_TOKENS, Tasks, trains
from .training import Plan, Trainer

NOTHING = Plan(domain=0, solve=0, attack=0, pii=0, intent=0, tools=0, general=0)
LEFT_OUT_FAMILIES = (("pair", "deepset"), ("in_the_wild", "self_reminder"))


def _silent(*_: object) -> None:
    pass


def _network() -> DeepEncoder:
    return DeepEncoder(len(DOMAINS), len(TAGS))


def _read(bank: Bank, network: DeepEncoder, places: np.ndarray, head: str) -> np.ndarray:
    rows: dict[int, np.ndarray] = {}
    with torch.inference_mode():
        for batch in packed(bank.lengths[places], 2048, None):
            hidden, mask = bank.batch(places[batch])
            shared = network.upper(hidden, mask)
            if head == "sentence":
                values = network.sentence(shared, mask)
            else:
                values = network.classify(network.pooled(network.tokens(shared, mask), mask))[head]
            rows.update(zip(batch.tolist(), values.numpy()))
    return np.stack([rows[number] for number in range(len(places))])


def intents_left_out(bank: Bank, tasks: Tasks, extra: Bank, seed: int) -> dict[str, float]:
    """10-shot accuracy among the half of the intents that supervised training has not seen, before and after it.

    `extra` is a bank that holds the support and query texts.
    """
    seen = {name: places for name, places in tasks.intents.items() if sorted(tasks.intents).index(name) % 2 == 0}
    network = _network()
    figures: dict[str, float] = {}
    for stage in ("teacher", "trained"):
        if stage == "trained":
            plan = replace(NOTHING, intent=1, general=0.5)
            Trainer(network, bank, replace(tasks, intents=seen), plan, seed).run(_silent, _silent)
        network.eval()
        for name, queries in (("CLINC150", "CLINC150_valid.jsonl.gz"), ("BANKING77", "BANKING77_valid.jsonl")):
            support, asked = labelled(f"intent/{name}_train_10.jsonl"), labelled(f"intent/{queries}")
            vectors = [_read(extra, network, extra.add(one.texts, SENTENCE_TOKENS), "sentence") for one in (support, asked)]
            keep = [np.array([f"{name}/{label}" not in seen for label in one.labels]) for one in (support, asked)]
            left = [[label for label, kept in zip(one.labels, mask) if kept] for one, mask in zip((support, asked), keep)]
            found = accuracies(vectors[0][keep[0]], left[0], vectors[1][keep[1]], left[1])
            for method in ("centroid", "blend", "logistic"):
                figures[f"{name} 10-shot among {len(set(left[0]))} intents left out, {method}, {stage}"] = found[method]
    return figures


def families_left_out(bank: Bank, tasks: Tasks, seed: int) -> dict[str, float]:
    """Recall on attack families left out of training, at 1 % flagged of held-out benign texts."""
    figures: dict[str, float] = {}
    for families in LEFT_OUT_FAMILIES:
        kept = [number for number, one in enumerate(tasks.guard) if one.family not in families or one.label == 0]
        less = replace(tasks, guard=[tasks.guard[n] for n in kept], guard_places=[tasks.guard_places[n] for n in kept])
        network = _network()
        Trainer(network, bank, less, replace(NOTHING, attack=1, reads_late=True), seed).run(_silent, _silent)
        network.eval()
        scored = [(one, places) for one, places in zip(tasks.guard, tasks.guard_places)
                  if (one.label == 0 and not trains(one.fold) and not one.is_late) or (one.label == 1 and one.family in families)]
        every = np.concatenate([places for _, places in scored])
        logits = dict(zip(every.tolist(), _read(bank, network, every, "attack")[:, 0]))
        largest = np.array([max(logits[int(place)] for place in places) for _, places in scored])
        family = np.array([one.family if one.label else "" for one, _ in scored])
        level = np.quantile(largest[family == ""], 0.99)
        for name in families:
            figures[f"attack recall at 1 % fpr, family {name} left out"] = float((largest[family == name] > level).mean())
    return figures


def few_shot_bank() -> Bank:
    """The support and query texts of both intent sets, through the frozen layers."""
    bank = Bank()
    for name in ("CLINC150_train_10.jsonl", "CLINC150_valid.jsonl.gz", "BANKING77_train_10.jsonl", "BANKING77_valid.jsonl"):
        bank.add(labelled(f"intent/{name}").texts, SENTENCE_TOKENS)
    bank.build(_network())
    return bank


def all_left_out(bank: Bank, tasks: Tasks, seed: int) -> dict[str, float]:
    return {**intents_left_out(bank, copy.copy(tasks), few_shot_bank(), seed), **families_left_out(bank, tasks, seed)}
