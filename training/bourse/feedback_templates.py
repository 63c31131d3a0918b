"""Templates of follow-up turns, written for this project. A template is one group: held out whole or not at all."""

from __future__ import annotations

import itertools

import numpy as np

SLOTS: dict[str, tuple[str, ...]] = {
    "thanks": ("thanks", "thank you", "thx", "many thanks", "cheers", "thanks a lot", "thank you very much", "appreciated"),
    "praise": ("great", "perfect", "excellent", "awesome", "brilliant", "super", "fantastic", "lovely", "wonderful", "nice"),
    "thing": ("answer", "code", "function", "summary", "list", "table", "translation", "explanation", "email", "essay",
              "formula", "query", "recipe", "plan", "script", "poem", "title", "paragraph", "example", "solution"),
    "bad": ("wrong", "incorrect", "not right", "false", "broken", "outdated", "off", "not true", "nonsense", "mistaken"),
    "place": ("the first line", "step 3", "the second paragraph", "the last part", "point two", "the formula",
              "the third example", "your conclusion", "the middle section", "line 12"),
    "error": ("an error", "a syntax error", "a NullPointerException", "a 404", "undefined", "an empty list",
              "a segmentation fault", "the wrong total", "a warning", "ImportError"),
    "term": ("entropy", "a monad", "amortisation", "the mutex", "liquidity", "the gradient", "overhead", "latency",
             "collateral", "the null hypothesis", "a pointer", "cortisol", "the subjunctive", "yield"),
    "tone": ("shorter", "longer", "funnier", "more formal", "friendlier", "simpler", "more detailed", "less technical",
             "more polite", "more concise", "sadder", "more persuasive", "less wordy", "clearer"),
    "target": ("French", "German", "bullet points", "a table", "JSON", "TypeScript", "plain text", "a haiku", "Rust",
               "two sentences", "the past tense", "an email", "Markdown", "C++", "British English"),
    "number": ("two", "three", "five", "ten", "a few", "some"),
    "fact": ("it was in 1945", "the capital is Bern", "there are nine", "he was born in Ulm", "the sum is 36",
             "it should be negative", "water boils at 100", "she wrote it"),
    "task": ("write an email to my bank", "explain how tides work", "list the planets", "sort this array",
             "plan a trip to Porto", "translate 'good luck' into Greek", "name three rivers in Asia",
             "calculate 18% of 240", "draft a job advert", "find a synonym for brave"),
    "open": ("", "", "", "hmm, ", "ok, ", "sorry but ", "well, ", "wait, ", "oh, ", "hey, "),
    "end": ("", "", "", "!", ".", " :)", " please", "..."),
}

TEMPLATES: dict[str, tuple[str, ...]] = {
    "satisfied": (
        "{praise}, {thanks}{end}", "{thanks}, that is a {praise} {thing}", "{praise} {thing}{end}", "{thanks} for the {thing}",
        "the {thing} is {praise}{end}", "your {thing} works, {thanks}", "{open}that's exactly the {thing} I wanted",
        "now I understand {term}, {thanks}", "{praise}! I will use this {thing}", "{thanks}, the {thing} helped a lot",
        "I love the {thing}", "yes, that is right, {thanks}", "{open}that fixed it{end}", "the {thing} looks good to me",
        "{place} is {praise}", "{praise}, no more questions", "that's a {praise} way to explain {term}",
        "this {thing} is just what I needed", "you were right about {place}, {thanks}", "it works now, {praise}"),
    "wrong": (
        "{open}the {thing} is {bad}", "{open}that's {bad}{end}", "{open}{place} is {bad}", "no, {fact}", "{open}I get {error}",
        "the {thing} you gave me returns {error}", "your {thing} throws {error}", "you made a mistake in {place}",
        "{open}this {thing} doesn't work", "that is not the {thing} I asked for", "you are {bad}, {fact}",
        "I asked for {target}, not this", "{open}are you sure? {fact}", "{thanks}, but the {thing} is {bad}",
        "you forgot {place}", "it still gives {error}", "{open}I don't think {place} is right", "that {thing} is useless",
        "you misunderstood, I meant {target}", "{place} contradicts {place}", "your {thing} does not answer my question"),
    "clarify": (
        "{open}what do you mean by {term}?", "{open}I don't understand {place}", "can you explain {place}{end}",
        "could you explain {term} again", "what is {term} in your {thing}?", "{open}why {place}?", "how did you get {place}?",
        "can you go into more detail on {place}", "{open}I'm confused about {term}", "what does {place} mean",
        "can you give an example of {term} as you used it", "explain {place} in simpler words", "{thanks}, but what is {term}?",
        "so does {place} mean that {fact}?", "where does {place} come from?", "elaborate on {place}{end}",
        "I can't follow {place}", "walk me through {place}{end}", "what's the source for {place}", "is {term} the same as {term} here?"),
    "different": (
        "{open}make it {tone}{end}", "can you make the {thing} {tone}", "now in {target}", "rewrite it in {target}{end}",
        "give me {number} more", "another {thing} please", "do you have a different {thing}", "{praise}, but make it {tone}",
        "try a {tone} {thing}", "{open}I'd prefer {target} instead", "change {place}{end}", "remove {place}{end}",
        "can you redo {place} in {target}", "{number} other versions please", "the same but {tone}", "use {target} instead",
        "I don't like this {thing}, try another", "show me an alternative {thing}", "put it into {target}",
        "add {number} examples to the {thing}", "{open}something {tone}{end}"),
    "none": (
        "{task}", "{open}{task}{end}", "can you {task}", "please {task}", "I need you to {task}", "next, {task}",
        "what is {term}?", "how do I write a {thing}?", "here is my {thing}", "write a {praise} {thing} for my mother",
        "explain {term}", "tell me about {term}", "write a {thing} about {term}", "find what is {bad} in this text: {fact}",
        "new topic: {task}", "why is {term} important in finance", "is it true that {fact}", "help me {task}",
        "what causes {error} in general", "{thanks}. Now a new question: {task}"),
}


def drawn(each: int, seed: int) -> list[tuple[str, str, int]]:
    """(label, text, template number), `each` fillings per template; half of the texts start with a capital letter."""
    rng = np.random.default_rng(seed)
    found = []
    numbers = itertools.count()
    for label, templates in TEMPLATES.items():
        for template, number in zip(templates, numbers, strict=False):
            texts = set()
            for _ in range(each):
                text = template
                for name, values in SLOTS.items():
                    while "{" + name + "}" in text:
                        text = text.replace("{" + name + "}", values[int(rng.integers(len(values)))], 1)
                texts.add(text[0].upper() + text[1:] if rng.random() < 0.5 else text)
            found += [(label, text, number) for text in sorted(texts)]
    return found
