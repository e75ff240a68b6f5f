"""The demo's client: what `scripts/demo` does once everything is built. Standard library only."""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

import bag_of_words
import demo_data

FULL = {"sentiment": 2200, "reply": 700, "held_out": (None, None), "mixing": "inverse_frequency",
        "rate": 5e-5, "batch_tokens": 768}
# So few rows teach more when each is seen once: proportional mixing.
QUICK = {"sentiment": 640, "reply": 140, "held_out": (160, 60), "mixing": "proportional",
         "rate": 1e-4, "batch_tokens": 384}
# Requests a second while the second run trains: a busy chatbot on two cores, with room to train.
REQUESTS_PER_SECOND = 5
LATENCY_REQUESTS = 250
CLASSIFY_P99_MS_MAX = 150
# "Well below": the held-out perplexity must fall by a fifth at least.
PERPLEXITY_RATIO_MAX = 0.8


class Client:
    """One keep-alive connection to the server; errors become a message that names route and answer."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=120)

    def call(self, method, path, body=None, content_type="application/json"):
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.connection.request(method, path, data, {"Content-Type": content_type} if data else {})
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status >= 400:
            sys.exit(f"error: {method} {path} answered {response.status}: {text}")
        return json.loads(text)


def say(text):
    print(f"\033[1m==> {text}\033[0m", flush=True)


def start_server(binary, folder, model):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([binary, "models", "import", model, "--data", str(folder),
                    "--name", "smollm2-135m-instruct"], check=True)
    log = open(folder / "server.log", "wb")
    server = subprocess.Popen([binary, "serve", "--data", str(folder), "--port", "0"],
                              stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = re.search(r"http://[^\s/]+", (folder / "server.log").read_text(errors="replace"))
        if found:
            try:
                connection = http.client.HTTPConnection(found[0].removeprefix("http://"), timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return server, found[0]
            except OSError:
                pass
        if server.poll() is not None:
            break
        time.sleep(0.2)
    sys.exit("error: the server did not become ready:\n" + (folder / "server.log").read_text(errors="replace"))


def upload(client, name, rows):
    created = client.call("POST", f"/v1/datasets?name={name}", demo_data.jsonl(rows), "application/jsonl")
    print(f"  {name}: {created['rows']} rows, {created['bytes']} bytes → {created['id']}")
    return created["id"]


def show_metrics(client, run, seen):
    page = client.call("GET", f"/v1/runs/{run}/metrics?split=validation&limit=1000")
    for point in page["data"]:
        key = (point["task"], point["name"], point["step"])
        if key not in seen:
            seen[key] = point["value"]
            print(f"\r\033[K  step {point['step']:>4}  {point['task']:<10} held-out {point['name']:<10} {point['value']:.4f}",
                  flush=True)


def follow(client, run):
    """Shows progress and held-out metrics until the run ends; returns the run and its metrics."""
    seen, shown = {}, 0
    while True:
        state = client.call("GET", f"/v1/runs/{run}")
        show_metrics(client, run, seen)
        if state["status"] in ("succeeded", "failed", "cancelled"):
            print("\r\033[K", end="")
            return state, seen
        if time.monotonic() - shown > (1 if sys.stdout.isatty() else 15):
            shown = time.monotonic()
            eta = state["eta_seconds"]
            print(f"\r\033[K  {state['phase']}: step {state['step']} of {state['steps'] or '?'}, "
                  f"{state['tokens_per_second'] or 0:.0f} tokens/s, "
                  + (f"{eta / 60:.1f} min left" if eta is not None else "…"),
                  end="" if sys.stdout.isatty() else "\n", flush=True)
        time.sleep(1)


def run_body(name, datasets, options, epochs):
    train_s, held_s, train_r, held_r = datasets
    return {
        "name": name, "base_model": "smollm2-135m-instruct",
        "tasks": [
            {"name": "sentiment", "kind": "classification", "dataset": train_s, "validation": held_s},
            {"name": "reply", "kind": "generation", "dataset": train_r, "validation": held_r},
        ],
        "mixing": {"method": options["mixing"]}, "weighting": {"method": "gradnorm", "alpha": 1.5},
        "optimizer": {"name": "adamw", "learning_rate": options["rate"]},
        "epochs": epochs, "batch_tokens": options["batch_tokens"], "max_length": 256, "seed": 1,
    }


def classify_latency(client, datasets, options, texts):
    """p99 in ms of single classifications on the first run's model while a second run trains."""
    second = client.call("POST", "/v1/runs", run_body("second", datasets, options, epochs=20))["id"]
    while True:
        state = client.call("GET", f"/v1/runs/{second}")
        if state["status"] not in ("queued", "running"):
            sys.exit(f"error: the second run ended early: {json.dumps(state)}")
        if state["phase"] == "training" and state["step"] > 0:
            break
        time.sleep(0.5)
    first_step = state["step"]
    # Not measured: the first request loads the model.
    client.call("POST", "/v1/classify", {"model": "demo", "input": texts[0]})
    times = []
    began = time.perf_counter()
    for index in range(LATENCY_REQUESTS):
        start = began + index / REQUESTS_PER_SECOND
        time.sleep(max(0, start - time.perf_counter()))
        client.call("POST", "/v1/classify", {"model": "demo", "input": texts[index % len(texts)]})
        # From when the request was due: one that waits for the one before it counts its wait.
        times.append(1000 * (time.perf_counter() - start))
    state = client.call("GET", f"/v1/runs/{second}")
    trained = state["step"] - first_step
    client.call("POST", f"/v1/runs/{second}/cancel")
    times.sort()
    p99 = times[min(len(times) - 1, int(0.99 * len(times)))]
    print(f"  {len(times)} requests, {REQUESTS_PER_SECOND} a second, while the second run made {trained} steps: "
          f"median {times[len(times) // 2]:.0f} ms, p99 {p99:.0f} ms, worst {times[-1]:.0f} ms")
    if state["status"] != "running" or trained < 1:
        sys.exit("error: the second run was not training while the latency was measured")
    return p99


def table(result):
    print(f"\n  {'task':<10} {'metric':<11} {'before':>9} {'after':>9} {'majority':>9} {'bag of words':>13}")
    for name, row in result["tasks"].items():
        extra = [f"{row[key]:.3f}" if key in row else "-" for key in ("majority", "bag_of_words")]
        print(f"  {name:<10} {row['metric']:<11} {row['before']:>9.3f} {row['after']:>9.3f} {extra[0]:>9} {extra[1]:>13}")
    print(f"  trained {result['training_seconds']:.0f} s; classify p99 while training {result['classify_p99_ms']:.0f} ms\n")


def verdict(result, losses, quick):
    """What the demo promises; the list of promises broken."""
    sentiment, reply = result["tasks"]["sentiment"], result["tasks"]["reply"]
    broken = []
    if sentiment["after"] <= sentiment["majority"]:
        broken.append("sentiment accuracy is not above the majority class")
    if quick:
        broken += [f"the held-out loss of {task} did not fall" for task, (before, after) in losses.items()
                   if not after < before]
    else:
        if sentiment["after"] <= sentiment["bag_of_words"]:
            broken.append("sentiment accuracy is not above the bag of words")
        if not reply["after"] < PERPLEXITY_RATIO_MAX * reply["before"]:
            broken.append("reply perplexity is not well below the untrained model's")
        if result["classify_p99_ms"] >= CLASSIFY_P99_MS_MAX:
            broken.append(f"classify p99 is not under {CLASSIFY_P99_MS_MAX} ms")
    return broken


def curl_lines(url):
    return f"""  curl {url}/v1/classify -d '{{"model":"demo","input":"what a lovely day"}}'
  curl {url}/v1/generate -d '{{"model":"demo","prompt":"How are you doing?","max_tokens":40}}'
  curl -N {url}/v1/generate -d '{{"model":"demo","prompt":"Tell me a joke","max_tokens":60,"stream":true}}'
  curl {url}/v1/runs   # and /v1/datasets, /v1/models, /openapi.yaml"""


def demo(client, url, options, quick):
    downloads = os.environ["POLYTASK_DEMO_DOWNLOADS"]
    sentiment, reply = demo_data.sentiment(downloads), demo_data.reply(downloads)
    train_s = demo_data.shuffled(sentiment["train"], options["sentiment"])
    train_r = demo_data.shuffled(reply["train"], options["reply"])
    held_s = demo_data.shuffled(sentiment["held_out"], options["held_out"][0])
    held_r = demo_data.shuffled(reply["held_out"], options["held_out"][1])

    say("Uploading two data sets, each with rows that will not be trained on")
    datasets = [upload(client, name, rows) for name, rows in
                (("sentiment", train_s), ("sentiment-held-out", held_s), ("reply", train_r), ("reply-held-out", held_r))]

    say(f"Fine-tuning SmolLM2-135M on both at once (GradNorm weights, {options['mixing']} mixing)")
    run = client.call("POST", "/v1/runs", run_body("demo", datasets, options, epochs=1))["id"]
    state, metrics = follow(client, run)
    if state["status"] != "succeeded":
        sys.exit(f"error: the run ended as {state['status']}: {json.dumps(state.get('error'))}")
    last = max(step for _, _, step in metrics)

    say("Classifying and generating")
    for text in ("I love how this turned out, thank you all!", "Worst service ever, I am so tired of this."):
        answer = client.call("POST", "/v1/classify", {"model": "demo", "input": text})["data"][0]
        print(f"  {text!r} → {answer['label']} ({max(answer['probs']):.2f})")
    for prompt in ("How are you doing?", "My laptop screen is black."):
        answer = client.call("POST", "/v1/generate", {"model": "demo", "prompt": prompt, "max_tokens": 40})
        print(f"  {prompt!r} → {answer['choices'][0]['text'].strip()!r}")

    say("Classifying while a second run trains")
    p99 = classify_latency(client, datasets, options, [row["text"] for row in held_s])

    positive = sum(row["label"] == "positive" for row in held_s) / len(held_s)
    result = {
        "tasks": {
            "sentiment": {"metric": "accuracy", "before": metrics["sentiment", "accuracy", 0],
                          "after": metrics["sentiment", "accuracy", last],
                          "majority": max(positive, 1 - positive),
                          "bag_of_words": bag_of_words.best(train_s, held_s)},
            "reply": {"metric": "perplexity", "before": metrics["reply", "perplexity", 0],
                      "after": metrics["reply", "perplexity", last]}},
        "training_seconds": state["training_seconds"], "classify_p99_ms": p99,
    }
    losses = {task: (metrics[task, "loss", 0], metrics[task, "loss", last]) for task in ("sentiment", "reply")}
    table(result)
    print("To go on:\n" + curl_lines(url))
    return result, verdict(result, losses, quick)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="train about two minutes, on a part of the rows")
    parser.add_argument("--serve", action="store_true", help="leave the server running")
    arguments = parser.parse_args()
    folder = pathlib.Path(".build/demo")
    # A script that is ended ends its server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    say("Starting the server")
    server, url = start_server(os.environ["POLYTASK_BINARY"], folder, os.environ["POLYTASK_DEMO_MODEL"])
    print(f"  {url}, data in {folder}, log in {folder}/server.log")
    keep = False
    try:
        result, broken = demo(Client(url), url, QUICK if arguments.quick else FULL, arguments.quick)
        keep = arguments.serve
    finally:
        if keep:
            print(f"The server goes on at {url}; stop it with: kill {server.pid}")
        else:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=40)
            except subprocess.TimeoutExpired:
                server.kill()
            print("The server is stopped (scripts/demo --serve leaves it running).")
    for promise in broken:
        print(f"error: {promise}", file=sys.stderr)
    print(json.dumps(result), flush=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
