"""Texts of the data folder that may train what ships, and the folds that are kept out of training."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..data import DATA, rows

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Labelled:
    """Texts with their class names."""

    texts: list[str]
    labels: list[str]

    def where(self, wanted: Callable[[str], bool]) -> Labelled:
        """Those whose label is wanted."""
        pairs = [(text, label) for text, label in zip(self.texts, self.labels) if wanted(label)]
        return Labelled([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    def without(self, texts: set[str]) -> Labelled:
        """Those whose text is none of these."""
        pairs = [(text, label) for text, label in zip(self.texts, self.labels) if text not in texts]
        return Labelled([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def labelled(name: str, text: str = "text", label: str = "label") -> Labelled:
    """The texts and labels of one file."""
    records = list(rows(name))
    return Labelled([r[text] for r in records], [r[label] for r in records])


def fold_of(key: str, folds: int, salt: str = "") -> int:
    """A fold number that depends on the key alone."""
    return zlib.crc32((salt + key).encode("utf-8")) % folds


def tool_queries(held_out: bool) -> Labelled:
    """MetaTool queries with their tool; one tenth, by the query's words, is held out."""
    records = labelled("tools/metatool.jsonl.gz", "Query", "Tool")
    pairs = [
        (query, tool)
        for query, tool in zip(records.texts, records.labels)
        if (fold_of(" ".join(sorted(set(re.findall(r"[a-z]+", query.lower())))), 10, "tool") == 0) == held_out
    ]
    return Labelled([p[0] for p in pairs], [p[1] for p in pairs])


def tool_descriptions() -> Labelled:
    """One description per tool: texts are the descriptions, labels the tool names."""
    return labelled("tools/metatool_descriptions.jsonl", "description", "tool")


def tool_texts() -> tuple[list[str], list[str]]:
    """Names, and for each the text that is encoded: name and description."""
    described = tool_descriptions()
    return described.labels, [f"{name}: {text}" for name, text in zip(described.labels, described.texts)]


def intent_training(name: str) -> Labelled:
    """Labelled intents of CLINC150 or BANKING77, without the ten examples each that serve as support."""
    return labelled(f"intent/{name}_train.jsonl.gz").without(set(labelled(f"intent/{name}_train_10.jsonl").texts))


def is_left_out_intent(label: str) -> bool:
    """Half of the intents, by name."""
    return fold_of(label, 2, "half") == 1


def is_left_out_tool(name: str) -> bool:
    """A third of the tools, by name."""
    return fold_of(name, 3, "tool") == 0


def _documents() -> Iterator[str]:
    for row in rows("router/mmlu_pro.jsonl.gz"):
        yield row["prompt"]
        yield row["question"]
    for row in rows("router/routellm_mmlu_gold1500.jsonl.gz"):
        yield row["prompt"]
    for name in ("zeroeval_math-l5", "zeroeval_crux", "routerbench_mbpp", "routerbench_arc_challenge", "routerbench_winograde"):
        for row in rows(f"router/{name}.jsonl.gz"):
            prompt = row["prompt"]
            if prompt.startswith(("['", '["')):
                prompt = "\n".join(prompt[2:-2].replace("\\n", "\n").split("', '"))
            yield prompt
    yield from labelled("guard/jailbreak_train.jsonl.gz").texts
    for name in ("presidio_synth_v2", "presidio_generated_large"):
        yield from labelled(f"pii/{name}.jsonl.gz", "full_text", "full_text").texts
    for row in rows("halluc/halueval_general.jsonl.gz"):
        yield row["user_query"]
        yield row["chatgpt_response"]
    yield from tool_queries(held_out=False).texts
    yield from tool_descriptions().texts
    yield from labelled("intent/CLINC150_train.jsonl.gz").texts
    yield from labelled("intent/BANKING77_train.jsonl.gz").texts


def documents() -> list[str]:
    """Every distinct text that may train what ships, evaluation folds left out, in a fixed order."""
    return list(dict.fromkeys(text.strip() for text in _documents() if text.strip()))


def plays() -> list[str]:
    """Speeches of the public-domain plays."""
    with gzip.open(DATA / "longtext/tinyshakespeare.txt.gz", "rt", encoding="utf-8") as text:
        speeches = text.read().split("\n\n")
    return [" ".join(speech.split("\n")[1:]) for speech in speeches if speech.count("\n")]


def sentences(text: str) -> list[str]:
    """A text cut at line ends and after full stops, question and exclamation marks."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]
