"""The texts whose teacher vectors the encoder learns."""

from __future__ import annotations

import random

from . import corpus, generate

_SEED = 7


def corpus_sentences() -> list[str]:
    """Every distinct sentence that may train what ships, in a fixed order."""
    whole = corpus.documents() + corpus.plays()
    return list(dict.fromkeys(part for text in whole for part in corpus.sentences(text)))


def made(sentences: list[str], pieces: list[str]) -> dict[str, list[str]]:
    """Generated texts by kind."""
    words = [piece for piece in pieces if piece.isascii() and piece.isalpha() and len(piece) > 2]
    rng = random.Random(_SEED)
    return {
        "grammar": generate.grammar(rng, 60_000),
        "word groups": generate.word_groups(rng, words, 40_000),
        "fragments": generate.fragments(rng, sentences, 40_000),
        "disturbed": generate.disturbed(rng, sentences, words, 40_000),
        "joined": generate.joined(rng, sentences, 20_000),
    }
