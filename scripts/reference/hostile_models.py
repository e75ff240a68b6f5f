#!/usr/bin/env python3
"""Sends damaged and malicious model files to the service and wants each refused.

    python3 scripts/reference/hostile_models.py BINARY [--only WORD]

Every case is a small Llama in which one thing is wrong. The answer must be a 4xx that names it, within
seconds and within the memory given below; the server must answer as before, and an honest file must
still be taken at the end. Needs nothing besides Python.
"""
import argparse
import base64
import http.client
import io
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

SECONDS_MAX = 60
# Beyond what an honest tiny model takes; files of 100 MB are mapped and counted.
GROWTH_MAX_MB = 700

WIDTH, HIDDEN, ROWS = 8, 16, 300


def byte_alphabet():
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = iter(range(0x100, 0x200))
    return [chr(b) if b in plain else chr(next(rest)) for b in range(256)]


def config(**changes):
    made = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": ROWS, "hidden_size": WIDTH,
        "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": HIDDEN,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": True}
    made.update(changes)
    return json.dumps({k: v for k, v in made.items() if v != "ABSENT"})


def bpe(**changes):
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
             "vocab": {c: i for i, c in enumerate(byte_alphabet())}, "merges": []}
    root = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            "post_processor": None, "decoder": {"type": "ByteLevel"}, "model": model}
    for name, value in changes.items():
        (model if name in model else root)[name] = value
    return root


def shapes():
    block = "model.layers.0."
    half = WIDTH // 2
    return {
        "model.embed_tokens.weight": [ROWS, WIDTH], "model.norm.weight": [WIDTH],
        block + "input_layernorm.weight": [WIDTH], block + "post_attention_layernorm.weight": [WIDTH],
        block + "self_attn.q_proj.weight": [WIDTH, WIDTH], block + "self_attn.k_proj.weight": [half, WIDTH],
        block + "self_attn.v_proj.weight": [half, WIDTH], block + "self_attn.o_proj.weight": [WIDTH, WIDTH],
        block + "mlp.gate_proj.weight": [HIDDEN, WIDTH], block + "mlp.up_proj.weight": [HIDDEN, WIDTH],
        block + "mlp.down_proj.weight": [WIDTH, HIDDEN]}


def product(shape):
    size = 1
    for extent in shape:
        size *= extent
    return size


def header(wanted=None):
    entries, at = {}, 0
    for name, shape in (wanted or shapes()).items():
        size = 4 * product(shape)
        entries[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    return entries, at


def safetensors(entries=None, data=None, text=None, length=None):
    own, size = header()
    text = text if text is not None else json.dumps(own if entries is None else entries).encode()
    data = bytes(size) if data is None else data
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def changed(name, **fields):
    entries, _ = header()
    entries[name].update(fields)
    return safetensors(entries)


def folder(**files):
    """A tar archive; what is None is left out."""
    contents = {"config.json": config(), "tokenizer.json": json.dumps(bpe()), "model.safetensors": safetensors()}
    contents.update({name.replace("__", "."): value for name, value in files.items()})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, value in contents.items():
            if value is None:
                continue
            data = value.encode() if isinstance(value, str) else value
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


# GGUF ------------------------------------------------------------------------------------------

def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, value, kind=None):
    """A metadata entry; `kind` says the type where Python's own would be ambiguous."""
    if isinstance(value, bytes):
        return text(key) + value
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        if isinstance(value[0], str):
            body = struct.pack("<IQ", 8, len(value)) + b"".join(map(text, value))
        elif isinstance(value[0], float):
            body = struct.pack("<IQ", 6, len(value)) + struct.pack(f"<{len(value)}f", *value)
        else:
            body = struct.pack("<IQ", 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
        return text(key) + struct.pack("<I", 9) + body
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    return text(key) + struct.pack("<II", 4, value) if kind is None else text(key) + struct.pack("<Iq", 11, value)


def metadata(**changes):
    made = {
        "general.architecture": "llama", "llama.block_count": 1, "llama.context_length": 64,
        "llama.embedding_length": WIDTH, "llama.feed_forward_length": HIDDEN, "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 1, "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": byte_alphabet() + [f"[PAD{i}]" for i in range(256, ROWS)],
        "tokenizer.ggml.token_type": [1] * 256 + [5] * (ROWS - 256), "tokenizer.ggml.merges": ["a b"][:0] or ["h e"]}
    made["tokenizer.ggml.tokens"][256] = "he"
    made["tokenizer.ggml.token_type"][256] = 1
    made.update({name.replace("__", "."): value for name, value in changes.items()})
    return [entry(key, value) for key, value in made.items() if value is not None]


STORED = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "attn_norm",
          "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
          "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
          "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def directory():
    """Name, shape innermost first, type, offset of each tensor."""
    rows, at = [], 0
    for name, shape in shapes().items():
        stored = name.replace("model.layers.0.", "blk.0.").removesuffix(".weight")
        for theirs, ours in STORED.items():
            stored = stored.replace(theirs, ours) if theirs in stored else stored
        rows.append([stored + ".weight", shape[::-1], 0, at])
        at += (4 * product(shape) + 31) // 32 * 32
    return rows, at


def gguf(entries=None, rows=None, counts=None, version=3, data=None):
    entries = metadata() if entries is None else entries
    own, size = directory()
    rows = own if rows is None else rows
    out = b"GGUF" + struct.pack("<I", version)
    out += struct.pack("<QQ", *(counts or (len(rows), len(entries)))) + b"".join(entries)
    for name, shape, kind, offset in rows:
        out += text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", e) for e in shape)
        out += struct.pack("<IQ", kind, offset)
    out += bytes(-len(out) % 32)
    return out + (bytes(size) if data is None else data)


def row(index, **fields):
    rows, _ = directory()
    for place, value in fields.items():
        rows[index][["name", "shape", "kind", "offset"].index(place)] = value
    return gguf(rows=rows)


# Tar -------------------------------------------------------------------------------------------

def tar(*members):
    """Members of `(name, bytes or None, changes)`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data, changes in members:
            info = tarfile.TarInfo(name)
            info.size = len(data or b"")
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data) if data else None)
    return out.getvalue()


def honest():
    return [("config.json", config().encode(), {}), ("tokenizer.json", json.dumps(bpe()).encode(), {}),
            ("model.safetensors", safetensors(), {})]


def claiming(size):
    """An archive whose last header claims another size."""
    data = bytearray(tar(("config.json", b"{}", {})))
    data[124:136] = b"\x80" + size.to_bytes(11, "big") if size >= 8 ** 11 else b"%011o\0" % size
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


# SentencePiece ---------------------------------------------------------------------------------

def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def piece(name, score=-1.0, kind=1):
    return field(1, field(1, name.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind]))


PIECES = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("▁") + piece("a")


def spiece(model):
    return folder(tokenizer__json=None, **{"tokenizer__model": model})


def nested(depth):
    return "[" * depth + "]" * depth


def regex(pattern):
    return bpe(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]})


def tokenizer(made):
    return folder(tokenizer__json=made if isinstance(made, str) else json.dumps(made))


def with_vocab(**more):
    return tokenizer(bpe(vocab={**bpe()["model"]["vocab"], **more}))


def added(**fields):
    token = {"id": 256, "content": "<x>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
    return tokenizer(bpe(added_tokens=[token | fields]))


def of_config(**changes):
    return folder(config__json=config(**changes))


EMBEDDING, NORM = "model.embed_tokens.weight", "model.norm.weight"
HUGE = 1 << 62


def big_header():
    """90 MB of entries, each a tensor of no bytes."""
    parts = [b'"t%07d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(1_500_000)]
    return safetensors(text=b"{" + b",".join(parts) + b"}", data=b"")


def unigram(**changes):
    model = {"type": "Unigram", "unk_id": 0, "byte_fallback": False,
             "vocab": [["<unk>", 0.0], ["▁", -1.0], ["a", -2.0]]} | changes
    return tokenizer({"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
                      "post_processor": None, "decoder": None, "model": model})


def wordpiece(**changes):
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
             "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1}} | changes
    return tokenizer({"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
                      "post_processor": None, "decoder": None, "model": model})


def charsmap(blob):
    encoded = blob if isinstance(blob, str) else base64.b64encode(blob).decode()
    made = bpe(normalizer={"type": "Precompiled", "precompiled_charsmap": encoded})
    return tokenizer(made)


# What each message must say, as a regular expression.
CASES = {
    # safetensors
    "st empty": (lambda: b"", "empty"),
    "st four bytes": (lambda: b"abcd", "only 4 bytes|not a model"),
    "st header of 2 GiB": (lambda: folder(model__safetensors=safetensors(length=2 << 30)), "header of 2147483648"),
    "st header of 2^64-1": (lambda: folder(model__safetensors=safetensors(length=2**64 - 1)), "header of 18446744073709551615"),
    "st header longer than file": (lambda: folder(model__safetensors=safetensors(length=50_000)), "header of 50000"),
    "st header of 90 MB": (lambda: folder(model__safetensors=big_header()), "1500001 objects"),
    "st header deep": (lambda: folder(model__safetensors=safetensors(text=nested(1_000_000).encode())), "header"),
    "st header not utf8": (lambda: folder(model__safetensors=safetensors(text=b'{"\xff\xfe":1}')), "header"),
    "st header an array": (lambda: folder(model__safetensors=safetensors(text=b"[]")), "header"),
    "st entry twice": (lambda: folder(model__safetensors=safetensors(text=json.dumps(header()[0]).encode()[:-1] + b', "model.norm.weight": {"dtype":"F32","shape":[8],"data_offsets":[0,32]}}')), "overlap|twice|header"),
    "st overlap": (lambda: folder(model__safetensors=changed(NORM, data_offsets=[0, 32])), "overlap"),
    "st offsets backwards": (lambda: folder(model__safetensors=changed(NORM, data_offsets=[64, 32])), "offsets"),
    "st offsets negative": (lambda: folder(model__safetensors=changed(NORM, data_offsets=[-32, 0])), "offsets"),
    "st offsets beyond": (lambda: folder(model__safetensors=changed(NORM, data_offsets=[HUGE, HUGE + 32])), "offsets"),
    "st offsets overflow": (lambda: folder(model__safetensors=changed(NORM, data_offsets=[2**63, 2**63 + 32])), "header|offsets"),
    "st offsets three": (lambda: folder(model__safetensors=changed(NORM, data_offsets=[0, 32, 64])), "offsets"),
    "st shape overflows": (lambda: folder(model__safetensors=changed(NORM, shape=[2**33, 2**33])), "does not multiply"),
    "st shape wraps to right": (lambda: folder(model__safetensors=changed(NORM, shape=[2**62 + 2, 4])), "does not multiply"),
    "st shape negative": (lambda: folder(model__safetensors=changed(NORM, shape=[-8])), "does not multiply|header"),
    "st shape negatives": (lambda: folder(model__safetensors=changed(NORM, shape=[-2, -4])), "does not multiply|header"),
    "st shape of floats": (lambda: folder(model__safetensors=changed(NORM, shape=[8.5])), "must have dtype, shape"),
    "st shape of other product": (lambda: folder(model__safetensors=changed(NORM, shape=[9])), "offsets"),
    "st shape transposed": (lambda: folder(model__safetensors=changed(EMBEDDING, shape=[WIDTH, ROWS])), "has shape"),
    "st shape of 10^5 ones": (lambda: folder(model__safetensors=changed(NORM, shape=[8] + [1] * 100_000)), "shape|dimensions"),
    "st dtype unknown": (lambda: folder(model__safetensors=changed(NORM, dtype="F8_E4M3")), "dtype"),
    "st dtype integers": (lambda: folder(model__safetensors=changed(NORM, dtype="I32")), "dtype"),
    "st truncated": (lambda: folder(model__safetensors=safetensors()[:-100]), "offsets|do not hold"),
    "st bytes behind": (lambda: folder(model__safetensors=safetensors() + bytes(64)), "belong to no tensor"),
    "st tensor missing": (lambda: folder(model__safetensors=safetensors(header({k: v for k, v in shapes().items() if k != NORM})[0], bytes(header({k: v for k, v in shapes().items() if k != NORM})[1]))), "missing"),
    "st tensor unknown": (lambda: folder(model__safetensors=safetensors(*header(shapes() | {"model.extra": [2]})[:1], bytes(header(shapes() | {"model.extra": [2]})[1]))), "not part of"),
    "st name of controls": (lambda: folder(model__safetensors=safetensors(*header(shapes() | {"\u001b[2J\n" * 50: [2]})[:1], bytes(header(shapes() | {"\u001b[2J\n" * 50: [2]})[1]))), "not part of"),
    # index
    "index leads away": (lambda: folder(model__safetensors=None, **{"model.safetensors.index.json": json.dumps({"weight_map": {NORM: "../../etc/passwd"}})}), "weight|file"),
    "index of no file": (lambda: folder(model__safetensors=None, **{"model.safetensors.index.json": json.dumps({"weight_map": {NORM: "a.safetensors"}})}), "a\\.safetensors|cannot open"),
    "index lies": (lambda: folder(model__safetensors=None, **{"model-1.safetensors": safetensors(), "model.safetensors.index.json": json.dumps({"weight_map": {"other": "model-1.safetensors"}})}), "index"),
    "no weights": (lambda: folder(model__safetensors=None), "neither"),
    "pickle only": (lambda: folder(model__safetensors=None, **{"pytorch_model.bin": b"\x80\x04."}), "neither"),
    # config.json
    "config missing": (lambda: folder(config__json=None), "config.json"),
    "config no object": (lambda: folder(config__json="[1]"), "config.json"),
    "config deep": (lambda: folder(config__json='{"a":' * 100_000 + "1" + "}" * 100_000), "config.json"),
    "config binary": (lambda: folder(config__json=os.urandom(5000)), "config.json"),
    "config layers 1e9": (lambda: of_config(num_hidden_layers=10**9), "num_hidden_layers"),
    "config layers 1024": (lambda: of_config(num_hidden_layers=1024), "missing|layers"),
    "config layers negative": (lambda: of_config(num_hidden_layers=-1), "num_hidden_layers"),
    "config layers zero": (lambda: of_config(num_hidden_layers=0), "num_hidden_layers"),
    "config layers float": (lambda: of_config(num_hidden_layers=1.5), "num_hidden_layers"),
    "config layers text": (lambda: of_config(num_hidden_layers="1"), "num_hidden_layers"),
    "config layers NaN": (lambda: of_config(num_hidden_layers=float("nan")), "num_hidden_layers"),
    "config layers beyond 64 bits": (lambda: of_config(num_hidden_layers=2**70), "num_hidden_layers"),
    "config heads do not divide": (lambda: of_config(num_attention_heads=3), "heads|shape"),
    "config groups do not divide": (lambda: of_config(num_attention_heads=4, num_key_value_heads=3), "key-value"),
    "config heads zero": (lambda: of_config(num_attention_heads=0), "heads"),
    "config head odd": (lambda: of_config(head_dim=3), "head"),
    "config vocabulary 2^31": (lambda: of_config(vocab_size=2**31), "vocab_size"),
    "config vocabulary too small": (lambda: folder(config__json=config(vocab_size=100), model__safetensors=safetensors(*header(shapes() | {EMBEDDING: [100, WIDTH]})[:1], bytes(header(shapes() | {EMBEDDING: [100, WIDTH]})[1]))), "256 tokens"),
    "config vocabulary of the file": (lambda: of_config(vocab_size=ROWS + 1), "shape"),
    "config width 2^40": (lambda: of_config(hidden_size=2**40), "hidden_size"),
    "config context 2^40": (lambda: of_config(max_position_embeddings=2**40), "max_position"),
    "config epsilon negative": (lambda: of_config(rms_norm_eps=-1.0), "rms_norm_eps"),
    "config epsilon infinite": (lambda: of_config(rms_norm_eps=float("inf")), "rms_norm_eps"),
    "config theta zero": (lambda: of_config(rope_theta=0), "rope_theta"),
    "config theta infinite": (lambda: of_config(rope_theta=1e400), "rope_theta|config.json"),
    "config rope unknown": (lambda: of_config(rope_scaling={"rope_type": "yarn", "factor": 2.0}), "yarn"),
    "config rope dynamic": (lambda: of_config(rope_scaling={"type": "dynamic", "factor": 2.0}), "dynamic"),
    "config rope factor zero": (lambda: of_config(rope_scaling={"rope_type": "linear", "factor": 0}), "factor"),
    "config rope text": (lambda: of_config(rope_scaling="linear"), "rope"),
    "config rope parameters unknown": (lambda: of_config(rope_parameters={"rope_type": "longrope", "rope_theta": 1e4}), "longrope"),
    "config activation": (lambda: of_config(hidden_act="xielu"), "xielu"),
    "config family": (lambda: of_config(model_type="mamba"), "mamba"),
    "config no family": (lambda: of_config(model_type="ABSENT"), "model_type"),
    "config remote code": (lambda: of_config(auto_map={"AutoModel": "evil.Model"}, model_type="evil"), "evil"),
    # tokenizer.json
    "tok missing": (lambda: folder(tokenizer__json=None), "tokenizer"),
    "tok deep": (lambda: tokenizer(nested(1_000_000)), "tokenizer"),
    "tok deep objects": (lambda: tokenizer('{"normalizer":' * 200_000 + "1" + "}" * 200_000), "tokenizer"),
    "tok normalizers deep": (lambda: tokenizer(json.dumps(bpe()).replace('"normalizer": null', '"normalizer":' + '{"type":"Sequence","normalizers":[' * 400 + '{"type":"NFC"}' + "]}" * 400)), "tokenizer"),
    "tok normalizers many": (lambda: tokenizer(bpe(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 500_000})), "normalizer"),
    "tok hole": (lambda: with_vocab(x1=299), "hole"),
    "tok id huge": (lambda: with_vocab(x1=2**31 - 1), "vocab"),
    "tok id beyond 64 bits": (lambda: with_vocab(x1=2**70), "vocab"),
    "tok id negative": (lambda: with_vocab(x1=-1), "vocab"),
    "tok id float": (lambda: with_vocab(x1=1.5), "vocab"),
    "tok id twice": (lambda: with_vocab(x1=5), "twice"),
    "tok key twice": (lambda: tokenizer(json.dumps(bpe()).replace('"!": 33', '"!": 33, "!": 256')), "twice|tokenizer"),
    "tok token of 1 MB": (lambda: with_vocab(**{"x" * 1_000_000: 256}), "bytes"),
    "tok merges unknown": (lambda: tokenizer(bpe(merges=["h zz"])), "merge 0"),
    "tok merges result unknown": (lambda: tokenizer(bpe(merges=["h e"])), "merge 0"),
    "tok merges malformed": (lambda: tokenizer(bpe(merges=["he"])), "merge 0"),
    "tok merges of three": (lambda: tokenizer(bpe(merges=[["h", "e", "l"]])), "merge 0"),
    "tok merges no array": (lambda: tokenizer(bpe(merges={"a": 1})), "merges"),
    "tok added id huge": (lambda: added(id=2**31), "id"),
    "tok added id hole": (lambda: added(id=280), "hole"),
    "tok added id taken": (lambda: added(id=3), "id"),
    "tok added other id": (lambda: added(content="h", id=256), "id"),
    "tok added of 1 MB": (lambda: added(content="x" * 1_000_000), "bytes"),
    "tok added million": (lambda: tokenizer(bpe(added_tokens=[{"id": 256 + i, "content": f"<{i}>", "special": True} for i in range(300_000)])), "tokens"),
    "tok regex look-behind": (lambda: tokenizer(regex("(?<=a)b")), "look-behind|not supported"),
    "tok regex back reference": (lambda: tokenizer(regex(r"(a)\1")), "not supported|reference"),
    "tok regex nested repeats": (lambda: tokenizer(regex("(" * 12 + "a" + "{99}){99}" * 1 + "{99})" * 11)), "pattern"),
    "tok regex deep": (lambda: tokenizer(regex("(" * 50_000 + "a" + ")" * 50_000)), "pattern"),
    "tok regex large": (lambda: tokenizer(regex("a" * 3_000_000)), "pattern"),
    "tok regex count": (lambda: tokenizer(regex("a{1,4000000000}")), "pattern"),
    "tok regex alternatives": (lambda: tokenizer(regex("|".join(f"a{i}" for i in range(200_000)))), "pattern"),
    "tok regex unbalanced": (lambda: tokenizer(regex("(a")), "pattern"),
    "tok regex class": (lambda: tokenizer(regex(r"[\p{Klingon}]")), "Klingon|pattern"),
    "tok step unknown": (lambda: tokenizer(bpe(normalizer={"type": "Evil"})), "Evil"),
    "tok kind unknown": (lambda: tokenizer(bpe(model={"type": "Evil", "vocab": {}})), "Evil"),
    "tok dropout": (lambda: tokenizer(bpe(dropout=0.1)), "dropout"),
    "tok template unknown": (lambda: tokenizer(bpe(post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}], "pair": [], "special_tokens": {}})), "special_tokens|SpecialToken"),
    "tok template id beyond": (lambda: tokenizer(bpe(post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {"x": {"id": "x", "ids": [3_000_000], "tokens": ["x"]}}})), "id|token"),
    "tok markers id beyond": (lambda: tokenizer(bpe(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 4_000_000], "cls": ["[CLS]", 4_000_000]})), "id|token"),
    "tok template million": (lambda: tokenizer(bpe(post_processor={"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x", "type_id": 0}}] * 1_000_000, "pair": [], "special_tokens": {"x": {"id": "x", "ids": [1], "tokens": ["x"]}}})), "single|template|post_processor"),
    "tok replace grows": (lambda: tokenizer(bpe(normalizer={"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100}] * 8})), "times as long"),
    "tok prepend grows": (lambda: tokenizer(bpe(normalizer={"type": "Prepend", "prepend": "x" * 10_000_000})), "times as long"),
    "tok charsmap short": (lambda: charsmap(b"\x01"), "map"),
    "tok charsmap size": (lambda: charsmap(struct.pack("<I", 2**31) + bytes(64)), "map"),
    "tok charsmap no base64": (lambda: charsmap("@@@"), "base64"),
    "tok charsmap pool open": (lambda: charsmap(struct.pack("<I", 4) + bytes(4) + b"abc"), "map"),
    "tok unigram no finite score": (lambda: unigram(vocab=[["<unk>", 0.0], ["a", float("-inf")]]), "score|tokenizer"),
    "tok unigram unk beyond": (lambda: unigram(unk_id=9), "unk_id"),
    "tok unigram malformed": (lambda: unigram(vocab=[["a"]]), "vocab"),
    "tok unigram twice": (lambda: unigram(vocab=[["<unk>", 0.0], ["a", -1.0], ["a", -2.0]]), "same text"),
    "tok wordpiece no unk": (lambda: wordpiece(vocab={"a": 0}), "UNK|unk"),
    "tok wordpiece hole": (lambda: wordpiece(vocab={"[UNK]": 0, "a": 2}), "hole"),
    "tok version": (lambda: tokenizer(bpe(version="9.0")), "version"),
    "tok not utf8": (lambda: folder(tokenizer__json=json.dumps(bpe()).encode().replace(b'"1.0"', b'"\xff\xfe"')), "tokenizer|version"),
    "vocab.txt empty": (lambda: folder(tokenizer__json=None, vocab__txt="\n"), "vocab|token|UNK"),
    "vocab.txt twice": (lambda: folder(tokenizer__json=None, vocab__txt="[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\na\n"), "same text"),
    "vocab.txt no marks": (lambda: folder(tokenizer__json=None, vocab__txt="a\nb\n"), r"UNK|\[CLS\]"),
    "vocab.txt binary": (lambda: folder(tokenizer__json=None, vocab__txt=os.urandom(100_000)), "vocab|token|UNK"),
    "vocab.txt of 5 million": (lambda: folder(tokenizer__json=None, vocab__txt="".join(f"{i}\n" for i in range(5_000_000))), "lines"),
    "vocab.json no object": (lambda: folder(tokenizer__json=None, vocab__json="[]", merges__txt="a b\n"), "vocab"),
    "vocab.json huge special id": (lambda: folder(tokenizer__json=None, vocab__json=json.dumps({"<|endoftext|>": 2**40}), merges__txt="a b\n"), "vocab|id"),
    # SentencePiece
    "spm truncated": (lambda: spiece(PIECES[:-3]), "SentencePiece"),
    "spm length overflows": (lambda: spiece(b"\x0a" + varint(2**63 + 5) + b"abc"), "SentencePiece"),
    "spm varint endless": (lambda: spiece(b"\xff" * 1000), "SentencePiece"),
    "spm random": (lambda: spiece(os.urandom(10_000)), "SentencePiece"),
    "spm kind word": (lambda: spiece(PIECES + field(2, b"\x18\x03")), "type 3"),
    "spm piece type": (lambda: spiece(PIECES + field(1, b"\x18\x63")), "type"),
    "spm score NaN": (lambda: spiece(PIECES + piece("b", float("nan"))), "score|finite"),
    "spm piece twice": (lambda: spiece(PIECES + piece("a")), "same text"),
    "spm empty": (lambda: spiece(field(2, b"\x18\x01")), "tokens|pieces"),
    "spm charsmap": (lambda: spiece(PIECES + field(3, field(2, struct.pack("<I", 2**31) + bytes(8)))), "map"),
    # GGUF
    "gguf magic only": (lambda: b"GGUF", "ends|bytes"),
    "gguf version": (lambda: gguf(version=99), "version 99"),
    "gguf big endian": (lambda: b"GGUF" + struct.pack(">IQQ", 3, 1, 1) + bytes(100), "version"),
    "gguf tensors 2^64-1": (lambda: gguf(counts=(2**64 - 1, 1)), "tensors"),
    "gguf metadata 2^63": (lambda: gguf(counts=(1, 2**63)), "metadata"),
    "gguf counts large": (lambda: gguf(counts=(11, 10**6)), "metadata"),
    "gguf string length": (lambda: gguf([entry("general.architecture", struct.pack("<IQ", 8, 2**63 - 1))] + metadata()[1:]), "string bytes"),
    "gguf array length": (lambda: gguf(metadata() + [entry("x", struct.pack("<IIQ", 9, 8, 2**61))]), "strings"),
    "gguf array wraps": (lambda: gguf(metadata() + [entry("x", struct.pack("<IIQ", 9, 10, 2**61 + 1))]), "integers"),
    "gguf arrays nested": (lambda: gguf(metadata() + [entry("x", struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 100_000)]), "type 9"),
    "gguf array of 60 million": (lambda: gguf(metadata() + [entry("x", struct.pack("<IIQ", 9, 0, 60_000_000) + bytes(60_000_000))]), "integers|allowed"),
    "gguf value type": (lambda: gguf(metadata() + [entry("x", struct.pack("<I", 77))]), "type 77"),
    "gguf key twice": (lambda: gguf(metadata() + [metadata()[1]]), "twice"),
    "gguf key not utf8": (lambda: gguf(metadata() + [text(b"\xff") + struct.pack("<II", 4, 1)]), "UTF-8"),
    "gguf alignment zero": (lambda: gguf(metadata(general__alignment=0)), "alignment"),
    "gguf alignment odd": (lambda: gguf(metadata(general__alignment=33)), "alignment"),
    "gguf overlap": (lambda: row(1, offset=0), "overlap"),
    "gguf offset unaligned": (lambda: row(1, offset=directory()[0][1][3] + 4), "lie in the file"),
    "gguf offset beyond": (lambda: row(1, offset=2**40), "lie in the file"),
    "gguf offset wraps": (lambda: row(1, offset=2**64 - 32), "lie in the file"),
    "gguf rank 9": (lambda: row(1, shape=[1] * 9), "dimensions"),
    "gguf rank 0": (lambda: row(1, shape=[]), "dimensions"),
    "gguf extent zero": (lambda: row(1, shape=[0]), "extent"),
    "gguf extent 2^63": (lambda: row(1, shape=[2**63]), "extent"),
    "gguf shape overflows": (lambda: row(1, shape=[2**31 - 1] * 4), "2⁶³|lie in"),
    "gguf shape other": (lambda: row(1, shape=[4]), "shape"),
    "gguf tensor type": (lambda: row(1, kind=31), "type 31"),
    "gguf tensor blocks": (lambda: row(1, kind=8), "block|multiple"),
    "gguf tensor name twice": (lambda: row(1, name="token_embd.weight"), "twice"),
    "gguf tensor unknown": (lambda: row(1, name="evil.weight"), "missing|not part"),
    "gguf truncated": (lambda: gguf()[:-1000], "lie in the file"),
    "gguf no data": (lambda: gguf(data=b""), "lie in the file"),
    "gguf tokens missing": (lambda: gguf(metadata(tokenizer__ggml__tokens=None)), "tokenizer.ggml.tokens"),
    "gguf types other count": (lambda: gguf(metadata(tokenizer__ggml__token_type=[1, 2])), "token types"),
    "gguf tokens twice": (lambda: gguf(metadata(tokenizer__ggml__tokens=["a"] * ROWS)), "twice|alphabet|merge|same text"),
    "gguf tokens too many": (lambda: gguf(metadata(tokenizer__ggml__tokens=byte_alphabet() + [f"x{i}" for i in range(1000)], tokenizer__ggml__token_type=None)), "shape|tokens"),
    "gguf merges unknown": (lambda: gguf(metadata(tokenizer__ggml__merges=["zz yy"])), "merge 0"),
    "gguf eos beyond": (lambda: gguf(metadata(**{"tokenizer__ggml__eos_token_id": 70_000})), "eos_token_id"),
    "gguf tokenizer kind": (lambda: gguf(metadata(tokenizer__ggml__model="rwkv")), "rwkv"),
    "gguf splitting": (lambda: gguf(metadata(tokenizer__ggml__pre="evil")), "evil"),
    "gguf family": (lambda: gguf(metadata(general__architecture="mamba")), "mamba"),
    "gguf layers 1e9": (lambda: gguf(metadata(llama__block_count=10**9)), "block_count"),
    "gguf heads": (lambda: gguf(metadata(llama__attention__head_count=3)), "head|shape"),
    "gguf heads zero": (lambda: gguf(metadata(llama__attention__head_count=0)), "head_count"),
    "gguf epsilon NaN": (lambda: gguf(metadata(llama__attention__layer_norm_rms_epsilon=float("nan"))), "epsilon"),
    "gguf rope base": (lambda: gguf(metadata(llama__rope__freq_base=float("inf"))), "freq_base"),
    "gguf rope scaling": (lambda: gguf(metadata(llama__rope__scaling__type="yarn")), "yarn"),
    "gguf experts": (lambda: gguf(metadata(llama__expert_count=8)), "expert"),
    # tar
    "tar traversal": (lambda: tar(("../../config.json", b"{}", {})), "no file of a model"),
    "tar absolute": (lambda: tar(("/etc/cron.d/evil", b"x", {}), *honest()[:2]), "neither"),
    "tar link": (lambda: tar(("config.json", None, {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), *honest()[1:]), "config.json"),
    "tar hard link": (lambda: tar(("config.json", None, {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}), *honest()[1:]), "config.json"),
    "tar device": (lambda: tar(("model.safetensors", None, {"type": tarfile.CHRTYPE}), *honest()[:2]), "neither"),
    "tar sparse": (lambda: tar(("model.safetensors", b"x" * 600, {"type": b"S"}), *honest()[:2]), "neither|sparse"),
    "tar name twice": (lambda: tar(*honest(), honest()[0]), "two files"),
    "tar name twice by folder": (lambda: tar(*honest(), ("./config.json", b"{}", {})), "two files"),
    "tar claims 8 GiB": (lambda: claiming(8 << 30), "claims"),
    "tar claims 2^62": (lambda: claiming(1 << 62), "claims|size"),
    "tar claims 2^88": (lambda: claiming((1 << 87) + 1), "claims|size|number"),
    "tar entries": (lambda: tar(*[(f"f{i}", b"", {}) for i in range(5000)]), "entries"),
    "tar cut": (lambda: tar(*honest())[:1500], "claims|ends|header"),
    "tar checksum": (lambda: b"X" + tar(*honest())[1:], "checksum"),
    "tar pax length": (lambda: tar(("x", b"999999 path=a\n", {"type": b"x"}), *honest()), "extended"),
    "tar pax huge": (lambda: tar(("x", b"1" * 100_000, {"type": b"x"}), *honest()), "extended"),
    "tar pax size": (lambda: tar(("x", b"28 size=9223372036854775807\n", {"type": b"x"}), *honest()), "claims|extended"),
    "tar empty": (lambda: bytes(10240), "model|bytes|header"),
    "gzip": (lambda: __import__("gzip").compress(tar(*honest())), "gzip|compress|not a model"),
    "zip": (lambda: b"PK\x03\x04" + bytes(1000), "not a model"),
    "random": (lambda: os.urandom(100_000), "not a model"),
    # an export of ours, and adapters
    "packed without config": (lambda: safetensors(), "config.json|holds weights"),
    "packed base64": (lambda: safetensors({"__metadata__": {"file:config.json": config(), "base64:spiece.model": "@@"}} | header()[0]), "base64"),
    "adapter alone": (lambda: folder(config__json=None, model__safetensors=None, **{"adapter_config.json": '{"r": 1000000000}', "adapter_model.safetensors": safetensors()}), "adapter|neither|config"),
}


class Service:
    def __init__(self, binary, root):
        self.log = root / "log"
        self.process = subprocess.Popen(
            [binary, "serve", "--data", str(root / "data"), "--port", "0"], stdout=open(self.log, "w"), stderr=subprocess.STDOUT)
        while not (found := re.search(r"ready at http://([^\s/]+)", self.log.read_text())):
            if self.process.poll() is not None:
                sys.exit(self.log.read_text())
            time.sleep(0.1)
        self.address = found[1]

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=120)
        connection.request(method, path, body, {"Content-Type": "application/octet-stream"} if body is not None else {})
        answer = connection.getresponse()
        return answer.status, answer.read()


class Memory:
    """The most that the server and the processes it starts hold together, in MB, while inside."""

    def __init__(self, process):
        self.process, self.most, self.isOver = process, 0, False

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.isOver = True
        self.thread.join()

    def watch(self):
        while not self.isOver:
            self.most = max(self.most, self.now())
            time.sleep(0.01)

    def now(self):
        # Anonymous memory: what is mapped from files costs nothing.
        total = 0
        for pid in [self.process, *self.children()]:
            try:
                found = re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
                total += int(found[1]) if found else 0
            except OSError:
                pass
        return total / 1024

    def children(self):
        try:
            return pathlib.Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split() + [
                child for task in os.listdir(f"/proc/{self.process}/task")
                for child in pathlib.Path(f"/proc/{self.process}/task/{task}/children").read_text().split()]
        except OSError:
            return []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    isGood = True
    with tempfile.TemporaryDirectory() as root:
        service = Service(options.binary, pathlib.Path(root))
        try:
            for made in (folder(), gguf()):
                status, body = service.send("POST", "/v1/models?name=honest", made)
                if status != 201:
                    sys.exit(f"the honest file: {status} {body.decode()}")
            for name, (make, expected) in CASES.items():
                if options.only not in name:
                    continue
                body = make()
                with Memory(service.process.pid) as memory:
                    before = memory.now()
                    begin = time.monotonic()
                    status, answer = service.send("POST", "/v1/models?name=hostile", body)
                    seconds = time.monotonic() - begin
                shown = answer.decode(errors="replace")
                try:
                    message = json.loads(answer)["error"]["message"]
                except (ValueError, KeyError):
                    message = shown
                faults = []
                if not 400 <= status < 500:
                    faults.append(f"status {status}")
                elif not re.search(expected, message):
                    faults.append("says something else")
                if seconds > SECONDS_MAX:
                    faults.append(f"{seconds:.1f} s")
                if memory.most - before > GROWTH_MAX_MB:
                    faults.append(f"{memory.most - before:.0f} MB")
                if service.send("GET", "/v1/models")[0] != 200:
                    faults.append("the server does not answer")
                isGood &= not faults
                print(f"{'FAIL' if faults else 'ok  '} {name}: {seconds:.1f} s, {memory.most - before:+.0f} MB"
                      f"{': ' + ', '.join(faults) if faults else ''}: {message[:230]!r}", flush=True)
            if service.send("POST", "/v1/models?name=again", folder())[0] != 201:
                isGood = False
                print("FAIL the honest file is not taken any more")
        finally:
            service.process.terminate()
            service.process.wait()
    sys.exit(0 if isGood else 1)


if __name__ == "__main__":
    main()
