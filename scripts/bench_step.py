"""The two-task step beside PyTorch: every variant of the peer, our own runs before, between and after."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

BINARY, MODEL = os.environ["POLYTASK_BINARY"], os.environ["POLYTASK_BENCH_MODEL"]
PEER_PYTHON = os.environ["POLYTASK_PEER_PYTHON"]
DUMP = pathlib.Path(".build/bench-step")


def last_json(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


parser = argparse.ArgumentParser(prog="scripts/bench step")
parser.add_argument("--quick", action="store_true", help="the peer in its two usual best variants only")
parser.add_argument("--steps", type=int, default=5, help="measured steps in each process (default 5)")
options = parser.parse_args()

DUMP.mkdir(parents=True, exist_ok=True)
ours = {"fp32": [], "bf16": []}


def run_ours(*more):
    for dtype in [dtype for dtype in ours if dtype in dtypes]:
        ours[dtype].append(last_json([BINARY, "bench", "step", "--model", MODEL, "--steps", str(options.steps),
                                      "--dtype", dtype, *more, "--json"]))


dtypes = ["fp32", "bf16"] if "avx512_bf16" in open("/proc/cpuinfo").read() else ["fp32"]
run_ours("--dump", DUMP)


variants = [(dtype, mode, forward) for dtype in ("fp32", "bf16") for mode in ("eager", "compile")
            for forward in ("concatenated", "per_task")]
if options.quick:
    variants = [("fp32", "eager", "concatenated"), ("bf16", "eager", "concatenated")]
peers = []
if subprocess.run([PEER_PYTHON, "-c", "import torch, transformers, safetensors"], stderr=subprocess.DEVNULL).returncode:
    print(f"PyTorch and Transformers are not installed for {PEER_PYTHON} (scripts/bench peers installs them): no peer measured")
else:
    for index, (dtype, mode, forward) in enumerate(variants):
        peers.append(last_json([PEER_PYTHON, "scripts/bench_peers/pytorch_step.py", DUMP, "--dtype", dtype,
                                "--mode", mode, "--forward", forward, "--steps", str(options.steps)]))
        if index % 2 == 1:
            run_ours()

def median(runs):
    return statistics.median(run["tokens_per_second"] for run in runs)


memory = max(run["peak_gib"] for runs in ours.values() for run in runs)
print(f"\ntwo-task step, SmolLM2-135M, 2 × 8 × 64 tokens, on {processor()}")
print(f"{'':<38}{'tokens/s':>9}{'peak GiB':>10}  losses of the first step")
for dtype in dtypes:
    runs = ours[dtype]
    print(f"{'polytask ' + dtype:<38}{median(runs):>9.0f}{max(run['peak_gib'] for run in runs):>10.2f}  "
          + ", ".join(f"{value:.4f}" for value in runs[0]["losses"][0]))
for peer in peers:
    print(f"{'PyTorch ' + peer['torch'] + ' ' + peer['variant']:<38}{peer['tokens_per_second']:>9.0f}{peer['peak_gib']:>10.2f}  "
          + ", ".join(f"{value:.4f}" for value in peer["losses"][0]))


def ratio(dtypes):
    speeds = [peer["tokens_per_second"] for peer in peers if peer["variant"].split()[0] in dtypes]
    return max(median(ours[dtype]) for dtype in dtypes if ours[dtype]) / max(speeds) if speeds else None


result = {"tokens_per_second": max(median(ours[dtype]) for dtype in dtypes),
          "ratio_fp32": ratio(["fp32"]), "ratio_best": ratio(["fp32", "bf16"]), "peak_gib": memory,
          "peer_peak_gib": min((peer["peak_gib"] for peer in peers), default=None), "processor": processor(),
          "numerics": ours["fp32"][0]["numerics"],
          "ours": {dtype: [run["tokens_per_second"] for run in ours[dtype]] for dtype in dtypes},
          "peers": {peer["variant"]: peer["tokens_per_second"] for peer in peers}}
for peer in peers:
    tolerance = 2e-3 if peer["variant"].startswith("fp32") else 5e-2
    if any(abs(a - b) > tolerance * max(1, abs(b)) for a, b in zip(ours["fp32"][0]["losses"][0], peer["losses"][0])):
        sys.exit(f"error: the losses of {peer['variant']} differ from ours: the two sides do not compute the same step")
print(json.dumps(result))
