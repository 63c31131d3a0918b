"""Writes the network as an ONNX graph, in float32 or with int8 weights (dynamic quantisation, per channel)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ..artefact import write_bytes
from .network import ATTENTION_HEADS, POOLED_HEADS, WIDTH, DeepEncoder, Layer

OUTPUTS = ("sentence", "domain", "complexity", "attack", "pii")


def _array(parameter: torch.Tensor) -> np.ndarray:
    return parameter.detach().numpy().astype(np.float32)


class _Graph:
    """Nodes and constants under construction; every method gives the name of its output."""

    def __init__(self, is_quantised: bool) -> None:
        self.is_quantised = is_quantised
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def matmul(self, x: str, linear: nn.Linear, name: str, with_bias: bool = True, is_exact: bool = False) -> str:
        """x @ weightᵀ (+ bias). Quantised: int8 weights with one scale per output channel, uint8 activations
        whose range is measured per call. `is_exact` keeps float32."""
        weight = _array(linear.weight).T
        bias = self.constant(f"{name}.bias", _array(linear.bias)) if with_bias and linear.bias is not None else ""
        if self.is_quantised and not is_exact:
            scale = np.maximum(np.abs(weight).max(axis=0) / 127, 1e-12).astype(np.float32)
            table = self.constant(f"{name}.weight", np.clip(np.rint(weight / scale), -127, 127).astype(np.int8))
            inputs = [x, table, self.constant(f"{name}.scale", scale), "", bias]
            return self.node("DynamicQuantizeMatMul", inputs, name, domain="com.microsoft")
        product = self.node("MatMul", [x, self.constant(f"{name}.weight", weight)], f"{name}.product" if bias else name)
        return self.node("Add", [product, bias], name) if bias else product

    def lookup(self, table: np.ndarray, kind: str, places: list[str], name: str) -> str:
        """Rows of a table, by Gather or Slice. Quantised: int8 rows with one scale each."""
        if not self.is_quantised:
            return self.node(kind, [self.constant(f"{name}.table", table), *places], name)
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127, 1e-12).astype(np.float32)
        rows = self.constant(f"{name}.table", np.clip(np.rint(table / scale), -127, 127).astype(np.int8))
        picked = self.node("Cast", [self.node(kind, [rows, *places], f"{name}.rows")], f"{name}.float", to=TensorProto.FLOAT)
        scales = self.node(kind, [self.constant(f"{name}.scale", scale), *places], f"{name}.scales")
        return self.node("Mul", [picked, scales], name)

    def norm(self, x: str, skip: str, layer: nn.LayerNorm, name: str, bias: str = "") -> str:
        """LayerNorm(x + skip + bias)."""
        inputs = [x, skip, self.constant(f"{name}.gamma", _array(layer.weight)), self.constant(f"{name}.beta", _array(layer.bias))]
        return self.node("SkipLayerNormalization", [*inputs, bias] if bias else inputs, name, domain="com.microsoft", epsilon=1e-12)

    def layer(self, x: str, layer: Layer, name: str) -> str:
        mixed = self.matmul(x, layer.qkv, f"{name}.qkv")
        parts = [f"{name}.query", f"{name}.key", f"{name}.value"]
        self.nodes.append(helper.make_node("Split", [mixed], parts, name=f"{name}.split", axis=2, num_outputs=3))
        attended = self.node("MultiHeadAttention", [*parts, "", "mask"], f"{name}.attended", domain="com.microsoft",
                             num_heads=ATTENTION_HEADS)
        after = self.norm(self.matmul(attended, layer.out, f"{name}.out"), x, layer.norm1, f"{name}.norm1")
        wide = self.matmul(after, layer.inner, f"{name}.inner", with_bias=False)
        active = self.node("BiasGelu", [wide, self.constant(f"{name}.inner.bias", _array(layer.inner.bias))], f"{name}.gelu",
                           domain="com.microsoft")
        return self.norm(self.matmul(active, layer.outer, f"{name}.outer"), after, layer.norm2, f"{name}.norm2")

    def number(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, dtype=np.int64))


def _sentence(graph: _Graph, hidden: str) -> None:
    total = graph.node("ReduceSum", [graph.node("Mul", [hidden, "mask.column"], "sentence.masked"), graph.number("axis1", 1)],
                       "sentence.total", keepdims=0)
    # The mean and the sum have the same direction.
    graph.node("LpNormalization", [total], "sentence", axis=1, p=2)


def _pooled(graph: _Graph, hidden: str, network: DeepEncoder) -> None:
    scores = graph.matmul(hidden, network.pool, "pool.scores", is_exact=True)
    shares = graph.node("Softmax", [graph.node("Add", [scores, "mask.penalty"], "pool.masked")], "pool.shares", axis=1)
    turned = graph.node("Transpose", [shares], "pool.turned", perm=[0, 2, 1])
    pooled = graph.node("MatMul", [turned, hidden], "pool.vectors")
    parts = [f"pool.{head}" for head in POOLED_HEADS]
    graph.nodes.append(helper.make_node("Split", [pooled], [f"{part}.row" for part in parts], name="pool.split", axis=1, num_outputs=3))
    domain, complexity, attack = (graph.node("Squeeze", [f"{part}.row", "axis1"], part) for part in parts)
    graph.matmul(domain, network.domain, "domain", is_exact=True)
    graph.matmul(attack, network.attack, "attack", is_exact=True)
    first, last = network.complexity[0], network.complexity[2]
    wide = graph.matmul(complexity, first, "complexity.inner", with_bias=False, is_exact=True)
    active = graph.node("BiasGelu", [wide, graph.constant("complexity.inner.bias", _array(first.bias))], "complexity.gelu",
                        domain="com.microsoft")
    graph.matmul(active, last, "complexity", is_exact=True)


def build(network: DeepEncoder, is_quantised: bool) -> bytes:
    """The serialised model: input_ids and attention_mask [batch, tokens] in, one output per head."""
    graph = _Graph(is_quantised)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    flat = graph.node("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    column = graph.node("Unsqueeze", [flat, graph.number("axis2", 2)], "mask.column")
    less = graph.node("Sub", [column, graph.constant("one", np.float32(1))], "mask.less")
    graph.node("Mul", [less, graph.constant("penalty", np.float32(1e4))], "mask.penalty")
    words = graph.lookup(_array(network.words.weight), "Gather", ["input_ids"], "words")
    count = graph.node("Shape", ["input_ids"], "count", start=1, end=2)
    places = graph.lookup(_array(network.places.weight), "Slice", [graph.number("axis0", 0), count, "axis0"], "places")
    total = graph.node("Add", [words, places], "embedded.sum")
    gamma, beta = graph.constant("embedded.gamma", _array(network.norm.weight)), graph.constant("embedded.beta", _array(network.norm.bias))
    x = graph.node("LayerNormalization", [total, gamma, beta], "embedded", axis=-1, epsilon=1e-12)
    for number, layer in enumerate(network.shared):
        x = graph.layer(x, layer, f"layer{number}")
    _sentence(graph, graph.layer(x, network.sentence_layer, "sentence.layer"))
    hidden = graph.layer(x, network.task_layer, "task.layer")
    _pooled(graph, hidden, network)
    graph.matmul(hidden, network.pii, "pii", is_exact=True)
    return _model(graph, network).SerializeToString(deterministic=True)


def _model(graph: _Graph, network: DeepEncoder) -> onnx.ModelProto:
    widths: dict[str, list[str | int]] = {
        "sentence": ["batch", WIDTH], "domain": ["batch", network.domain.out_features], "complexity": ["batch", 1],
        "attack": ["batch", 1], "pii": ["batch", "tokens", network.pii.out_features],
    }
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, widths[name]) for name in OUTPUTS]
    made = helper.make_graph(graph.nodes, "bourse-deep", inputs, outputs, initializer=graph.constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9, producer_name="bourse")


def export(network: DeepEncoder, path: Path, is_quantised: bool = True) -> int:
    """Writes the file whole; gives its size in bytes."""
    data = build(network, is_quantised)
    write_bytes(path, data)
    return len(data)
