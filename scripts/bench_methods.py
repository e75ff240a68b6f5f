"""What GradNorm costs: its step over a plain one, interleaved pairs in one process."""
import json
import os
import random
import statistics
import subprocess
import sys

BINARY, MODEL = os.environ["POLYTASK_BINARY"], os.environ["POLYTASK_BENCH_MODEL"]
done = subprocess.run([BINARY, "bench", "methods", "--model", MODEL, "--json", *sys.argv[1:]],
                      stdout=subprocess.PIPE, text=True)
if done.returncode:
    sys.exit(done.returncode)
measured = json.loads(done.stdout.strip().splitlines()[-1])
ratios = measured["ratios"]
if len(ratios) < 20:
    sys.exit(f"error: {len(ratios)} pairs measured, at least 20 are needed")
generator = random.Random(1)
medians = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(10_000))
result = {"pairs": len(ratios), "ratio_median": statistics.median(ratios), "ratio_upper_95": medians[int(0.95 * len(medians))],
          "plain_seconds": measured["plain_seconds"], "gradnorm_seconds": measured["gradnorm_seconds"]}
print(f"GradNorm step ÷ plain step, {result['pairs']} interleaved pairs: median {result['ratio_median']:.4f}, "
      f"upper 95 % bound {result['ratio_upper_95']:.4f} (bootstrap of the median)")
print(json.dumps(result))
