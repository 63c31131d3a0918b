"""A rough guess at the language of an attack, good enough to leave languages out of training."""

from __future__ import annotations

import re

_STOPS = {
    "de": "und der die das ist nicht alle alles du dein deine jetzt nun wie ich sie bitte vergiss ignoriere schreibe eine einen wir gib mir",
    "fr": "le les des est tout toutes tu tes ton vos une et oublie ignore dis du ne pas qui",
    "es": "el los las todo todas que tu tus una olvida ignora di y eres sin responde del lo",
}
_STOP_SETS = {lang: set(words.split()) for lang, words in _STOPS.items()}


def language_of(text: str) -> str:
    if re.search(r"[\u4e00-\u9fff]", text):
        return "zh"
    if re.search(r"[\u0400-\u04ff]", text):
        return "ru"
    words = re.findall(r"[^\W\d_]+", text.lower())
    shares = {lang: sum(w in stops for w in words) / max(1, len(words)) for lang, stops in _STOP_SETS.items()}
    best = max(shares, key=lambda lang: shares[lang])
    return best if shares[best] > 0.18 else "en"
