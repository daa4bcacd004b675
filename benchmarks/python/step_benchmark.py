"""Milliseconds a step of the mid-size transformer: this project's beside eager diffusers', with as many threads.

usage: step_benchmark.py

Runs the Java benchmark between two measurements of diffusers, of which the faster counts. Needs Maven's dependencies,
and from PyPI: torch diffusers
"""
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel

import reached

PROJECT = Path(__file__).resolve().parents[2]
THREADS = len(os.sched_getaffinity(0))
IMAGE_TOKENS = 256
TEXT_TOKENS = 64
REPETITIONS = 25
CONFIG = {
    "in_channels": 64, "num_layers": 4, "num_single_layers": 8, "attention_head_dim": 128, "num_attention_heads": 6,
    "joint_attention_dim": 4096, "pooled_projection_dim": 768, "guidance_embeds": True, "axes_dims_rope": (16, 56, 56)}


def eager(dtype):
    """Milliseconds of diffusers' own step, the median."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(**CONFIG).to(dtype)
    call = {
        "hidden_states": torch.randn(1, IMAGE_TOKENS, 64, dtype=dtype),
        "encoder_hidden_states": torch.randn(1, TEXT_TOKENS, 4096, dtype=dtype),
        "pooled_projections": torch.randn(1, 768, dtype=dtype),
        "timestep": torch.full((1,), 0.5, dtype=dtype), "guidance": torch.full((1,), 3.5, dtype=dtype),
        "img_ids": torch.cat([torch.zeros(IMAGE_TOKENS, 1), torch.cartesian_prod(torch.arange(16.0), torch.arange(16.0))], 1),
        "txt_ids": torch.zeros(TEXT_TOKENS, 3)}
    seconds = []
    with torch.no_grad():
        for _ in range(5 + REPETITIONS):
            start = time.perf_counter()
            transformer(**call)
            seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds[5:])


def ours():
    """The table of the Java benchmark: (stored, dtype) to (milliseconds, GFLOP/s at the peak, share of it)."""
    table = subprocess.run(
        ["./mvnw", "-q", "-Pbenchmarks", "-pl", "benchmarks", "-am", "verify", "-Dmaven.test.skip=true"],
        cwd=PROJECT, check=True, text=True, stdout=subprocess.PIPE).stdout
    print(table)
    rows = re.findall(r"^(\S+) +(\S+) +([\d.]+) +(\d+) +(\d+)%$", table, re.M)
    return {(stored, dtype): (float(ms), float(peak), float(share)) for stored, dtype, ms, peak, share in rows}


def main():
    types = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    first = {name: eager(dtype) for name, dtype in types.items()}
    table = ours()
    second = {name: eager(dtype) for name, dtype in types.items()}
    print(f"{THREADS} threads, torch {torch.__version__}")
    ratios = {}
    for name in types:
        theirs = min(first[name], second[name])
        ms, peak, share = table["BF16", name]
        ratios[f"step {name}"] = theirs / ms
        print(f"{name:10} eager diffusers {theirs:6.1f} ms ({first[name]:.1f}, {second[name]:.1f}),"
              f" here {ms:6.1f} ms: {theirs / ms:.2f} times as fast; {share:.0f} % of {peak:.0f} GFLOP/s")
    reached.compare(ratios)


if __name__ == "__main__":
    main()
