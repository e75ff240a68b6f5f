#!/usr/bin/env python3
"""GGUF files of all families, written by llama.cpp's `gguf` package, through the service and beside Transformers.

    python3 scripts/reference/check_gguf_import.py BINARY

Tiny models with random weights by Transformers; tensor names by gguf's tables, metadata by its writer, both as
llama.cpp's converter uses them. The service must write, or embed, as Transformers does with the folder.

Needs PyPI's torch, transformers and gguf.
"""
import json
import pathlib
import sys
import tempfile

import gguf
import numpy as np
import torch

from check_service import PROMPTS, Reference, Report, Service, compare_texts, make

ARCHITECTURES = {"llama": gguf.MODEL_ARCH.LLAMA, "qwen2": gguf.MODEL_ARCH.QWEN2, "gpt2": gguf.MODEL_ARCH.GPT2,
                 "bert": gguf.MODEL_ARCH.BERT, "t5": gguf.MODEL_ARCH.T5, "t5_gated": gguf.MODEL_ARCH.T5}


def turned(matrix, heads):
    """Rows of queries and keys in the order that rotates neighbouring pairs."""
    return matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(matrix.shape)


def tensors(kind, reference):
    config = reference.model.config
    names = gguf.get_tensor_name_map(ARCHITECTURES[kind], 2)
    for name, value in reference.model.state_dict().items():
        value = value.float().numpy()
        if name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight") or "pooler" in name:
            continue
        if name == "lm_head.weight" and kind in ("llama", "qwen2", "gpt2", "t5"):
            continue  # tied
        if kind == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
            value = value.T
        if kind == "llama" and "q_proj" in name:
            value = turned(value, config.num_attention_heads)
        if kind == "llama" and "k_proj" in name:
            value = turned(value, config.num_key_value_heads)
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert stored, name
        yield stored, np.ascontiguousarray(value)


def vocabulary(writer, kind, folder):
    body = json.loads((folder / "tokenizer.json").read_text())
    special = {token["content"] for token in body["added_tokens"] if token["special"]}
    vocab = body["model"]["vocab"]
    if kind.startswith("t5"):
        writer.add_tokenizer_model("t5")
        tokens = [piece for piece, _ in vocab]
        writer.add_token_list(tokens)
        writer.add_token_scores([score for _, score in vocab])
        types = [gguf.TokenType.UNKNOWN if token == "<unk>" else gguf.TokenType.CONTROL if token in special
                 else gguf.TokenType.NORMAL for token in tokens]
        writer.add_token_types(types)
        writer.add_add_space_prefix(True)
        writer.add_remove_extra_whitespaces(False)
        writer.add_unk_token_id(2)
        writer.add_eos_token_id(1)
        writer.add_pad_token_id(0)
        writer.add_add_bos_token(False)
        writer.add_add_eos_token(True)
        return
    tokens = sorted(vocab, key=vocab.get)
    types = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    if kind == "bert":
        writer.add_tokenizer_model("bert")
        writer.add_tokenizer_pre("default")
        # The converter marks where words begin, not where they go on.
        tokens = [token if token in special else token[2:] if token.startswith("##") else "▁" + token for token in tokens]
        for name, token in [("cls", 2), ("seperator", 3), ("unk", 1), ("pad", 0), ("mask", 4)]:
            writer.add_uint32(f"tokenizer.ggml.{name}_token_id", token)
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2" if kind == "qwen2" else "gpt-2")
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in body["model"]["merges"]]
        writer.add_token_merges(merges)
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)
    writer.add_token_list(tokens)
    writer.add_token_types(types)


def write(kind, folder, reference):
    config = reference.model.config
    writer = gguf.GGUFWriter(folder / "outside.gguf", gguf.MODEL_ARCH_NAMES[ARCHITECTURES[kind]])
    writer.add_context_length(512 if kind.startswith("t5") else 128)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(128 if kind == "gpt2" else 64)
    writer.add_block_count(2)
    writer.add_head_count(4)
    if kind.startswith("t5"):
        writer.add_decoder_block_count(2)
        writer.add_key_length(config.d_kv)
        writer.add_value_length(config.d_kv)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        writer.add_layer_norm_rms_eps(config.layer_norm_epsilon)
        writer.add_relative_attn_buckets_count(config.relative_attention_num_buckets)
        writer.add_decoder_start_token_id(0)
    elif kind in ("gpt2", "bert"):
        writer.add_layer_norm_eps(config.layer_norm_epsilon if kind == "gpt2" else config.layer_norm_eps)
    else:
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if kind == "bert":
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
        writer.add_token_type_count(2)
    vocabulary(writer, kind, folder)
    for name, value in tensors(kind, reference):
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return (folder / "outside.gguf").read_bytes()


def embedded(reference, text):
    hidden = reference.model(**reference.tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
    return torch.nn.functional.normalize(hidden, dim=0).double().numpy()


def main():
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        service = Service(sys.argv[1], root)
        try:
            for kind in ARCHITECTURES:
                make(kind, root / kind)
                reference = Reference(root / kind)
                service.send("POST", f"/v1/models?name={kind}", write(kind, root / kind, reference))
                if kind == "bert":
                    answer = service.call("POST", "/v1/embeddings", {"model": kind, "input": PROMPTS})
                    report.line("bert: embeddings", [np.array(item["embedding"]) for item in answer["data"]],
                                [embedded(reference, text) for text in PROMPTS], 1e-5)
                else:
                    compare_texts(report, kind, {text: service.write(kind, text) for text in PROMPTS}, reference)
        finally:
            service.process.terminate()
            service.process.wait()
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
