"""Noise that people type: augmentation of training texts, and the robustness checks of the cards."""

from __future__ import annotations

import numpy as np

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _typo(word: str, rng: np.random.Generator) -> str:
    """One edit inside a word of at least four letters: swap, drop, double or replace a character."""
    if len(word) < 4:
        return word
    place = int(rng.integers(1, len(word) - 1))
    kind = int(rng.integers(4))
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    return word[:place] + _LETTERS[int(rng.integers(26))] + word[place + 1 :]


def with_typos(text: str, rng: np.random.Generator, share: float = 0.1) -> str:
    """Each space-separated word gets a typo with chance `share`; line breaks stay."""
    words = text.split(" ")
    return " ".join(_typo(w, rng) if rng.random() < share else w for w in words)


def without_words(text: str, rng: np.random.Generator, share: float = 0.15) -> str:
    words = text.split(" ")
    kept = [w for w in words if rng.random() >= share]
    return " ".join(kept or words)


def fragment(text: str, rng: np.random.Generator, least: float = 0.4) -> str:
    """A run of at least `least` of the words; short texts stay whole."""
    words = text.split(" ")
    if len(words) < 8:
        return text
    size = int(len(words) * rng.uniform(least, 1))
    start = int(rng.integers(0, len(words) - size + 1))
    return " ".join(words[start : start + size])


def noisy(text: str, rng: np.random.Generator) -> str:
    """One of typos, missing words or a fragment, drawn evenly."""
    return (with_typos, without_words, fragment)[int(rng.integers(3))](text, rng)
