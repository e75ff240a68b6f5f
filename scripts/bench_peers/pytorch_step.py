"""The two-task training step of `polytask bench step` in PyTorch: same weights, same rows, same losses.

One variant a process, so that peak memory is that variant's own:
    pytorch_step.py DUMP --dtype fp32|bf16 --mode eager|compile --forward per_task|concatenated --steps N
DUMP holds `weights.safetensors` (Hugging Face names, and `heads.TASK.weight|bias`) and `batch.json`.
Prints one JSON object.
"""
import argparse
import contextlib
import json
import resource
import time

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaModel

parser = argparse.ArgumentParser()
parser.add_argument("dump")
parser.add_argument("--dtype", default="fp32", choices=["fp32", "bf16"])
parser.add_argument("--mode", default="eager", choices=["eager", "compile"])
parser.add_argument("--forward", default="concatenated", choices=["per_task", "concatenated"])
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(options.threads)

batch = json.load(open(f"{options.dump}/batch.json"))
with safe_open(f"{options.dump}/weights.safetensors", "pt") as file:
    shape = json.loads(json.loads(file.metadata()["configuration"])["details"])
    [task] = [head["task"] for head in json.loads(file.metadata()["heads"]) if head["kind"] == "classification"]
shape["rope_parameters"] = {"rope_type": "default", "rope_theta": shape.pop("rope_theta")}
del shape["rope_scaling"]
model = LlamaModel(LlamaConfig(**shape, use_cache=False, attn_implementation="sdpa")).float()
weights = load_file(f"{options.dump}/weights.safetensors")
missing, unexpected = model.load_state_dict(
    {name.removeprefix("model."): value for name, value in weights.items() if name.startswith("model.")}, strict=False)
assert not missing and not unexpected, (missing, unexpected)
head = torch.nn.Linear(shape["hidden_size"], 2)
head.load_state_dict({"weight": weights[f"heads.{task}.weight"], "bias": weights[f"heads.{task}.bias"]})
del weights

classification = torch.tensor(batch["classificationTokens"])
labels = torch.tensor(batch["labels"])
generation, targets = torch.tensor(batch["generationTokens"]), torch.tensor(batch["generationTargets"])
rows = len(classification)
everything = torch.cat([classification, generation])
parameters = list(model.parameters()) + list(head.parameters())
optimizer = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.01, fused=True)


def losses():
    """Mean loss of each task; the language-model head reads the generation rows only, as ours does."""
    if options.forward == "per_task":
        pooled, tokens = model(classification).last_hidden_state, model(generation).last_hidden_state
    else:
        hidden = model(everything).last_hidden_state
        pooled, tokens = hidden[:rows], hidden[rows:]
    first = torch.nn.functional.cross_entropy(head(pooled[:, -1]).float(), labels)
    logits = torch.nn.functional.linear(tokens.flatten(0, 1), model.embed_tokens.weight)
    return first, torch.nn.functional.cross_entropy(logits.float(), targets.flatten())


forward = torch.compile(losses) if options.mode == "compile" else losses
precision = (torch.autocast("cpu", torch.bfloat16) if options.dtype == "bf16" else contextlib.nullcontext())


def step():
    with precision:
        first, second = forward()
    ((first + second) / 2).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return first.item(), second.item()


history, seconds = [], []
for index in range(options.steps + 1):
    began = time.perf_counter()
    history.append(step())
    if index > 0:
        seconds.append(time.perf_counter() - began)
seconds.sort()
tokens = everything.numel()
print(json.dumps({
    "variant": f"{options.dtype} {options.mode} {options.forward}", "torch": torch.__version__,
    "tokens_per_second": tokens / seconds[len(seconds) // 2], "losses": history,
    "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
