#!/usr/bin/env python3
"""Computes what Transformers makes of tiny models, for Tests/ModelsTests/ParityTests.swift.

    python3 scripts/reference/parity.py [case ...]      writes Tests/Goldens/<case>.json

Needs PyPI's torch and transformers. No weights are stored: every value is a formula of the
parameter's name and the value's place (`uniform` below; Swift has the same), and only
configuration, inputs and a few numbers go into the files. All is computed in double precision.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import transformers

GOLDENS = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Goldens"
MASK = (1 << 64) - 1
STEPS, RATE, DECAY = 10, 2e-3, 0.01


def uniform(name, count):
    """FNV-1a of the name, then SplitMix64 by place; 24 bits, uniform in -1..<1, exact in float32."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1


def weight(name, shape):
    """Gains near 1, biases near 0, matrices within ±0.25; float32 values."""
    values = uniform(name, int(np.prod(shape)))
    if len(shape) > 1:
        values = 0.25 * values
    elif name.endswith("weight"):
        values = 1 + 0.125 * values
    else:
        values = 0.125 * values
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(shape))


def tokens(name, length, vocabulary):
    """Never 0: it pads in BERT, and PyTorch gives the row of padding no gradient."""
    return [1 + int(v) for v in (uniform(name, length) + 1) / 2 * (vocabulary - 1)]


LLAMA = dict(model_type="llama", vocab_size=61, hidden_size=24, num_hidden_layers=2,
             num_attention_heads=4, num_key_value_heads=2, head_dim=8, intermediate_size=40,
             max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=True)
BERT = dict(model_type="bert", vocab_size=61, hidden_size=24, num_hidden_layers=2,
            num_attention_heads=4, intermediate_size=40, max_position_embeddings=32,
            type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu")
T5 = dict(model_type="t5", vocab_size=61, d_model=24, d_kv=8, d_ff=40, num_layers=2,
          num_decoder_layers=2, num_heads=4, relative_attention_num_buckets=8,
          relative_attention_max_distance=12, layer_norm_epsilon=1e-6,
          feed_forward_proj="relu", tie_word_embeddings=True, decoder_start_token_id=0,
          pad_token_id=0, eos_token_id=1)
CASES = {
    "llama": LLAMA,
    "llama3": {**LLAMA, "tie_word_embeddings": False, "attention_bias": True, "mlp_bias": True,
               "rope_theta": 500.0,
               "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                "high_freq_factor": 4.0, "original_max_position_embeddings": 16}},
    "llama_linear": {**LLAMA, "rope_scaling": {"rope_type": "linear", "factor": 4.0}},
    "mistral": {**LLAMA, "model_type": "mistral", "sliding_window": 3,
                "tie_word_embeddings": False},
    "qwen2": {**LLAMA, "model_type": "qwen2", "head_dim": 6},
    "bert_mean": {**BERT, "pooling": "mean"},
    "bert_pooler": {**BERT, "pooling": "pooler"},
    "gpt2": dict(model_type="gpt2", vocab_size=61, n_embd=24, n_layer=2, n_head=4,
                 n_positions=32, layer_norm_epsilon=1e-5, activation_function="gelu_new"),
    "t5": T5,
    "t5_gated": {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
}
CLASSES = 3


class Case:
    def __init__(self, name):
        self.config = CASES[name]
        torch.set_default_dtype(torch.float64)
        fields = {k: v for k, v in self.config.items() if k not in ("model_type", "pooling")}
        for dropout in ("attn_pdrop", "embd_pdrop", "resid_pdrop", "dropout_rate",
                        "hidden_dropout_prob", "attention_probs_dropout_prob"):
            fields[dropout] = 0.0
        config = transformers.AutoConfig.for_model(self.config["model_type"], **fields)
        config._attn_implementation = "eager"
        kind = self.config["model_type"]
        auto = {"bert": transformers.AutoModel, "t5": transformers.AutoModelForSeq2SeqLM}.get(
            kind, transformers.AutoModelForCausalLM)
        self.model = auto.from_config(config).double().train()
        self.kind = kind
        if kind == "t5" and not self.config["tie_word_embeddings"]:
            # Transformers 5 ties a new T5 whatever it is told; one loaded from files is not tied.
            self.model.lm_head.weight = torch.nn.Parameter(self.model.lm_head.weight.clone())
        self.parameters = dict(self.model.named_parameters())
        if kind == "bert":
            self.parameters["heads.mood.weight"] = torch.empty(CLASSES, config.hidden_size)
            self.parameters["heads.mood.bias"] = torch.empty(CLASSES)
            if self.config["pooling"] != "pooler":
                self.parameters = {k: v for k, v in self.parameters.items()
                                   if not k.startswith("pooler.")}
        with torch.no_grad():
            for key, value in self.parameters.items():
                value.copy_(weight(key, value.shape))
                value.requires_grad_(True)
        vocabulary = config.vocab_size
        self.sequences = [tokens(f"sequence {i}", n, vocabulary) for i, n in enumerate([7, 12, 2])]
        self.targets = [tokens(f"target {i}", n, vocabulary) for i, n in enumerate([5, 1, 9])]
        self.labels = [2, 0, 1]

    def logits(self):
        """One tensor a sequence: class logits, or a row of token logits for each position."""
        results = []
        for sequence, target in zip(self.sequences, self.targets):
            ids = torch.tensor([sequence])
            if self.kind == "bert":
                output = self.model(input_ids=ids, attention_mask=torch.ones_like(ids))
                if self.config["pooling"] == "pooler":
                    pooled = output.pooler_output[0]
                else:
                    pooled = output.last_hidden_state[0].mean(0)
                head = self.parameters
                results.append((head["heads.mood.weight"] @ pooled + head["heads.mood.bias"])[None])
            elif self.kind == "t5":
                fed = torch.tensor([[0] + target[:-1]])
                results.append(self.model(input_ids=ids, decoder_input_ids=fed).logits[0])
            else:
                results.append(self.model(input_ids=ids).logits[0])
        return results

    def loss(self, logits):
        """Mean cross-entropy over all targets."""
        if self.kind == "bert":
            rows, targets = torch.cat(logits), self.labels
        elif self.kind == "t5":
            rows, targets = torch.cat(logits), sum(self.targets, [])
        else:
            rows = torch.cat([x[:-1] for x in logits])
            targets = sum([s[1:] for s in self.sequences], [])
        return torch.nn.functional.cross_entropy(rows, torch.tensor(targets))

    def run(self):
        logits = self.logits()
        loss = self.loss(logits)
        loss.backward()
        golden = {
            "config": self.config, "sequences": self.sequences, "targets": self.targets,
            "labels": self.labels, "logits": [rounded(x[-1].tolist()) for x in logits],
            "loss": loss.item(), "gradients": {},
        }
        for key, value in self.parameters.items():
            gradient = value.grad.numpy().reshape(-1)
            golden["gradients"][key] = rounded([
                np.sqrt((gradient ** 2).sum()),
                (gradient * uniform("dot " + key, gradient.size)).sum(), gradient[0],
                gradient[-1]])
        matrices = [p for p in self.parameters.values() if p.dim() > 1]
        vectors = [p for p in self.parameters.values() if p.dim() == 1]
        optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0}],
            lr=RATE)
        golden["losses"] = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = self.loss(self.logits())
            loss.backward()
            golden["losses"].append(loss.item())
            optimizer.step()
        golden["generated"] = self.generate()
        return golden

    def generate(self):
        """Greedy continuations after training, eight tokens of each sequence."""
        if self.kind == "bert":
            return []
        self.model.eval()
        results = []
        for sequence in self.sequences:
            ids, out = torch.tensor([sequence]), [0] if self.kind == "t5" else list(sequence)
            first = len(out)
            for _ in range(8):
                with torch.no_grad():
                    if self.kind == "t5":
                        logits = self.model(input_ids=ids, decoder_input_ids=torch.tensor([out])).logits
                    else:
                        logits = self.model(input_ids=torch.tensor([out])).logits
                out.append(int(logits[0, -1].argmax()))
            results.append(out[first:])
        return results


def rounded(values):
    return [float(f"{v:.9g}") for v in values]


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or CASES:
        golden = Case(name).run()
        text = json.dumps(golden, indent=None, separators=(",", ":"))
        (GOLDENS / f"{name}.json").write_text(text.replace('],"', '],\n"') + "\n")
        print(f"{name}: loss {golden['loss']:.6f} -> {golden['losses'][-1]:.6f}, "
              f"{len(golden['gradients'])} parameters")
