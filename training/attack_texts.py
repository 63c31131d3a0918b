"""Rewrites the template rows of the written attack data and keeps the hand-written ones: `python training/attack_texts.py`."""

from __future__ import annotations

from bourse.attack.written import attacks, benign, read, save

for name, generated in (("attacks_written.jsonl", attacks()), ("benign_hard.jsonl", benign())):
    hand = [one for one in read(name) if one.by == "hand"]
    save(name, hand + generated)
    print(f"{name}: {len(hand)} by hand, {len(generated)} from templates")
