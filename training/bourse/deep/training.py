"""The training loop: batches of all tasks in one shuffled schedule."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .bank import Bank, packed
from .guard_data import GuardText
from .knowledge_data import Question
from .losses import distillation, paired_contrast, supervised_contrast
from .network import FROZEN_LAYERS, DeepEncoder
from .pii_data import PiiText
from .tasks import Tasks, trains

BATCH_TOKENS = 2048
CLASSES_PER_BATCH = 48
TEXTS_PER_CLASS = 3
CONTRAST_TEMPERATURE = 0.07
CHECKPOINT_STEPS = 400


@dataclass
class Plan:
    """Passes over the data of each task, and learning rates of the layers and of the heads."""

    domain: float = 4
    solve: float = 2
    attack: float = 2
    pii: float = 5
    intent: float = 1.6
    tools: float = 0.7
    general: float = 1
    rate: float = 2.5e-4
    head_rate: float = 1.5e-3
    is_trunk_frozen: bool = False
    """Only the task layer and its heads learn."""
    reads_late: bool = False


FIRST = Plan()
SECOND = Plan(domain=1, solve=0.3, attack=1, pii=2.5, intent=0, tools=0, general=0, rate=1.5e-4, head_rate=5e-4,
              is_trunk_frozen=True, reads_late=True)
"""Personal data generalise late; a second run on the task layer alone leaves the sentence vectors as they are."""


Step = tuple[str, np.ndarray]


class Trainer:
    def __init__(self, network: DeepEncoder, bank: Bank, tasks: Tasks, plan: Plan, seed: int) -> None:
        self.network, self.bank, self.tasks, self.plan = network, bank, tasks, plan
        self.rng = np.random.default_rng(seed)
        self.losses: dict[str, Callable[[np.ndarray], Tensor]] = {
            "domain": self._domain, "solve": self._solve, "attack": self._attack, "pii": self._pii,
            "intent": self._intent, "tools": self._tools, "general": self._general,
        }
        self._index()

    def _reads(self, one: Question | GuardText | PiiText) -> bool:
        return trains(one.fold) and (self.plan.reads_late or not one.is_late)

    def _index(self) -> None:
        """Labels by place in the bank."""
        tasks = self.tasks
        self.domain_of: dict[int, int] = {}
        self.prompt_of: dict[int, tuple[float, int, float]] = {}
        self.attack_of: dict[int, tuple[int, float]] = {}
        for question, place, prompt in zip(tasks.questions, tasks.question_places, tasks.prompt_places):
            if not self._reads(question):
                continue
            if question.domain is not None:
                self.domain_of[int(place)] = question.domain
                if int(place) in tasks.typos:
                    self.domain_of[tasks.typos[int(place)]] = question.domain
            if question.fail_rate is not None:
                weight = 1.0 if question.source == "mmlu_pro" else 0.3
                self.prompt_of[int(prompt)] = (question.fail_rate, -1 if question.domain is None else question.domain, weight)
        for one, places in zip(tasks.guard, tasks.guard_places):
            if self._reads(one):
                for rank, place in enumerate(places[: 5 if one.label else 2]):
                    weight = 1.0 if rank == 0 or one.label == 0 else 0.5
                    self.attack_of[int(place)] = (one.label, weight)
                    if int(place) in tasks.typos:
                        self.attack_of[tasks.typos[int(place)]] = (one.label, 0.5 * weight)
        self.pii_of = [int(p) for p, one in zip(tasks.pii_places, tasks.pii) if self._reads(one)]

    def _shared(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        hidden, mask = self.bank.batch(places)
        with torch.set_grad_enabled(not self.plan.is_trunk_frozen):
            return self.network.upper(hidden, mask), mask

    def _logits(self, places: np.ndarray) -> dict[str, Tensor]:
        shared, mask = self._shared(places)
        return self.network.classify(self.network.pooled(self.network.tokens(shared, mask), mask))

    def _vectors(self, places: np.ndarray) -> Tensor:
        shared, mask = self._shared(places)
        return self.network.sentence(shared, mask)

    def _domain(self, places: np.ndarray) -> Tensor:
        truth = torch.tensor([self.domain_of[int(p)] for p in places])
        return functional.cross_entropy(self._logits(places)["domain"], truth, label_smoothing=0.05)

    def _solve(self, places: np.ndarray) -> Tensor:
        rows = [self.prompt_of[int(p)] for p in places]
        logits = self._logits(places)
        fails, weights = torch.tensor([r[0] for r in rows]), torch.tensor([r[2] for r in rows])
        loss = functional.binary_cross_entropy_with_logits(logits["complexity"][:, 0], fails, weight=weights)
        domains = torch.tensor([r[1] for r in rows])
        if (domains >= 0).any():
            loss = 2 * loss + 0.5 * functional.cross_entropy(logits["domain"], domains, ignore_index=-1, label_smoothing=0.05)
        return loss

    def _attack(self, places: np.ndarray) -> Tensor:
        rows = [self.attack_of[int(p)] for p in places]
        truth = torch.tensor([float(r[0]) for r in rows])
        weights = torch.tensor([r[1] * (2.0 if r[0] else 1.0) for r in rows])
        smooth = truth * 0.96 + 0.02
        return 2 * functional.binary_cross_entropy_with_logits(self._logits(places)["attack"][:, 0], smooth, weight=weights)

    def _pii(self, places: np.ndarray) -> Tensor:
        shared, mask = self._shared(places)
        logits = self.network.pii(self.network.dropout(self.network.tokens(shared, mask)))
        truth = torch.full(mask.shape, -1)
        for row, place in enumerate(places):
            tags = self.tasks.pii_tags[int(place)]
            truth[row, : len(tags)] = torch.from_numpy(tags)
        return functional.cross_entropy(logits.flatten(0, 1), truth.flatten(), ignore_index=-1)

    def _intent(self, places: np.ndarray) -> Tensor:
        """`places` are the texts of the batch followed by their class numbers; half of the texts that have a
        mistyped copy are read as that copy, the target vector stays that of the clean text."""
        places, classes = np.split(places, 2)
        read = [self.tasks.typos.get(int(p), int(p)) if self.rng.random() < 0.5 else int(p) for p in places]
        vectors = self._vectors(np.array(read))
        contrast = supervised_contrast(vectors, torch.from_numpy(classes), CONTRAST_TEMPERATURE)
        return contrast + 0.5 * (1 - (vectors * self.bank.teacher_vectors(places)).sum(1).mean())

    def _tools(self, places: np.ndarray) -> Tensor:
        """`places` are queries followed by the description of each one's tool."""
        queries, descriptions = np.split(places, 2)
        left, right = self._vectors(queries), self._vectors(descriptions)
        close = 1 - (left * self.bank.teacher_vectors(queries)).sum(1).mean()
        return 0.5 * paired_contrast(left, right, CONTRAST_TEMPERATURE) + 0.5 * close

    def _general(self, places: np.ndarray) -> Tensor:
        return 3 * distillation(self._vectors(places), self.bank.teacher_vectors(places))

    def _packed(self, name: str, places: list[int], passes: float) -> list[Step]:
        array = np.array(places, dtype=np.int64)
        made: list[Step] = []
        while passes > 0:
            batches = list(packed(self.bank.lengths[array], BATCH_TOKENS, self.rng))
            kept = self.rng.permutation(len(batches))[: int(np.ceil(min(1, passes) * len(batches)))]
            made += [(name, array[batches[number]]) for number in kept]
            passes -= 1
        return made

    def _intent_steps(self) -> list[Step]:
        names = sorted(self.tasks.intents)
        texts = sum(len(places) for places in self.tasks.intents.values())
        count = int(self.plan.intent * texts / (CLASSES_PER_BATCH * TEXTS_PER_CLASS))
        made = []
        for _ in range(count):
            places, classes = [], []
            for number in self.rng.choice(len(names), min(CLASSES_PER_BATCH, len(names)), replace=False):
                for place in self.rng.choice(self.tasks.intents[names[number]], TEXTS_PER_CLASS, replace=False):
                    places.append(int(place))
                    classes.append(int(number))
            for rank, place in enumerate(self.rng.choice(self.tasks.outside, 4, replace=False)):
                places.append(int(place))
                classes.append(len(names) + rank)
            made.append(("intent", np.array(places + classes)))
        return made

    def _tool_steps(self) -> list[Step]:
        names = sorted(self.tasks.tools)
        texts = sum(len(places) for places in self.tasks.tools.values())
        made = []
        for _ in range(int(self.plan.tools * texts / 32)):
            chosen = [names[number] for number in self.rng.choice(len(names), 32, replace=False)]
            queries = [int(self.rng.choice(self.tasks.tools[name])) for name in chosen]
            made.append(("tools", np.array(queries + [self.tasks.descriptions[name] for name in chosen])))
        return made

    def schedule(self) -> list[Step]:
        """All batches in random order; their number depends on data and plan alone."""
        plan = self.plan
        steps = [
            *self._packed("domain", list(self.domain_of), plan.domain),
            *self._packed("solve", list(self.prompt_of), plan.solve),
            *self._packed("attack", list(self.attack_of), plan.attack),
            *self._packed("pii", self.pii_of, plan.pii),
            *self._packed("general", [int(p) for p in self.tasks.general], plan.general),
        ]
        if plan.intent:
            steps += self._intent_steps()
        if plan.tools:
            steps += self._tool_steps()
        return [steps[number] for number in self.rng.permutation(len(steps))]

    def optimiser(self) -> torch.optim.Optimizer:
        network = self.network
        network.requires_grad_(False)
        learned = [network.task_layer] if self.plan.is_trunk_frozen else [
            *network.shared[FROZEN_LAYERS:], network.sentence_layer, network.task_layer]
        body = [p for part in learned for p in part.parameters()]
        heads = [p for part in (network.pool, network.domain, network.complexity, network.attack, network.pii) for p in part.parameters()]
        for parameter in (*body, *heads):
            parameter.requires_grad_(True)
        return torch.optim.AdamW([{"params": body, "lr": self.plan.rate}, {"params": heads, "lr": self.plan.head_rate}],
                                 weight_decay=0.01, betas=(0.9, 0.98))

    def run(self, report: Callable[[int, int, dict[str, float]], None], keep: Callable[[int, dict[str, Tensor]], None]) -> None:
        """Trains with warm-up and cosine decay; the network ends with the moving average of its weights.

        `keep` is given that average at every checkpoint.
        """
        steps, optimiser = self.schedule(), self.optimiser()
        total, warm = len(steps), max(1, len(steps) // 20)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda n: min((n + 1) / warm, 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(1.0, n / total)))))
        names = [name for name, p in self.network.named_parameters() if p.requires_grad]
        learned = [p for p in self.network.parameters() if p.requires_grad]
        average = [p.detach().clone() for p in learned]
        sums: dict[str, list[float]] = {}
        started = time.monotonic()
        self.network.train()
        self.network.shared.train(not self.plan.is_trunk_frozen)
        for number, (name, places) in enumerate(steps):
            loss = self.losses[name](places)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimiser.step()
            schedule.step()
            sums.setdefault(name, []).append(loss.item())
            if number % 8 == 0:
                decay = min(0.98, (number + 1) / (number + 10))
                torch._foreach_lerp_(average, [p.detach() for p in learned], 1 - decay)
            if number % 100 == 99:
                means = {key: float(np.mean(values)) for key, values in sums.items()}
                means["seconds"] = time.monotonic() - started
                report(number + 1, total, means)
                sums = {}
            if number % CHECKPOINT_STEPS == CHECKPOINT_STEPS - 1:
                keep(number + 1, self._averaged(names, average))
        self.network.load_state_dict(self._averaged(names, average))
        keep(total, self.network.state_dict())
        self.network.eval()

    def _averaged(self, names: list[str], average: list[Tensor]) -> dict[str, Tensor]:
        return {**self.network.state_dict(), **dict(zip(names, average))}
