#!/usr/bin/env python3
"""Computes what llama.cpp's `gguf` package makes of quantised blocks, for GGUFFileTests.

    python3 scripts/reference/quants.py                 writes Tests/Goldens/quants.json

Needs PyPI's gguf. Blocks are a fixed sequence of bytes, save the half-precision scales, which are
set to small numbers so that every value is finite.
"""
import json
import pathlib

import gguf
import numpy as np

from parity import uniform

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Goldens" / "quants.json"
# Type, bytes of a block, offsets of its half-precision numbers.
FORMATS = [("Q4_0", 18, [0]), ("Q4_1", 20, [0, 2]), ("Q5_0", 22, [0]), ("Q5_1", 24, [0, 2]),
           ("Q8_0", 34, [0]), ("Q4_K", 144, [0, 2]), ("Q5_K", 176, [0, 2]), ("Q6_K", 210, [208])]

result = {}
for name, size, halves in FORMATS:
    block = ((uniform(name, 2 * size) + 1) * 128).astype(np.uint8).reshape(2, size)
    for row in range(2):
        for place, offset in enumerate(halves):
            half = np.float16(0.01 * (1 + row + 0.3 * place) * (-1) ** row)
            block[row, offset:offset + 2] = np.frombuffer(half.tobytes(), np.uint8)
    kind = gguf.GGMLQuantizationType[name]
    values = gguf.quants.dequantize(block.reshape(1, -1), kind).reshape(-1)
    result[name] = {"type": int(kind), "bytes": block.tobytes().hex(),
                    "values": [float(f"{v:.7g}") for v in values.astype(np.float64)]}
text = json.dumps(result, separators=(",", ":"))
GOLDEN.write_text(text.replace('},"', '},\n"') + "\n")
print(f"{len(result)} formats, {len(text)} bytes")
