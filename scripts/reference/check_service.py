#!/usr/bin/env python3
"""Takes models of every family through the service and its exports through other people's readers.

    python3 scripts/reference/check_service.py BINARY [--model GGUF] [--only NAME]

Transformers makes tiny models with random weights; each is uploaded, trained a few steps with full
adaptation and with LoRA, asked for texts and classes, exported as safetensors and GGUF, and loaded
unchanged by Transformers and, where it is installed, llama.cpp (llama-cpp-python). What those say
must be what the service said. `--model` adds a pretrained one, such as SmolLM2's GGUF file.

Needs PyPI's torch, transformers and gguf; llama-cpp-python is optional.
"""
import argparse
import http.client
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import time

import numpy as np
import safetensors.torch
import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

try:
    import llama_cpp
except ImportError:
    llama_cpp = None

torch.set_grad_enabled(False)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
# float32 on both sides, of logarithms of probabilities.
TOLERANCE = 2e-4
PROMPTS = ["the cat number 7", "a red house and", "Tiếng Việt 12"]
NOUNS = ["cat", "dog", "house", "ship", "tree"]
COLOURS = ["red", "blue", "old", "small"]
SENTENCES = [f"the {COLOURS[i % 4]} {NOUNS[i % 5]} number {i} sat on the mat. Tiếng Việt, naïve: {i * 7}"
             for i in range(60)]
SHAPE = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
             max_position_embeddings=128, initializer_range=0.3)


def config(kind, vocabulary, end):
    """A tiny configuration by its case's name."""
    sizes = dict(SHAPE, vocab_size=vocabulary)
    ends = dict(bos_token_id=end, eos_token_id=end, pad_token_id=end)
    t5 = dict(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, vocab_size=vocabulary,
              initializer_factor=1.0, pad_token_id=0, eos_token_id=end, decoder_start_token_id=0)
    scaling = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                   original_max_position_embeddings=8192)
    return {
        "llama": lambda: transformers.LlamaConfig(
            **sizes, **ends, num_key_value_heads=2, tie_word_embeddings=True),
        "llama3": lambda: transformers.LlamaConfig(
            **sizes, **ends, num_key_value_heads=1, tie_word_embeddings=False,
            rope_parameters=dict(scaling, rope_theta=500000.0)),
        "qwen2": lambda: transformers.Qwen2Config(
            **sizes, **ends, num_key_value_heads=2, tie_word_embeddings=True),
        "mistral": lambda: transformers.MistralConfig(
            **sizes, **ends, num_key_value_heads=2, sliding_window=None),
        "gpt2": lambda: transformers.GPT2Config(
            vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=4, n_positions=128,
            initializer_range=0.3, bos_token_id=end, eos_token_id=end),
        "bert": lambda: transformers.BertConfig(**sizes),
        "t5": lambda: transformers.T5Config(**t5, feed_forward_proj="relu"),
        "t5_gated": lambda: transformers.T5Config(
            **t5, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
    }[kind]()


CASES = ["llama", "llama3", "qwen2", "mistral", "gpt2", "bert", "t5", "t5_gated"]


def tokenizer(kind):
    """A small one of the family's sort, trained on the sentences."""
    if kind == "bert":
        made = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
        made.normalizer = normalizers.BertNormalizer(lowercase=True)
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        made.decoder = decoders.WordPiece()
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        made.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(
            vocab_size=300, special_tokens=special, show_progress=False))
        made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        return made, dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], special)), 3
    if kind.startswith("t5"):
        made = tokenizers.Tokenizer(models.Unigram())
        made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
        made.decoder = decoders.Metaspace()
        special = ["<pad>", "</s>", "<unk>"]
        made.train_from_iterator(SENTENCES, trainers.UnigramTrainer(
            vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False))
        made.post_processor = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [("</s>", 1)])
        return made, dict(pad_token="<pad>", eos_token="</s>", unk_token="<unk>"), 1
    made = tokenizers.Tokenizer(models.BPE())
    split = {"qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
             "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"}.get(kind)
    if kind == "qwen2":
        made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False) if split is None else \
        pre_tokenizers.Sequence([
            pre_tokenizers.Split(tokenizers.Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.post_processor = processors.ByteLevel(trim_offsets=False)
    return made, dict(bos_token="<|endoftext|>", eos_token="<|endoftext|>"), 0


def make(kind, folder):
    """A folder in Hugging Face's layout."""
    made, special, end = tokenizer(kind)
    torch.manual_seed(len(kind))
    auto = {"bert": transformers.AutoModel}.get(
        kind, transformers.AutoModelForSeq2SeqLM if kind.startswith("t5") else transformers.AutoModelForCausalLM)
    model = auto.from_config(config(kind, made.get_vocab_size(), end)).eval()
    model.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, **special).save_pretrained(folder)


class Service:
    """The binary on a port of its own, in a folder that goes with it."""

    def __init__(self, binary, folder):
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--data", str(folder / "data"), "--port", "0"], stdout=self.log, stderr=self.log)
        while not (found := re.search(r"ready at http://([^\s/]+)", (folder / "log").read_text())):
            if self.process.poll() is not None:
                sys.exit((folder / "log").read_text())
            time.sleep(0.1)
        self.address = found[1]

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=600)
        kind = "application/json" if isinstance(body, dict) else "application/octet-stream"
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        connection.request(method, path, data, {"Content-Type": kind} if data else {})
        answer = connection.getresponse()
        found = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {found[:2000].decode()}")
        return found

    def call(self, method, path, body=None):
        return json.loads(self.send(method, path, body))

    def upload(self, name, rows):
        connection = http.client.HTTPConnection(self.address, timeout=600)
        lines = "\n".join(json.dumps(row) for row in rows).encode()
        connection.request("POST", f"/v1/datasets?name={name}", lines, {"Content-Type": "application/jsonl"})
        return json.loads(connection.getresponse().read())["id"]

    def train(self, name, base, tasks, adaptation, rate):
        run = self.call("POST", "/v1/runs", {
            "name": name, "base_model": base, "epochs": 1, "batch_tokens": 256, "max_length": 96,
            "tasks": tasks, "adaptation": {"method": adaptation}, "optimizer": {"learning_rate": rate}})["id"]
        while (state := self.call("GET", f"/v1/runs/{run}"))["status"] not in ("succeeded", "failed", "cancelled"):
            time.sleep(0.3)
        if state["status"] != "succeeded":
            raise RuntimeError(f"{name}: {state['error']}")

    def write(self, model, prompt):
        """Text and logarithms of the chosen tokens' probabilities, whole; the streamed text must be the same."""
        body = {"model": model, "prompt": prompt, "raw": True, "max_tokens": 12, "temperature": 0, "logprobs": 1}
        choice = self.call("POST", "/v1/generate", body)["choices"][0]
        stream = self.send("POST", "/v1/generate", body | {"stream": True}).decode()
        pieces = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
        streamed = "".join(piece["choices"][0]["text"] for piece in pieces if piece["choices"])
        assert streamed == choice["text"], (streamed, choice["text"])
        return choice["text"], np.array([token["logprob"] for token in choice["logprobs"]["content"]])

    def classify(self, model, text):
        return np.array(self.call("POST", "/v1/classify", {
            "model": model, "task": "mood", "input": text})["data"][0]["probs"])

    def export(self, model, folder, gguf):
        """The folder that the exported archive holds, with the GGUF file beside."""
        archive = self.send("GET", f"/v1/models/{model}/export?format=safetensors")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        folder = next(folder.rglob("config.json")).parent
        if gguf:
            (folder / "model.gguf").write_bytes(self.send("GET", f"/v1/models/{model}/export?format=gguf&type=F32"))
        return folder


class Reference:
    """A folder as Transformers reads it, or a GGUF file in it."""

    def __init__(self, folder, gguf=False):
        self.kind = json.loads((folder / "config.json").read_text())["model_type"]
        auto = {"bert": transformers.AutoModel, "t5": transformers.AutoModelForSeq2SeqLM}.get(
            self.kind, transformers.AutoModelForCausalLM)
        # A Mistral without a window is a Llama in GGUF, and Transformers' reader wants it so.
        config = transformers.AutoConfig.from_pretrained(folder)
        if self.kind == "mistral" and gguf:
            own = ("model_type", "architectures", "sliding_window")
            config = transformers.LlamaConfig(**{k: v for k, v in config.to_dict().items() if k not in own})
        more = dict(gguf_file="model.gguf", config=config) if gguf else {}
        self.model, info = auto.from_pretrained(folder, output_loading_info=True, dtype=torch.float32, **more)
        # A pooler is not learnt where nothing pools with it.
        missing = {key for key in info["missing_keys"] if "pooler" not in key}
        assert not missing and not info["unexpected_keys"] and not info["mismatched_keys"], info
        self.model.eval()
        # Transformers reads no Unigram out of GGUF.
        source = {"gguf_file": "model.gguf"} if gguf and self.kind != "t5" else {}
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **source)
        heads = folder / "heads.safetensors"
        self.heads = safetensors.torch.load_file(heads) if heads.exists() else {}

    def write(self, prompt, count):
        ids = self.tokenizer(prompt, return_tensors="pt").input_ids
        written, logs = [], []
        for _ in range(count):
            after = torch.tensor([written], dtype=torch.long)
            if self.kind == "t5":
                start = torch.tensor([[self.model.config.decoder_start_token_id]])
                logits = self.model(input_ids=ids, decoder_input_ids=torch.cat([start, after], 1)).logits
            else:
                logits = self.model(input_ids=torch.cat([ids, after], 1)).logits
            best = torch.log_softmax(logits[0, -1].double(), 0).max(0)
            logs.append(best.values.item())
            written.append(best.indices.item())
        return self.tokenizer.decode(written, skip_special_tokens=True), np.array(logs)

    def classify(self, text):
        ids = self.tokenizer(text, return_tensors="pt").input_ids
        backbone = self.model
        if self.kind == "t5":
            hidden = backbone.encoder(input_ids=ids).last_hidden_state[0].mean(0)
        elif self.kind == "bert":
            hidden = backbone(input_ids=ids).last_hidden_state[0, 0]
        else:
            hidden = backbone.base_model(input_ids=ids).last_hidden_state[0, -1]
        logits = self.heads["heads.mood.weight"] @ hidden + self.heads["heads.mood.bias"]
        return torch.softmax(logits.double(), 0).numpy()


class LlamaCpp:
    """A GGUF file as llama.cpp reads it, with caches in float32."""

    def __init__(self, path):
        self.llama = llama_cpp.Llama(
            str(path), n_ctx=128, n_threads=2, logits_all=True, verbose=False, type_k=0, type_v=0, flash_attn=False)
        self.encodes = llama_cpp.llama_model_has_encoder(self.llama.model)

    def ids(self, prompt):
        return self.llama.tokenize(prompt.encode(), add_bos=True, special=False)

    def write(self, prompt, count):
        ids, logs = self.ids(prompt), []
        self.llama.reset()
        if self.encodes:
            self.encode(ids)
            ids = [llama_cpp.llama_model_decoder_start_token(self.llama.model)]
        before = len(ids)
        for _ in range(count):
            self.llama.eval(ids[self.llama.n_tokens:])
            logits = self.llama.scores[self.llama.n_tokens - 1].astype(np.float64)
            top = logits.max()
            ids.append(int(logits.argmax()))
            logs.append(-np.log(np.exp(logits - top).sum()))
        return self.llama.detokenize(ids[before:], prev_tokens=ids[:before]).decode(errors="replace"), np.array(logs)

    def encode(self, ids):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.llama.ctx), True)
        # The batch only points to them.
        tokens = (llama_cpp.llama_token * len(ids))(*ids)
        assert llama_cpp.llama_encode(self.llama.ctx, llama_cpp.llama_batch_get_one(tokens, len(ids))) == 0


class Report:
    def __init__(self):
        self.good = True

    def line(self, name, found, expected, tolerance=TOLERANCE):
        """Largest difference of numbers; texts must be equal as far as the service wrote."""
        worst = float(np.abs(np.concatenate(found) - np.concatenate(expected)).max())
        self.note(worst <= tolerance, f"{name}: {worst:.1e}")

    def note(self, good, text):
        self.good &= bool(good)
        print(f"{'ok  ' if good else 'FAIL'} {text}", flush=True)


def compare_texts(report, name, said, reader, tolerance=TOLERANCE):
    found, expected, equal = [], [], True
    for prompt, (text, logs) in said.items():
        theirs, values = reader.write(prompt, len(logs))
        # The service drops a character that the last token left unfinished.
        equal &= theirs.strip("\ufffd ") == text.strip("\ufffd ")
        if not equal:
            print(f"     {name}: {text!r} here, {theirs!r} there")
        found.append(logs)
        expected.append(values)
    report.note(equal, f"{name}: {len(said)} greedy texts")
    report.line(f"{name}: logprobs", found, expected, tolerance)


def check(report, service, name, folder, writes, classifies, adaptation):
    """One trained model: what it says here and what its exports say elsewhere."""
    out = folder / "out"
    out.mkdir(parents=True)
    out = service.export(name, out, gguf=writes)
    label = f"{name} ({adaptation})"
    reference = Reference(out)
    if classifies:
        report.line(f"{label}: classes, Transformers", [service.classify(name, p) for p in PROMPTS],
                    [reference.classify(p) for p in PROMPTS])
    if not writes:
        return
    said = {prompt: service.write(name, prompt) for prompt in PROMPTS}
    compare_texts(report, f"{label}: safetensors, Transformers", said, reference)
    # Transformers reads T5 out of GGUF in its later form only, where the output has a table of its own.
    if reference.kind != "t5" or not reference.model.config.scale_decoder_outputs:
        compare_texts(report, f"{label}: GGUF, Transformers", said, Reference(out, gguf=True))
    if llama_cpp:
        reader = LlamaCpp(out / "model.gguf")
        same = [reader.ids(text) == reference.tokenizer(text).input_ids for text in PROMPTS + SENTENCES]
        report.note(all(same), f"{label}: GGUF, llama.cpp: ids of {len(same)} texts")
        # Its GELU is a table of half precision.
        compare_texts(report, f"{label}: GGUF, llama.cpp", said, reader, 5e-3)


def json_kind(service, name):
    return service.call("GET", f"/v1/models/{name}")["architecture"]


def run_case(report, service, base, root, rate, rows=60):
    kind = json_kind(service, base)
    mood = {"name": "mood", "kind": "classification", "dataset": service.upload(
        "mood", [{"text": text, "label": COLOURS[i % 4]} for i, text in enumerate(SENTENCES[:rows])])}
    writing = "sequence_to_sequence" if kind == "t5" else "generation"
    speak = {"name": "speak", "kind": writing, "format": "raw", "dataset": service.upload(
        "speak", [{"prompt": " ".join(text.split()[:4]), "completion": " ".join(text.split()[4:])} for text in SENTENCES[:rows]])}
    writes = kind != "bert"
    for adaptation in ["full", "lora"]:
        name = f"{base}-{adaptation}"
        service.train(name, base, [mood, speak] if writes else [mood], adaptation, rate)
        check(report, service, name, root / name, writes, True, adaptation)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--only")
    options = parser.parse_args()
    report = Report()
    if not llama_cpp:
        print("note llama-cpp-python is not installed: llama.cpp is not asked")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        service = Service(options.binary, root)
        try:
            for kind in CASES:
                if options.only not in (None, kind):
                    continue
                make(kind, root / kind)
                buffer = io.BytesIO()
                with tarfile.open(fileobj=buffer, mode="w") as tar:
                    tar.add(root / kind, ".")
                service.send("POST", f"/v1/models?name={kind}", buffer.getvalue())
                run_case(report, service, kind, root, 0.003)
            if options.model and options.only in (None, "model"):
                service.send("POST", "/v1/models?name=pretrained", options.model.read_bytes())
                run_case(report, service, "pretrained", root, 1e-4, rows=16)
        finally:
            service.process.terminate()
            service.process.wait()
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
