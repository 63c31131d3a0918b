"""Writes the tiny models that the tests of the ONNX runtime read: `src/pool/models/fixtures/`.

Each looks a row up per token, and says what its rows are: a vector per token (`encoder`), three
logits per text (`classifier`), five per token (`tagger`). Nothing in them is learned.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from bourse.artefact import write_bytes, write_text

TARGET = Path(__file__).parent.parent / "src" / "pool" / "models" / "fixtures"
PIECES = ("[PAD] [UNK] [CLS] [SEP] the a cat dog cats ##s bites anna smith lives in paris london and john ##son refund money "
          "back i want my poem sea write ! . , ?").split(" ")
WIDTH = 8
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
LABELS = ("animals", "money", "poetry")
TAGGED = {"anna": "B-PER", "john": "B-PER", "smith": "I-PER", "paris": "B-LOC", "london": "B-LOC"}
TOPICS = {"cat": 0, "dog": 0, "cats": 0, "bites": 0, "refund": 1, "money": 1, "poem": 2, "sea": 2}


def _model(name: str, table: np.ndarray, is_per_token: bool, output: str) -> bytes:
    """Rows of the table; their masked mean where one answer per text is wanted."""
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"]) for n in names]
    shape = ["batch", "tokens", table.shape[1]] if is_per_token else ["batch", table.shape[1]]
    constants = [numpy_helper.from_array(table.astype(np.float32), "table")]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        # Types of tokens are zero and change nothing: their input is read as those of real models are.
        helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["types", "two"], ["types.column"]),
        helper.make_node("Add", ["rows", "types.column"], [output if is_per_token else "typed"]),
    ]
    constants.append(numpy_helper.from_array(np.array([2], dtype=np.int64), "two"))
    if not is_per_token:
        constants.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "one"))
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "two"], ["mask.column"]),
            helper.make_node("Mul", ["typed", "mask.column"], ["masked"]),
            helper.make_node("ReduceSum", ["masked", "one"], [output], keepdims=0),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["attention_mask"], ["unread"]))
    graph = helper.make_graph(nodes, name, inputs, [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9, producer_name="bourse")
    onnx.checker.check_model(made)
    return made.SerializeToString(deterministic=True)


def _tables() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    encoder = draw.normal(size=(len(PIECES), WIDTH))
    classifier = np.zeros((len(PIECES), len(LABELS)))
    tagger = np.zeros((len(PIECES), len(TAGS)))
    tagger[:, 0] = 2
    for row, piece in enumerate(PIECES):
        if piece in TOPICS:
            classifier[row, TOPICS[piece]] = 2
        if piece in TAGGED:
            tagger[row, TAGS.index(TAGGED[piece])] = 6
    return {"encoder": encoder, "classifier": classifier, "tagger": tagger}


def _bert_tokenizer() -> str:
    vocabulary = {piece: number for number, piece in enumerate(PIECES)}
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": vocabulary},
    })


def _byte_level() -> Tokenizer:
    """Byte-level BPE with <s> and </s>, as in the RoBERTa family; no piece longer than the words below."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=["<pad>", "<s>", "</s>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    made.train_from_iterator(["anna smith lives in Paris and London", "Zoë Müller lives in Zürich"] * 20, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", made.token_to_id("</s>")), ("<s>", made.token_to_id("<s>")))
    return made


def main() -> None:
    tables = _tables()
    for kind, output, labels in (("encoder", "last_hidden_state", None), ("classifier", "logits", LABELS), ("tagger", "logits", TAGS)):
        folder = TARGET / f"tiny-{kind}"
        write_bytes(folder / "model.onnx", _model(kind, tables[kind], kind != "classifier", output))
        write_text(folder / "tokenizer.json", _bert_tokenizer())
        config = {"model_type": "bert", "max_position_embeddings": 16}
        if labels is not None:
            config["id2label"] = {str(number): label for number, label in enumerate(labels)}
        write_text(folder / "config.json", json.dumps(config) + "\n")
    tokenizer = _byte_level()
    table = np.zeros((tokenizer.get_vocab_size(), 3))
    for token, number in tokenizer.get_vocab().items():
        table[number] = [4, 0, 0]
        if token.lstrip("Ġ")[:1].isupper() or "Ã" in token:
            table[number] = [0, 6, 0]
    folder = TARGET / "tiny-byte-level"
    write_bytes(folder / "model.onnx", _model("byte-level", table, True, "logits"))
    write_text(folder / "tokenizer.json", tokenizer.to_str())
    write_text(folder / "config.json", json.dumps({"id2label": {"0": "O", "1": "NAME", "2": "OTHER"}, "max_position_embeddings": 24}) + "\n")


if __name__ == "__main__":
    main()
