#!/usr/bin/env python3
"""Computes the directions of TorchJD, for Tests/MultitaskTests/AggregationReferenceTests.swift.

    python3 scripts/reference/aggregation.py            writes Tests/Goldens/aggregation.json

Needs PyPI's torch and torchjd[quadprog-projector,cagrad] 0.18. The gradients are formulas of a case's
name (`uniform` of parity.py; Swift has the same); the file holds only what comes out, in double
precision. TorchJD's choices that differ from ours are set or left out here, each with its reason.
"""
import json
import warnings

import numpy as np
import torch
import torchjd.aggregation as jd

from parity import GOLDENS, uniform

# tasks, width, exponent of the scale by task
CASES = {
    "pair": (2, 5, [0, 0]),
    "small against large": (2, 6, [-6, 6]),
    "four": (4, 9, [0, 0, 0, 0]),
    "four in two dimensions": (4, 2, [0, 0, 0, 0]),
    "five of mixed scales": (5, 12, [0, -2, 1, 2, -1]),
    "eight": (8, 20, [0] * 8),
    "eight in three dimensions": (8, 3, [0] * 8),
    "identical": (3, 4, [0, 0, 0]),
    "opposite": (2, 4, [0, 0]),
    "one is zero": (3, 4, [0, 0, 0]),
    "tiny": (3, 5, [-15, -15, -15]),
    "huge": (3, 5, [15, 15, 15]),
}


def gradients(name):
    tasks, width, exponents = CASES[name]
    rows = uniform(name, tasks * width).reshape(tasks, width)
    if name == "identical":
        rows[1:] = rows[0]
    if name == "opposite":
        rows[1] = -rows[0]
    if name == "one is zero":
        rows[1] = 0
    return rows * (10.0 ** np.array(exponents))[:, None]


def methods(name):
    """Name, parameters and TorchJD's aggregator, where both define the same direction."""
    rows = gradients(name)
    found = [
        ("sum", {}, jd.Sum()), ("mean", {}, jd.Mean()),
        # Ours is exact: its Frank-Wolfe runs until it stands still.
        ("mgda", {}, jd.MGDA(epsilon=1e-14, max_iters=100_000)),
        ("upgrad", {}, jd.UPGrad()), ("dualproj", {}, jd.DualProj()),
        ("aligned_mtl", {}, jd.AlignedMTL()),
    ]
    # Where gradients depend on each other, the pseudo-inverse of G itself (TorchJD) is not that of unit
    # gradients (ours); where their lengths differ by many orders, TorchJD's drops the small ones and
    # the projections are no longer equal.
    units = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-300)
    if np.ptp(CASES[name][2]) < 6 and np.linalg.matrix_rank(units) == len(rows):
        found.append(("imtl_g", {}, jd.IMTLG()))
    # At a Pareto stationary point TorchJD's CAGrad stands still; the paper's d is g_0 there.
    if np.linalg.norm(jd.MGDA(epsilon=1e-14, max_iters=100_000)(torch.tensor(rows)).numpy()) \
            > 1e-6 * np.abs(rows).max():
        found += [("cagrad", {"c": c}, jd.CAGrad(c=c)) for c in (0.4, 0.9)]
    return found


def main():
    warnings.simplefilter("ignore")
    lines = []
    for name, (tasks, width, exponents) in CASES.items():
        rows, known = gradients(name), []
        for method, parameters, aggregator in methods(name):
            # TorchJD's thresholds are absolute: it sees the gradients at a size of 1.
            scale = 10.0 ** max(exponents)
            direction = aggregator(torch.tensor(rows / scale)).numpy() * scale
            known.append("  " + json.dumps({
                "method": method, "parameters": parameters,
                "direction": [float(f"{value:.9g}") for value in direction]}))
        head = json.dumps({"tasks": tasks, "width": width, "exponents": exponents})
        lines.append(f' {json.dumps(name)}: {head[:-1]}, "directions": [\n' + ",\n".join(known) + "]}")
        print(f"{name:28} {len(known)} directions")
    (GOLDENS / "aggregation.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
