"""Chat requests written for this project: `texts/chat.txt`, its held-out check, and topic templates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

TEXTS = Path(__file__).resolve().parents[1] / "texts"

TEMPLATES: tuple[str, ...] = (
    "Explain {}",
    "explain {} to a beginner",
    "What should I know about {}?",
    "tell me about {}",
    "can you help me with {}",
    "I have a question about {}",
    "write a paragraph about {}",
    "give me an example: {}",
    "{}",
    "{}?",
    "what's the deal with {}",
    "summarise {} in three bullet points",
    "I need an overview of {} for tomorrow",
    "how does one get started with {}",
    "quiz me on {}",
    "Compare different views on {}.",
    "why does {} matter",
    "my teacher asked us about {} and I am lost",
)


@dataclass(frozen=True)
class Request:
    domain: str
    difficulty: float
    """Written estimate of the chance that a small model fails, 0-0.9."""
    needs_thinking: bool
    asks_facts: bool
    tokens: int
    """Written estimate of the output length."""
    text: str


def requests(name: str) -> list[Request]:
    """`chat` trains, `chat_check` never does."""
    found = []
    for line in (TEXTS / f"{name}.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        domain, difficulty, thinks, facts, tokens, text = line.split("|", 5)
        found.append(Request(domain, int(difficulty) / 10, thinks == "1", facts == "1", int(tokens),
                             text.replace("\\n", "\n")))
    return found


def topic_requests(each: int, seed: int) -> list[tuple[str, str]]:
    """(domain, text): every topic in `each` templates drawn by `seed`."""
    rng = np.random.default_rng(seed)
    found = []
    for line in (TEXTS / "topics.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        domain, topics = line.split(":", 1)
        for topic in topics.split(";"):
            for place in rng.choice(len(TEMPLATES), each, replace=False):
                found.append((domain, TEMPLATES[int(place)].format(topic.strip())))
    return found
