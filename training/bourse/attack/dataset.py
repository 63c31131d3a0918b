"""What the attack head is trained on and judged by: texts with label, source, family, group and weight."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field

import numpy as np

from ..data import DATA, rows
from ..folds import group_folds, near_duplicate_groups
from .written import read

FOLDS = 4
ENCODED = re.compile(r"^(?:\S ){6,}|[A-Za-z0-9+/=]{40,}|\b[0-9a-f]{40,}\b")


EVERYDAY = ("alpaca_harmless", "clinc", "halueval-query", "metatool", "banking")
LONG_WEIGHT = 1.5


@dataclass
class Texts:
    text: list[str] = field(default_factory=list)
    label: list[int] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    family: list[str] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)

    def add(self, text: str, label: int, source: str, family: str, weight: float = 1.0) -> None:
        self.text.append(text)
        self.label.append(label)
        self.source.append(source)
        self.family.append(family)
        self.weight.append(weight)

    def __len__(self) -> int:
        return len(self.text)

    def labels(self) -> np.ndarray:
        return np.array(self.label)

    def where(self, **wanted: str | int) -> np.ndarray:
        keep = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            keep &= np.array([one == value for one in getattr(self, name)])
        return np.flatnonzero(keep)


_FAMILY_RULES: list[tuple[str, re.Pattern[str]]] = [
    ("encoding", re.compile(r"\$term|\$documents|(?:\b\S ){8}|haha pwned", re.I)),
    ("roleplay", re.compile(
        r"\bact as|fungieren|you are (?:now|a |the |three|time|volks|dailywire)|now you are|du bist |bist du |pretend|imagine you are"
        r"|stell dir vor|role-?play|be a dj|style of|im stil|translatorbot|dan mode|two entities|guidebook", re.I)),
    ("leak", re.compile(
        r"prompt.?text|full prompt|prompt above|beginning of this prompt|your instructions\?|what is written above|sentences before"
        r"|following texts|folgenden texte|copy of the|vollst\w+ prompt|anfang dieses", re.I)),
    ("fiction", re.compile(r"john (?:and|und) alice|robbery|raub|\bhack\b|theoretical world|child say", re.I)),
    ("override", re.compile(
        r"ignor|forget|vergiss|vergess|disregard|olvid|oubl|zaboravi|Забудь|drop all|abandon|abweichend|instruction|instruktion"
        r"|new task|neue\w* aufgabe|further tasks|weitere\w* aufgabe|stop|genügt|enough|well done|very good|sehr gut|großartig|simply great"
        r"|previous|vorherig|bisherig|hinter sich|leave all|do not|don'?nt|attention|hello gpt|hallo gpt|remember|merken|aapako", re.I)),
]


def deepset_family(text: str) -> str:
    return next((name for name, rule in _FAMILY_RULES if rule.search(text)), "other")


def family_of(row: dict) -> str:
    source = row["src"]
    if not row["label"]:
        return "benign"
    if source == "deepset":
        return deepset_family(row["text"])
    return "fiction" if source.startswith("jbb:") else "roleplay"


def real() -> Texts:
    out = Texts()
    for row in rows("guard/jailbreak_train.jsonl.gz"):
        out.add(row["text"], row["label"], row["src"], family_of(row), 1.5 if row["label"] else 1.0)
    return out


def written_attacks() -> Texts:
    """Encoded payloads are left to the runtime's decoder: the head never sees them."""
    out = Texts()
    for one in read("attacks_written.jsonl"):
        if one.family == "encoding" and ENCODED.search(one.text):
            continue
        out.add(one.text, 1, f"{one.by}:{one.family}", one.family, 2.0 if one.by == "hand" else 0.6)
    return out


def hard_benign() -> Texts:
    out = Texts()
    for one in read("benign_hard.jsonl"):
        out.add(one.text, 0, f"hard:{one.by}", one.family, 6.0 if one.by == "hand" else 1.0)
    return out


def _sample(texts: list[str], count: int, rng: np.random.Generator) -> list[str]:
    return [texts[i] for i in rng.permutation(len(texts))[:count]]


def general_benign(seed: int = 3) -> Texts:
    """Everyday queries, exam questions, answers and plays: none of them is an attack."""
    rng = np.random.default_rng(seed)
    out = Texts()

    def take(source: str, texts: list[str], count: int, weight: float = 1.0) -> None:
        for text in _sample(sorted(set(texts)), count, rng):
            out.add(text, 0, source, "benign", weight)

    take("clinc", [r["text"] for r in rows("intent/CLINC150_train.jsonl.gz")], 1200)
    take("banking", [r["text"] for r in rows("intent/BANKING77_train.jsonl.gz")], 600)
    take("metatool", [r["Query"] for r in rows("tools/metatool.jsonl.gz")], 900)
    take("mmlu", [r["text"] for r in rows("domain/mmlu_pro.jsonl.gz")], 500)
    hallu = rows("halluc/halueval_general.jsonl.gz")
    take("halueval-query", [r["user_query"] for r in hallu], 1200)
    take("halueval-answer", [r["chatgpt_response"] for r in hallu], 300)
    take("mbpp", [r["prompt"] for r in rows("router/routerbench_mbpp.jsonl.gz")], 100)
    play = " ".join(r for r in _play().split("\n\n"))
    cuts = [play[i : i + int(n)] for i, n in zip(range(0, len(play) - 4000, 9000), rng.integers(300, 4000, 200), strict=False)]
    take("play", cuts, 60)
    return out


def _play() -> str:
    with gzip.open(DATA / "longtext" / "tinyshakespeare.txt.gz", "rt", encoding="utf-8") as file:
        return file.read()


def mixtures(base: Texts, places: np.ndarray, count: int, rng: np.random.Generator) -> Texts:
    """Long texts: benign ones in a row, and attacks with up to 200 benign words before, behind or around them."""
    labels = base.labels()
    benign = [i for i in places if labels[i] == 0 and len(base.text[i]) < 1500]
    hostile = [i for i in places if labels[i] == 1 and len(base.text[i]) < 6000]
    out = Texts()
    joiners = (" ", "\n", "\n\n", ". ", " - ")

    def padding(words: int, pool: list[int] = benign) -> str:
        parts: list[str] = []
        size = 0
        while size < words:
            parts.append(base.text[pool[int(rng.integers(len(pool)))]])
            size += len(parts[-1].split())
        return " ".join(joiners[int(rng.integers(5))].join(parts).split(" ")[:words])

    for _ in range(count):
        out.add(padding(int(rng.integers(30, 400))), 0, "mixed", "benign", 0.8)
    everyday = [i for i in benign if base.source[i] in EVERYDAY]
    for _ in range(count):
        out.add(" ".join(padding(int(rng.integers(100, 600)), everyday).split()), 0, "mixed:everyday", "benign", LONG_WEIGHT)
    for _ in range(count):
        place = hostile[int(rng.integers(len(hostile)))]
        words = int(rng.choice([8, 15, 30, 60, 120, 200]))
        shape = rng.random()
        joiner = joiners[int(rng.integers(5))]
        text = base.text[place]
        if shape < 0.4:
            text = text + joiner + padding(words)
        elif shape < 0.8:
            text = padding(words) + joiner + text
        else:
            text = padding(words) + joiner + text + joiner + padding(words)
        out.add(text, 1, f"mixed:{base.source[place]}", base.family[place], 0.5)
    return out


def with_typos(text: str, rng: np.random.Generator, one_in: int = 10) -> str:
    """One typing error per `one_in` words: a letter is dropped, doubled, swapped or replaced."""
    words = text.split(" ")
    for i in np.flatnonzero(rng.random(len(words)) < 1 / one_in):
        word = words[i]
        if len(word) < 4:
            continue
        at = int(rng.integers(1, len(word) - 1))
        kind = int(rng.integers(4))
        letter = chr(97 + int(rng.integers(26)))
        words[i] = (word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:],
                    word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + letter + word[at + 1 :])[kind]
    return " ".join(words)


def join(*parts: Texts) -> Texts:
    out = Texts()
    for part in parts:
        for name in ("text", "label", "source", "family", "weight"):
            getattr(out, name).extend(getattr(part, name))
    return out


def folds_of(texts: Texts, seed: int = 13) -> np.ndarray:
    return group_folds(near_duplicate_groups(texts.text), FOLDS, seed)


def held_out(name: str, label: int) -> Texts:
    out = Texts()
    for one in read(name):
        out.add(one.text, label, name.removesuffix(".jsonl"), one.family)
    return out
