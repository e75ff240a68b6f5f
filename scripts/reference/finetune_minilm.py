#!/usr/bin/env python3
"""Fine-tunes all-MiniLM-L6-v2 on two classes of sentences, through the service and in PyTorch, on the same rows.

    python3 scripts/reference/finetune_minilm.py BINARY MODEL_FOLDER TRAIN.jsonl HELD_OUT.jsonl [--only service|pytorch]

One epoch, AdamW at 5e-5 falling linearly, mean pooling, clipping at 1, batches of 32 rows. Prints both accuracies
on the held-out rows.
"""
import argparse
import io
import json
import pathlib
import tarfile
import tempfile
import time

import torch
import transformers

from check_service import Service

RATE, BATCH, TOKENS_MAX = 5e-5, 32, 128


def rows(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines() if line]


def in_service(binary, model, train, held_out):
    with tempfile.TemporaryDirectory() as folder:
        service = Service(binary, pathlib.Path(folder))
        try:
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as tar:
                tar.add(model, ".")
            service.send("POST", "/v1/models?name=minilm", buffer.getvalue())
            task = {"name": "mood", "kind": "classification", "dataset": service.upload("train", train),
                    "validation": service.upload("held-out", held_out)}
            run = service.call("POST", "/v1/runs", {
                "name": "tuned", "base_model": "minilm", "tasks": [task], "epochs": 1,
                "batch_rows": BATCH, "batch_tokens": BATCH * TOKENS_MAX,
                "max_length": TOKENS_MAX, "optimizer": {"name": "adamw", "learning_rate": RATE}})["id"]
            while (state := service.call("GET", f"/v1/runs/{run}"))["status"] in ("queued", "running"):
                time.sleep(1)
            assert state["status"] == "succeeded", state
            points = service.call("GET", f"/v1/runs/{run}/metrics?split=validation&limit=1000")["data"]
            last = [point for point in points if point["name"] == "accuracy"][-1]
            # What is served, not what was measured while training.
            right = 0
            for start in range(0, len(held_out), 32):
                part = held_out[start:start + 32]
                answer = service.call("POST", "/v1/classify", {
                    "model": "tuned", "task": "mood", "input": [row["text"] for row in part]})
                right += sum(item["label"] == str(row["label"]) for item, row in zip(answer["data"], part))
            return {"accuracy": last["value"], "served": right / len(held_out), "steps": state["step"]}
        finally:
            service.process.terminate()
            service.process.wait()


def in_pytorch(model, train, held_out, seed=1):
    torch.manual_seed(seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    encoder = transformers.AutoModel.from_pretrained(model, add_pooling_layer=False)
    labels = sorted({str(row["label"]) for row in train})
    head = torch.nn.Linear(encoder.config.hidden_size, len(labels))
    torch.nn.init.normal_(head.weight, std=0.02)
    torch.nn.init.zeros_(head.bias)
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.01)
    steps = -(-len(train) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)

    def logits(part):
        batch = tokenizer([row["text"] for row in part], padding=True, truncation=True, max_length=TOKENS_MAX,
                          return_tensors="pt")
        hidden = encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        return head((hidden * mask).sum(1) / mask.sum(1))

    # Without dropout, as the service trains.
    encoder.eval()
    order = torch.randperm(len(train)).tolist()
    for start in range(0, len(order), BATCH):
        part = [train[index] for index in order[start:start + BATCH]]
        loss = torch.nn.functional.cross_entropy(
            logits(part), torch.tensor([labels.index(str(row["label"])) for row in part]))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1)
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        found = [index for start in range(0, len(held_out), 64)
                 for index in logits(held_out[start:start + 64]).argmax(1).tolist()]
    right = sum(labels[index] == str(row["label"]) for index, row in zip(found, held_out))
    return {"accuracy": right / len(held_out), "steps": steps}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ["binary", "model", "train", "held_out"]:
        parser.add_argument(name)
    parser.add_argument("--only", choices=["service", "pytorch"])
    options = parser.parse_args()
    torch.set_num_threads(2)
    train, held_out = rows(options.train), rows(options.held_out)
    if options.only != "pytorch":
        print("service", in_service(options.binary, options.model, train, held_out), flush=True)
    if options.only != "service":
        torch.set_grad_enabled(True)
        print("pytorch", in_pytorch(options.model, train, held_out), flush=True)


if __name__ == "__main__":
    main()
