"""The bank of texts: tokens, the frozen layers' output per token, and the teacher's sentence vectors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from .network import FOLDER, WIDTH, DeepEncoder

CACHE = Path(os.environ.get("BOURSE_CACHE", Path.home() / ".cache" / "bourse"))
BATCH_TOKENS = 2048


def tokenizer() -> Tokenizer:
    """BERT uncased with [CLS] and [SEP], without padding or truncation."""
    made = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


def packed(lengths: np.ndarray, budget: int, rng: np.random.Generator | None) -> Iterator[np.ndarray]:
    """Batches of places of nearly equal length, of at most `budget` padded tokens each."""
    jitter = rng.random(len(lengths)) * 4 if rng is not None else 0
    order = np.argsort(lengths + jitter, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        longest = lengths[order[start]]
        while stop < len(order):
            longest = max(longest, lengths[order[stop]])
            if (stop + 1 - start) * longest > budget:
                break
            stop += 1
        yield order[start:stop]
        start = stop


class Bank:
    """Texts are added first, with the tokens that each may have at most; then `build` runs the frozen layers."""

    def __init__(self) -> None:
        self.tokenizer = tokenizer()
        self._place_of: dict[tuple[str, int], int] = {}
        self.ids: list[np.ndarray] = []
        self.texts: list[str] = []
        self._with_teacher: set[int] = set()

    def add(self, texts: list[str], most: int, with_teacher: bool = False) -> np.ndarray:
        """Places of the texts in the bank."""
        places = []
        missing = [text for text in dict.fromkeys(texts) if (text, most) not in self._place_of]
        for text, one in zip(missing, self.tokenizer.encode_batch_fast(missing)):
            ids = np.array(one.ids, dtype=np.int32)
            if len(ids) > most:
                ids = np.append(ids[: most - 1], ids[-1])
            self._place_of[(text, most)] = len(self.ids)
            self.ids.append(ids)
            self.texts.append(text)
        for text in texts:
            places.append(self._place_of[(text, most)])
        if with_teacher:
            self._with_teacher.update(places)
        return np.array(places, dtype=np.int64)

    def build(self, network: DeepEncoder) -> None:
        """Runs the frozen layers over all texts; the result is kept in the cache folder by content."""
        self.lengths = np.array([len(one) for one in self.ids])
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        wanted = np.array(sorted(self._with_teacher), dtype=np.int64)
        digest = hashlib.sha256(np.concatenate(self.ids).tobytes() + self.lengths.tobytes() + wanted.tobytes())
        path = CACHE / f"deep-{digest.hexdigest()[:24]}.npz"
        if path.exists():
            kept = np.load(path)
            self._lower, self.teacher = torch.from_numpy(kept["lower"]), torch.from_numpy(kept["teacher"])
            return
        lower = torch.zeros((int(self._starts[-1]), WIDTH), dtype=torch.float16)
        teacher = torch.zeros((len(self.ids), WIDTH), dtype=torch.float16)
        network.eval()
        with torch.inference_mode():
            for batch in packed(self.lengths, BATCH_TOKENS, None):
                ids, mask = self._padded_ids(batch)
                hidden = network.lower(ids, mask)
                for row, place in enumerate(batch):
                    count = self.lengths[place]
                    lower[self._starts[place] : self._starts[place] + count] = hidden[row, :count].to(torch.float16)
                rows = [row for row, place in enumerate(batch) if int(place) in self._with_teacher]
                if rows:
                    vectors = network.sentence(network.upper(hidden[rows], mask[rows]), mask[rows])
                    teacher[torch.from_numpy(batch[rows])] = vectors.to(torch.float16)
        self._lower, self.teacher = lower, teacher
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, lower=lower.numpy(), teacher=teacher.numpy())

    def _padded_ids(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        longest = int(self.lengths[places].max())
        ids = torch.zeros((len(places), longest), dtype=torch.int64)
        for row, place in enumerate(places):
            ids[row, : self.lengths[place]] = torch.from_numpy(self.ids[place].astype(np.int64))
        return ids, self._mask(places, longest)

    def _mask(self, places: np.ndarray, longest: int) -> Tensor:
        return torch.arange(longest)[None, :] < torch.from_numpy(self.lengths[places])[:, None]

    def batch(self, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """Output of the frozen layers, padded, and its mask."""
        longest = int(self.lengths[places].max())
        hidden = torch.zeros((len(places), longest, WIDTH))
        for row, place in enumerate(places):
            start, count = self._starts[place], self.lengths[place]
            hidden[row, :count] = self._lower[start : start + count].to(torch.float32)
        return hidden, self._mask(places, longest)

    def teacher_vectors(self, places: np.ndarray) -> Tensor:
        """Unit vectors of the untouched teacher; texts must have been added `with_teacher`."""
        return functional.normalize(self.teacher[torch.from_numpy(places)].to(torch.float32), dim=1)
