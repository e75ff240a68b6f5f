"""What multitask methods cost in a PyTorch loop: the step of `polytask bench methods`, in interleaved pairs.

    pytorch_methods.py [--pairs N] [--length N]
SmolLM2-135M's shape with random weights (time does not depend on their values), one classification and one
generation task, 8 sequences of 64 tokens each, fp32, eager, AdamW. Beside equal weights:
    gradnorm          each task's gradient at the last down_proj alone, as an expert writes GradNorm
    gradnorm_article  a whole backward pass for each task, as articles and most shipped loops do
    gramian           a whole backward pass for each task, the Gramian of their gradients and a weighted sum:
                      what PCGrad, CAGrad, MGDA and UPGrad cost there
Prints a table, and as its last line one JSON object.
"""
import argparse
import json
import statistics
import time

import torch
from transformers import LlamaConfig, LlamaModel

parser = argparse.ArgumentParser()
parser.add_argument("--pairs", type=int, default=8)
parser.add_argument("--length", type=int, default=64)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--only", default="gradnorm,gradnorm_article,gramian")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)

model = LlamaModel(LlamaConfig(
    vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, use_cache=False, attn_implementation="sdpa")).float()
head = torch.nn.Linear(576, 2)
ids = torch.randint(49152, (16, options.length))
labels, targets = torch.arange(8) % 2, torch.randint(49152, (8, options.length))
shared = list(model.parameters())
parameters = shared + list(head.parameters())
optimizer = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.01, fused=True)
last = model.layers[-1].mlp.down_proj.weight
weights = torch.ones(2, requires_grad=True)
weight_optimizer = torch.optim.Adam([weights], lr=0.025)
start = None


def losses():
    hidden = model(ids).last_hidden_state
    first = torch.nn.functional.cross_entropy(head(hidden[:8, -1]), labels)
    logits = torch.nn.functional.linear(hidden[8:].flatten(0, 1), model.embed_tokens.weight)
    return torch.stack([first, torch.nn.functional.cross_entropy(logits, targets.flatten())])


def finish():
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def equal():
    losses().sum().backward()
    finish()


def rebalance(values, norms):
    """GradNorm's step on the weights, from the losses and the gradients' norms without weight."""
    global start
    start = values if start is None else start
    rates = values / start
    weighed = weights * norms
    goal = (weighed.mean() * (rates / rates.mean()) ** 1.5).detach()
    weights.grad = torch.autograd.grad((weighed - goal).abs().sum(), weights)[0]
    weight_optimizer.step()
    with torch.no_grad():
        weights.mul_(2 / weights.sum())


def gradnorm():
    values = losses()
    norms = torch.stack([torch.autograd.grad(value, last, retain_graph=True)[0].norm() for value in values])
    (values * weights.detach()).sum().backward()
    finish()
    rebalance(values.detach(), norms)


def by_task(values):
    """Each task's gradient of every parameter, by a backward pass each."""
    found = []
    for task, value in enumerate(values):
        found.append(torch.autograd.grad(value, parameters, retain_graph=task == 0, allow_unused=True))
    return found


def combine(gradients, alpha):
    for parameter, first, second in zip(parameters, *gradients):
        parts = [a * g for a, g in zip(alpha, (first, second)) if g is not None]
        parameter.grad = sum(parts[1:], parts[0])


def gradnorm_article():
    values = losses()
    norms = [torch.sqrt(sum((g * g).sum() for g in own[:len(shared)] if g is not None)) for own in
             [torch.autograd.grad(value, shared, retain_graph=True, allow_unused=True) for value in values]]
    (values * weights.detach()).sum().backward()
    finish()
    rebalance(values.detach(), torch.stack(norms))


def gramian():
    gradients = by_task(losses())
    product = [[sum((a * b).sum() for a, b in zip(x[:len(shared)], y[:len(shared)]) if a is not None and b is not None)
                for y in gradients] for x in gradients]
    torch.tensor(product)
    combine(gradients, (0.5, 0.5))
    finish()


def timed(step):
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


figures = {"torch": torch.__version__, "pairs": options.pairs}
print("step in PyTorch     over equal weights, median   from … to")
for name in options.only.split(","):
    method = globals()[name]
    for step in (method, equal):
        step()
    ratios = []
    for pair in range(options.pairs):
        if pair % 2 == 0:
            own = timed(method)
            ratios.append(own / timed(equal))
        else:
            plain = timed(equal)
            ratios.append(timed(method) / plain)
    ratios.sort()
    figures[name] = statistics.median(ratios)
    print(f"{name:<20}{figures[name]:<29.3f}{ratios[0]:.3f} … {ratios[-1]:.3f}", flush=True)
print(json.dumps(figures))
