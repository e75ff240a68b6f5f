#!/usr/bin/env python3
"""Prints what PyTorch makes of synaptic intelligence, for Tests/NNTests/PathIntegralTests.swift.

    python3 scripts/reference/retention.py

The loss is Σ a(θ − b)²/2 of a [2, 2] matrix, AdamW as our default at a rate of 0.05, six steps, double
precision. ω = −Σ g·Δθ and Ω = max(0, ω)/(Δθ² + ξ) as in the authors' code (1703.04200).
"""
import torch

a = torch.tensor([[1.0, 2.0], [0.5, 4.0]], dtype=torch.float64)
b = torch.tensor([[0.3, -1.0], [2.0, 0.1]], dtype=torch.float64)
theta = torch.nn.Parameter(torch.tensor([[1.0, 0.5], [-1.0, 0.2]], dtype=torch.float64))
start, omega = theta.detach().clone(), torch.zeros_like(a)
optimizer = torch.optim.AdamW([theta], lr=0.05, weight_decay=0.01)
for _ in range(6):
    optimizer.zero_grad()
    (a * (theta - b) ** 2 / 2).sum().backward()
    gradient, before = theta.grad.clone(), theta.detach().clone()
    optimizer.step()
    omega -= gradient * (theta.detach() - before)
print("theta     ", theta.detach().flatten().tolist())
print("omega     ", omega.flatten().tolist())
print("importance", (omega.clamp(min=0) / ((theta.detach() - start) ** 2 + 0.1)).flatten().tolist())
