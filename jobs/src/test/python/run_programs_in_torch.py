"""Runs the tensor programs of `deploy/submit inspect --programs` in Python's own PyTorch.

usage: run_programs_in_torch.py

Loads the transformer's program of a golden folder with torch.jit.load, unchanged, calls it with the folder's weights and
the inputs that diffusers recorded, and compares what it predicts with what diffusers recorded. Ends with an error where
the difference is above 1e-4 of the largest value.

Needs from PyPI: torch safetensors
"""
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import torch
from safetensors.torch import load_file

PROJECT = Path(__file__).resolve().parents[4]
GOLDEN = PROJECT / "flux-udf/src/test/resources/golden/dev"
CASES = ("one", "two", "true_cfg")


def weights():
    """The transformer's own weights, and a list of maps for each kind of block."""
    own, blocks = {}, defaultdict(lambda: defaultdict(dict))
    for name, tensor in load_file(GOLDEN / "transformer/diffusion_pytorch_model.safetensors").items():
        kind, _, rest = name.partition(".")
        if kind.endswith("transformer_blocks"):
            number, _, rest = rest.partition(".")
            blocks[kind][int(number)][rest] = tensor.float()
        else:
            own[name] = tensor.float()
    return own, [layer for _, layer in sorted(blocks["transformer_blocks"].items())], \
        [layer for _, layer in sorted(blocks["single_transformer_blocks"].items())]


def angles(expected):
    """Angles of the recorded positions, one column a pair of dimensions."""
    positions = torch.cat([expected["txt_ids"], expected["img_ids"]]).double()
    axes = json.loads((GOLDEN / "transformer/config.json").read_text())["axes_dims_rope"]
    return torch.cat([positions[:, [i]] / 10000 ** (torch.arange(0, dim, 2, dtype=torch.float64) / dim)
                      for i, dim in enumerate(axes)], dim=1)


def difference(program, case):
    expected = load_file(GOLDEN / "cases" / case / "expected.safetensors")
    call = json.loads((GOLDEN / "cases" / case / "case.json").read_text())
    own, double_blocks, single_blocks = weights()
    batch = expected["t5_hidden"].shape[0]
    txt = program.embed_text(own, expected["t5_hidden"])
    turns = angles(expected)
    velocity = program.velocity(
        own, expected["transformer_in_step0"], txt, expected["clip_pooled"], 1000 * expected["timestep_step0"],
        torch.full((batch,), call["guidance_scale"]), torch.stack([turns.cos(), turns.sin()], -1).float(), double_blocks, single_blocks)
    recorded = expected["transformer_out_step0"]
    return float((velocity - recorded).abs().max() / recorded.abs().max())


def main():
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        subprocess.run([PROJECT / "deploy/submit", "inspect", "--model", GOLDEN, "--programs", folder],
                       check=True, stdout=subprocess.DEVNULL)
        program = torch.jit.load(str(Path(folder) / "FluxTransformer.pt"))
        print(f"torch {torch.__version__}")
        worst = 0
        for case in CASES:
            here = difference(program, case)
            worst = max(worst, here)
            print(f"{case:10} largest difference from diffusers' velocity: {here:.1e} of its largest value")
    if not worst <= 1e-4:
        sys.exit("too far from diffusers")


if __name__ == "__main__":
    main()
