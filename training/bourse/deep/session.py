"""The exported model as the product runs it: one text (or window) at a time, one thread."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from .bank import tokenizer
from .network import MOST_TOKENS


class Session:
    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.tokenizer: Tokenizer = tokenizer()

    def ids(self, text: str, most: int = MOST_TOKENS) -> np.ndarray:
        ids = self.tokenizer.encode(text).ids
        return np.array(ids if len(ids) <= most else [*ids[: most - 1], ids[-1]], dtype=np.int64)

    def run(self, ids: np.ndarray, outputs: tuple[str, ...]) -> list[np.ndarray]:
        """Raw outputs for one sequence, without the batch axis."""
        feed = {"input_ids": ids[None], "attention_mask": np.ones((1, len(ids)), dtype=np.int64)}
        return [value[0] for value in self._session.run(list(outputs), feed)]

    def read(self, texts: list[str], output: str, most: int = MOST_TOKENS) -> np.ndarray:
        """One output for every text, stacked; texts are cut at `most` tokens."""
        return np.stack([self.run(self.ids(text, most), (output,))[0] for text in texts])

    def milliseconds(self, tokens: int, rounds: int = 30) -> tuple[float, float]:
        """(median, minimum) for one text of so many tokens, all heads."""
        ids = np.random.default_rng(1).integers(1000, 20000, tokens)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            self.run(ids, ("sentence", "domain", "complexity", "attack", "pii"))
            times.append(1000 * (time.perf_counter() - start))
        return float(np.median(times)), float(min(times))
