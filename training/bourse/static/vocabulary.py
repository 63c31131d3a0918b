"""The encoder's own vocabulary: the teacher's reachable word pieces, and frequent words that the teacher splits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers

UNKNOWN = "[UNK]"
_LISTED = Path(__file__).with_name("words.txt")
_NORMALIZER = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)
_PRE_TOKENIZER = pre_tokenizers.BertPreTokenizer()


def words(text: str) -> list[str]:
    """The words and punctuation marks that WordPiece sees."""
    return [word for word, _ in _PRE_TOKENIZER.pre_tokenize_str(_NORMALIZER.normalize_str(text))]


def is_reachable(piece: str) -> bool:
    """Whether some text yields this piece: it survives normalisation and stands inside one word."""
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 1:
        return False
    if piece.startswith("##") and len(piece) > 2:
        return words("a" + piece[2:]) == ["a" + piece[2:]]
    return words(piece) == [piece]


def new_words(texts: list[str], known: set[str], least: int, most: int) -> list[str]:
    """Words of at least `least` texts that are no piece yet, most frequent first, in a fixed order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(words(text)))
    fresh = [
        (word, count)
        for word, count in counts.items()
        if count >= least and word not in known and 3 <= len(word) <= 20 and word.isascii() and word.isalpha()
    ]
    return [word for word, _ in sorted(fresh, key=lambda item: (-item[1], item[0]))[:most]]


def build(teacher_pieces: list[str], texts: list[str], least: int, most: int) -> list[str]:
    """All pieces in id order: [UNK], the teacher's, the word list's, then words of `least` texts or more."""
    reachable = [piece for piece in teacher_pieces if is_reachable(piece)]
    listed = sorted(set(_LISTED.read_text(encoding="utf-8").split()) - set(reachable))
    known = {*reachable, *listed}
    return [UNKNOWN, *reachable, *listed, *new_words(texts, known, least, most)]


def word_text(piece: str) -> str:
    """The piece as text for the teacher."""
    return piece.removeprefix("##") if len(piece) > 2 else piece
