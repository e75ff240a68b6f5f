#!/usr/bin/env python3
"""Loads what we export with Transformers, PEFT and llama.cpp's `gguf` package, unchanged.

    POLYTASK_TEST_EXPORTS=DIR swift test --filter ExportTests
    python3 scripts/reference/check_exports.py DIR

Needs PyPI's torch, transformers, peft and gguf. The exported models have the weights of
parity.py's formula, so its goldens say what their logits must be; an adapter's logits stand beside
it.
"""
import json
import pathlib
import sys

import gguf
import numpy as np
import peft
import torch
import transformers

from parity import CASES, GOLDENS, weight

TOLERANCE = 2e-5  # float32 on both sides
torch.set_grad_enabled(False)


def logits(model, golden, head=None):
    kind = golden["config"]["model_type"]
    rows = []
    for sequence, target in zip(golden["sequences"], golden["targets"]):
        ids = torch.tensor([sequence])
        if kind == "bert":
            output = model(input_ids=ids, attention_mask=torch.ones_like(ids))
            pooled = output.last_hidden_state[0].mean(0)
            if golden["config"]["pooling"] == "pooler":
                pooled = output.pooler_output[0]
            rows.append(head[0] @ pooled + head[1])
        elif kind == "t5":
            fed = torch.tensor([[0] + target[:-1]])
            rows.append(model(input_ids=ids, decoder_input_ids=fed).logits[0, -1])
        else:
            rows.append(model(input_ids=ids).logits[0, -1])
    return torch.stack(rows).double().numpy()


def check(name, found, expected):
    worst = np.abs(found - np.array(expected)).max() / max(1, np.abs(expected).max())
    print(f"{'ok  ' if worst <= TOLERANCE else 'FAIL'} {name}: {worst:.1e}")
    return worst <= TOLERANCE


def check_case(name, folder):
    golden = json.loads((GOLDENS / f"{name}.json").read_text())
    kind = golden["config"]["model_type"]
    auto = {"bert": transformers.AutoModel, "t5": transformers.AutoModelForSeq2SeqLM}.get(
        kind, transformers.AutoModelForCausalLM)
    model, info = auto.from_pretrained(folder, output_loading_info=True)
    model.eval()
    # BERT's pooler is not learnt where nothing pools with it.
    missing = {key for key in info["missing_keys"] if not key.startswith("pooler.")}
    good = not missing and not info["unexpected_keys"] and not info["mismatched_keys"]
    if not good:
        print(f"FAIL {name}: {info}")
    head = None
    if kind == "bert":
        head = [weight(f"heads.mood.{part}", shape).float()
                for part, shape in [("weight", (3, golden["config"]["hidden_size"])), ("bias", (3,))]]
    good &= check(name, logits(model, golden, head), golden["logits"])
    adapter = folder / "adapter"
    if adapter.exists():
        tuned = peft.PeftModel.from_pretrained(model, str(adapter))
        expected = json.loads((adapter / "logits.json").read_text())
        good &= check(f"{name} with its adapter", logits(tuned.base_model.model, golden, head), expected)
    return good


def check_gguf(folder):
    """F16 and Q8_0 against the F32 file, by llama.cpp's own rounding."""
    def tensors(path):
        reader = gguf.GGUFReader(path)
        return {t.name: t for t in reader.tensors}
    plain, good = tensors(folder / "F32.gguf"), True
    for kind in ["F16", "Q8_0"]:
        other = tensors(folder / f"{kind}.gguf")
        same = other.keys() == plain.keys()
        for name, tensor in other.items():
            values = plain[name].data
            want = gguf.quants.quantize(values, tensor.tensor_type)
            same &= bool((np.asarray(tensor.data).view(np.uint8) == want.view(np.uint8)).all())
        print(f"{'ok  ' if same else 'FAIL'} {kind}.gguf: {len(other)} tensors, bit for bit")
        good &= same
    return good


TEXTS = ["ab abc 12345 aab", " a  ab\n\nabc", "xyz 12 ab"]


def check_converted(folder):
    """A folder of ours and the GGUF file made of it: Transformers must see one model in both."""
    auto = transformers.AutoModelForCausalLM
    if json.loads((folder / "config.json").read_text())["model_type"] == "bert":
        names = {t.name for t in gguf.GGUFReader(folder / "model.gguf").tensors}
        print(f"ok   {folder.name}: {len(names)} tensors (Transformers reads no BERT from GGUF)")
        return True
    one, info = auto.from_pretrained(folder, output_loading_info=True)
    good = not any(info[key] for key in ["missing_keys", "unexpected_keys", "mismatched_keys"])
    # Its GGUF reader leaves out positions and scaling: the sizes are the folder's, the weights the file's.
    config = transformers.AutoConfig.from_pretrained(folder)
    other = auto.from_pretrained(folder, gguf_file="model.gguf", config=config)
    ids = torch.tensor([[3, 1, 4, 15, 92, 65, 35, 89, 79]])
    found, expected = (m.eval()(input_ids=ids).logits[0].double().numpy() for m in (other, one))
    good &= check(f"{folder.name}: GGUF read by Transformers", found, expected)
    ours = transformers.AutoTokenizer.from_pretrained(folder)
    theirs = transformers.AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
    for text in TEXTS:
        a, b = (t(text, add_special_tokens=False)["input_ids"] for t in (ours, theirs))
        if a != b:
            print(f"note {folder.name}: {text!r} is {a} here and {b} by Transformers' GGUF tokenizer")
    return good


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    results = [check_case(name, root / name) for name in CASES if (root / name).exists()]
    results.append(check_gguf(root))
    results += [check_converted(folder) for folder in sorted(root.glob("gguf_*"))]
    sys.exit(0 if all(results) else 1)
