"""BERT uncased WordPiece over the vocabulary of the static encoder."""

from __future__ import annotations

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers


class Tokeniser:
    """Text to the encoder file's own ids; no [CLS], no [SEP], nothing cut."""

    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces
        self.unknown = pieces.index("[UNK]")
        vocabulary = {piece: place for place, piece in enumerate(pieces)}
        self._tokenizer = Tokenizer(
            models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
        )
        self._tokenizer.normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
        )
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def ids(self, texts: list[str]) -> list[np.ndarray]:
        """One int32 array per text; lone surrogates count as U+FFFD, which the normaliser drops."""
        clean = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
        encoded = self._tokenizer.encode_batch_fast(clean, add_special_tokens=False)
        return [np.asarray(one.ids, dtype=np.int32) for one in encoded]
