"""The training loop."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ..tokenise import Tokeniser
from . import corpus, generate
from .distil import Bags, SumOfTokens, grouped_batches, rate_at, same_class_loss, structure_loss
from .prepare import Prepared


@dataclass(frozen=True)
class Settings:
    """Weights are of loss terms; a batch holds runs of `run` neighbouring texts."""

    steps: int = 600
    rate: float = 4e-3
    batch: int = 1024
    run: int = 64
    buckets: int = 20_000
    pair_rate: float = 0.3
    structure: float = 0.1
    structure_temperature: float = 0.05
    contrast: float = 0.05
    contrast_temperature: float = 0.1
    tools: float = 0.04
    leave_out: bool = False


class Classes:
    """Labelled texts, drawn some per class."""

    def __init__(self, tokeniser: Tokeniser, data: corpus.Labelled, names: list[str]) -> None:
        place = {name: index for index, name in enumerate(names)}
        self.bags = Bags.of(tokeniser.ids(data.texts))
        self.labels = np.array([place[label] for label in data.labels])
        self._members = [np.flatnonzero(self.labels == index) for index in range(len(names))]

    def draw(self, rng: np.random.Generator, classes: int, each: int) -> np.ndarray:
        """Indices of `each` texts of each of some classes."""
        chosen = rng.choice(len(self._members), min(classes, len(self._members)), replace=False)
        return np.concatenate([rng.choice(self._members[index], each, replace=False) for index in chosen])


def _with_mistyped(data: corpus.Labelled) -> corpus.Labelled:
    """Every text twice, the second time with a fifth of its words mistyped."""
    rng = random.Random(6)
    return corpus.Labelled(data.texts + [generate.mistyped(rng, text, 0.2) for text in data.texts], data.labels * 2)


class Labels:
    """The supervised part of the data: two intent sets, and tools with their descriptions."""

    def __init__(self, tokeniser: Tokeniser, leave_out: bool) -> None:
        self.intents = []
        for name in ("CLINC150", "BANKING77"):
            data = corpus.intent_training(name)
            if leave_out:
                data = data.where(lambda label: not corpus.is_left_out_intent(label))
            self.intents.append(Classes(tokeniser, _with_mistyped(data), sorted(set(data.labels))))
        names, texts = corpus.tool_texts()
        kept = [index for index, name in enumerate(names) if not (leave_out and corpus.is_left_out_tool(name))]
        known = [names[index] for index in kept]
        self.descriptions = Bags.of(tokeniser.ids([texts[index] for index in kept]))
        queries = corpus.tool_queries(held_out=False).where(set(known).__contains__)
        self.queries = Classes(tokeniser, _with_mistyped(queries), known)

    def loss(self, model: SumOfTokens, settings: Settings, rng: np.random.Generator) -> torch.Tensor:
        """Same intent together; each query nearest to its tool's description."""
        total = torch.zeros(())
        for data, classes in zip(self.intents, (48, 32)):
            index = data.draw(rng, classes, 4)
            made = model(*data.bags.take(index))
            labels = torch.from_numpy(data.labels[index])
            total = total + settings.contrast * same_class_loss(made, labels, settings.contrast_temperature)
        index = rng.choice(len(self.queries.labels), 256, replace=False)
        queries = model(*self.queries.bags.take(index))
        described = model(*self.descriptions.take(np.arange(len(self.descriptions.starts) - 1)))
        right = torch.from_numpy(self.queries.labels[index])
        return total + settings.tools * functional.cross_entropy(queries @ described.T / settings.contrast_temperature, right)


def held_out_loss(model: SumOfTokens, prepared: Prepared, temperature: float) -> tuple[float, float]:
    """Mean cosine to the teacher on unseen sentences, and the structure loss of the first 2,000."""
    wanted = torch.from_numpy(prepared.held_wanted.astype(np.float32))
    with torch.no_grad():
        made = model(*prepared.held_bags.take(np.arange(len(wanted))))
        structure = structure_loss(made[:2000], wanted[:2000], temperature)
    return float((made * wanted).sum(1).mean()), float(structure)


def train(prepared: Prepared, pieces: list[str], settings: Settings, say: Callable[[str], None]) -> SumOfTokens:
    """The trained model; equal input and settings give equal weights on one thread."""
    torch.manual_seed(0)
    rng = np.random.default_rng(2)
    model = SumOfTokens(prepared.table, settings.buckets)
    labels = Labels(Tokeniser(pieces), settings.leave_out)
    batches = grouped_batches(prepared.groups, settings.batch, settings.run, rng)
    parts = [{"params": model.tokens.parameters(), "factor": 1.0}]
    if settings.buckets:
        parts.append({"params": model.pairs.parameters(), "factor": settings.pair_rate})
    optimiser = torch.optim.Adam(parts, lr=settings.rate, betas=(0.9, 0.99))
    for step in range(settings.steps):
        for part in optimiser.param_groups:
            part["lr"] = rate_at(step, settings.steps, settings.rate) * part["factor"]
        index = next(batches)
        made, wanted = model(*prepared.bags.take(index)), torch.from_numpy(prepared.wanted[index].astype(np.float32))
        loss = (1 - (made * wanted).sum(1)).mean()
        loss = loss + settings.structure * structure_loss(made, wanted, settings.structure_temperature)
        loss = loss + labels.loss(model, settings, rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0 or step == settings.steps - 1:
            cosine, structure = held_out_loss(model, prepared, settings.structure_temperature)
            say(f"step {step}: loss {loss.item():.4f}, held-out cosine {cosine:.4f}, structure {structure:.4f}")
    return model
