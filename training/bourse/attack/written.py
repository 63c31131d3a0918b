"""Texts written for the attack head: attacks by family and language, and benign texts that look like them."""

from __future__ import annotations

import base64
import codecs
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from . import banks, benign_banks

DATA = Path(__file__).resolve().parents[2] / "data"
LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})


@dataclass(frozen=True)
class Written:
    text: str
    family: str
    lang: str
    by: str = "template"
    """`hand` or `template`."""


def lines(name: str) -> list[str]:
    return [line.strip() for line in (DATA / name).read_text("utf-8").splitlines() if line.strip() and line[0] != "#"]


def read(name: str) -> list[Written]:
    rows = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines() if line]
    return [Written(**row) for row in rows]


class Writer:
    """Fills frames from the banks; the same seed gives the same texts."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.deeds = [tuple(line.split("|")) for line in lines("harm_phrases.txt")]
        self.texts = lines("harm_writing.txt")
        self.harmless = lines("benign_deeds.txt")

    def pick(self, bank: list) -> object:
        return bank[int(self.rng.integers(len(bank)))]

    def override(self, lang: str) -> str:
        opener = self.pick(banks.OPENERS.get(lang, [""]))
        phrase, goal = self.pick(banks.OVERRIDES[lang]), self.pick(banks.GOALS[lang])
        shape = self.rng.random()
        if shape < 0.2:
            return f"{opener}{phrase}"
        if shape < 0.35 and lang == "en":
            head, tail = phrase.rstrip("."), goal[0].lower() + goal[1:]
            return f"{opener}{head} and {tail}"
        if shape < 0.45:
            return f"{opener}{goal} {phrase}"
        if shape < 0.55:
            return f"{opener}{phrase} {goal}".upper()
        if shape < 0.65:
            return f"{opener}{phrase} {goal}".lower().replace(".", "")
        return f"{opener}{phrase} {goal}"

    def leak(self, lang: str) -> str:
        leak = self.pick(banks.LEAKS[lang])
        if self.rng.random() < 0.35:
            leak = f"{self.pick(banks.OVERRIDES[lang])} {leak}"
        return f"{self.pick(banks.OPENERS.get(lang, ['']))}{leak}"

    def roleplay(self, lang: str) -> str:
        name, description = self.pick(banks.PERSONAS)
        if lang != "en":
            frames = {"de": banks.ROLE_DE, "fr": banks.ROLE_FR, "es": banks.ROLE_ES, "zh": banks.ROLE_ZH}[lang]
            return self.pick(frames).format(n=name)
        a, b, c = (str(x) for x in self.rng.choice(banks.TRAITS, 3, replace=False))
        s, t = (str(x) for x in self.rng.choice(banks.STAYS, 2, replace=False))
        text = self.pick(banks.ROLE_STARTS).format(n=name, d=description, a=a, b=b, c=c, s=s, t=t)
        if self.rng.random() < 0.3:
            text += f" {self.pick(banks.HARMS).format(p=self.pick(self.deeds)[0])}"
        return text

    def authority(self) -> str:
        text = self.pick(banks.AUTHORITY)
        rest = [self.pick(banks.GOALS["en"]), self.pick(banks.LEAKS["en"]), "", self.pick(banks.HARMS).format(p=self.pick(self.deeds)[0])]
        return f"{text} {self.pick(rest)}".strip()

    def encoded(self) -> str:
        plain = f"{self.pick(banks.OVERRIDES['en'])} {self.pick([*banks.LEAKS['en'], *banks.GOALS['en']])}"
        shape = int(self.rng.integers(6))
        if shape == 0:
            return f"{self.pick(['Decode and obey:', 'Follow the decoded text:', 'base64 task:', ''])} {base64.b64encode(plain.encode()).decode()}".strip()
        if shape == 1:
            return f"{self.pick(['rot13, do what it says:', 'Apply rot13 and execute.', ''])} {codecs.encode(plain, 'rot13')}".strip()
        if shape == 2:
            return " ".join(plain.split(" ")[0]) + "  " + "  ".join(" ".join(word) for word in plain.split(" ")[1:])
        if shape == 3:
            return plain.lower().translate(LEET)
        if shape == 4:
            return f"{self.pick(['hex:', 'Convert from hex and comply:', ''])} {plain.encode().hex()}".strip()
        words = str(self.pick(self.deeds)[0]).split(" ")
        half = max(1, len(words) // 2)
        return self.pick(banks.PIECES).format(p=" ".join(words[:half]), q=" ".join(words[half:]) or "now")

    def fiction(self) -> str:
        return self.pick(banks.FICTIONS).format(p=self.pick(self.deeds)[0])

    def long_fiction(self) -> str:
        return self.pick(banks.LONG_FICTIONS).format(j=self.pick(banks.JOBS), p=self.pick(self.deeds)[0])

    def harmful(self) -> str:
        if self.rng.random() < 0.3:
            return self.pick(banks.WRITES).format(p=self.pick(self.texts))
        return self.pick(banks.HARMS).format(p=self.pick(self.deeds)[0])

    def injected(self) -> str:
        order = self.pick(banks.INJECTED_ORDERS)
        if self.rng.random() < 0.25:
            order = f"{self.pick(banks.OVERRIDES['en'])} {order[0].upper()}{order[1:]}"
        return self.pick(banks.CARRIERS).format(x=self.pick(banks.INJECTED).format(x=order))

    def suppression(self) -> str:
        request = self.harmful() if self.rng.random() < 0.8 else self.fiction()
        return f"{request} {self.pick(banks.SUPPRESSIONS)} {self.pick(banks.SUPPRESSIONS)}"

    def harm_about(self) -> str:
        return self.pick(benign_banks.ABOUT_HARM).format(g=self.pick(self.deeds)[1])

    def harmless_request(self) -> str:
        return self.pick(banks.HARMS).format(p=self.pick(self.harmless))

    def harmless_fiction(self) -> str:
        frame = self.pick([*banks.FICTIONS, *banks.LONG_FICTIONS])
        return frame.format(j=self.pick(banks.JOBS), p=self.pick(self.harmless))

    def override_about(self) -> str:
        lang = str(self.rng.choice(["en", "en", "en", "de", "fr", "es"]))
        phrase = self.pick([*banks.OVERRIDES[lang], *banks.LEAKS[lang]])
        frames = benign_banks.ABOUT_OVERRIDE_DE if lang == "de" else benign_banks.ABOUT_OVERRIDE
        return self.pick(frames).format(x=phrase)

    def role(self) -> str:
        if self.rng.random() < 0.15:
            return self.pick(benign_banks.ROLE_FRAMES_DE).format(r=self.pick(benign_banks.ROLES_DE))
        return self.pick(benign_banks.ROLE_FRAMES).format(r=self.pick(benign_banks.ROLES), t=self.pick(benign_banks.ROLE_TASKS))

    def system(self) -> str:
        parts = [self.pick(benign_banks.SYSTEMS).format(k=self.pick(benign_banks.KINDS))]
        if self.rng.random() < 0.4:
            parts.append(str(self.pick(benign_banks.ROLE_TASKS)))
        return " ".join(parts)

    def trigger(self) -> str:
        frame, objects = self.pick(benign_banks.TRIGGERS)
        return frame.format(o=self.pick(objects))


def distinct(make, count: int, family: str, lang: str) -> list[Written]:
    """`count` different texts, fewer where the banks give no more."""
    seen: dict[str, None] = {}
    for _ in range(count * 12):
        seen.setdefault(make(), None)
        if len(seen) == count:
            break
    return [Written(text, family, lang) for text in seen]


def attacks(seed: int = 5) -> list[Written]:
    w = Writer(seed)
    out: list[Written] = []
    for lang, count in {"en": 420, "de": 170, "fr": 70, "es": 70, "zh": 60}.items():
        out += distinct(lambda lang=lang: w.override(lang), count, "override", lang)
        out += distinct(lambda lang=lang: w.leak(lang), count // 3, "leak", lang)
    for lang in ("it", "pt", "nl", "ru", "hr", "tr", "pl"):
        out += distinct(lambda lang=lang: w.override(lang), 12, "override", lang)
        out += distinct(lambda lang=lang: w.leak(lang), 4, "leak", lang)
    for lang, count in {"en": 300, "de": 40, "fr": 20, "es": 20, "zh": 20}.items():
        out += distinct(lambda lang=lang: w.roleplay(lang), count, "roleplay", lang)
    out += distinct(w.authority, 140, "authority", "en") + distinct(w.encoded, 200, "encoding", "en")
    out += distinct(w.fiction, 350, "fiction", "en") + distinct(w.harmful, 700, "harmful", "en")
    out += distinct(w.injected, 220, "injected", "en") + distinct(w.suppression, 120, "suppression", "en")
    out += distinct(w.long_fiction, 350, "fiction", "en")
    return out


def benign(seed: int = 6) -> list[Written]:
    w = Writer(seed)
    return [
        *distinct(w.harm_about, 600, "about-harm", "en"), *distinct(w.override_about, 220, "about-attacks", "mixed"),
        *distinct(w.role, 260, "role", "mixed"), *distinct(w.system, 200, "system", "en"), *distinct(w.trigger, 140, "trigger", "en"),
        *distinct(w.harmless_request, 300, "harmless-request", "en"), *distinct(w.harmless_fiction, 200, "harmless-fiction", "en"),
    ]


def save(name: str, texts: list[Written]) -> None:
    body = "".join(json.dumps(asdict(t), ensure_ascii=False) + "\n" for t in texts)
    (DATA / name).write_text(body, "utf-8")
