"""Text made for distillation: grammar sentences, word groups, fragments, disturbed and joined sentences, typing errors."""

from __future__ import annotations

import random

from . import phrases

_KEYS = "qwertyuiopasdfghjklzxcvbnm"


def _is(subject: str) -> str:
    many = subject.split()[0] in ("two", "three", "several") or subject.endswith("s") and not subject.startswith("a ")
    return "are" if many else "is"


def _caption(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.08:
        return rng.choice(phrases.THINGS_SCENES)
    if kind < 0.35:
        subject, action = rng.choice(phrases.ANIMALS), rng.choice(phrases.ANIMAL_ACTIONS)
    else:
        subject, action = rng.choice(phrases.PEOPLE), rng.choice(phrases.PEOPLE_ACTIONS)
    verb = "" if rng.random() < 0.15 else f" {_is(subject)}" + (" not" if rng.random() < 0.05 else "")
    place = f" {rng.choice(phrases.PLACES)}" if rng.random() < 0.45 else ""
    both = f" and {rng.choice(phrases.PEOPLE)}" if rng.random() < 0.05 else ""
    return f"{subject}{both}{verb} {action}{place}"


def _news(rng: random.Random) -> str:
    parts = [rng.choice(phrases.ACTORS), rng.choice(phrases.NEWS_ACTIONS)]
    if rng.random() < 0.6:
        parts.append(rng.choice(phrases.NEWS_ENDINGS))
    if rng.random() < 0.2:
        parts += ["as", rng.choice(phrases.ACTORS), rng.choice(phrases.NEWS_ACTIONS)]
    return " ".join(parts)


def _request(rng: random.Random) -> str:
    return rng.choice(phrases.ASKING).format(rng.choice(phrases.TASKS))


def grammar(rng: random.Random, count: int) -> list[str]:
    """Distinct captions, news lines and requests."""
    made: dict[str, None] = {}
    while len(made) < count:
        text = rng.choice((_caption, _caption, _news, _request))(rng)
        made[text[0].upper() + text[1:] + ("." if rng.random() < 0.6 and text[-1] not in ".?" else "")] = None
    return list(made)


def word_groups(rng: random.Random, words: list[str], count: int) -> list[str]:
    """Groups of two to five words; words come in rank order, the frequent ones are drawn more often."""
    made = []
    for _ in range(count):
        length = rng.choice((2, 2, 3, 3, 4, 5))
        made.append(" ".join(words[int(len(words) * rng.random() ** 1.5)] for _ in range(length)))
    return made


def fragments(rng: random.Random, sentences: list[str], count: int) -> list[str]:
    """Runs of three to twelve words out of sentences."""
    made = []
    for _ in range(count):
        tokens = rng.choice(sentences).split()
        length = rng.randint(3, 12)
        start = rng.randrange(max(1, len(tokens) - length + 1))
        made.append(" ".join(tokens[start : start + length]))
    return made


def disturbed(rng: random.Random, sentences: list[str], words: list[str], count: int) -> list[str]:
    """Sentences with one to three words dropped, replaced or moved: near in wording, not in meaning."""
    made = []
    for _ in range(count):
        tokens = rng.choice(sentences).split()[:30]
        for _ in range(rng.randint(1, 3)):
            if len(tokens) < 3:
                break
            place, kind = rng.randrange(len(tokens)), rng.random()
            if kind < 0.4:
                tokens[place] = words[int(len(words) * rng.random() ** 2)]
            elif kind < 0.8:
                del tokens[place]
            else:
                tokens.insert(rng.randrange(len(tokens)), tokens.pop(place))
        made.append(" ".join(tokens))
    return made


def joined(rng: random.Random, sentences: list[str], count: int) -> list[str]:
    """Two to four adjacent sentences."""
    made = []
    for _ in range(count):
        start = rng.randrange(len(sentences) - 4)
        made.append(" ".join(sentences[start : start + rng.randint(2, 4)]))
    return made


def mistyped(rng: random.Random, text: str, share: float) -> str:
    """The text with about this share of its words mistyped: a letter swapped, lost, doubled or replaced."""
    tokens = text.split(" ")
    for index, token in enumerate(tokens):
        if len(token) < 4 or rng.random() >= share:
            continue
        place, kind = rng.randrange(1, len(token) - 1), rng.randrange(4)
        if kind == 0:
            token = token[:place] + token[place + 1] + token[place] + token[place + 2 :]
        elif kind == 1:
            token = token[:place] + token[place + 1 :]
        elif kind == 2:
            token = token[:place] + token[place] + token[place:]
        else:
            token = token[:place] + rng.choice(_KEYS) + token[place + 1 :]
        tokens[index] = token
    return " ".join(tokens)
