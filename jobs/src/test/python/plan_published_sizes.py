"""Prints what `deploy/submit plan` says of one picture of the published FLUX.1 models, by size: the table of docs/sizing.md.

Needs what inspect_published_sizes.py needs.
"""
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from compare_with_diffusers import PROJECT
from inspect_published_sizes import MODELS, make

SIZES = [(512, 512), (768, 768), (1024, 1024), (1440, 1440), (2048, 2048)]
BATCHES = [1, 4, 8]


def plan(folder, model, prompts, batch):
    command = [PROJECT / "deploy/submit", "plan", "--json", "--prompts", prompts, "--output", folder / "out"]
    command += ["--model", folder / model, "--dtype", "bfloat16", "--batch-size", str(batch)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["buckets"]


def main():
    work = Path(tempfile.mkdtemp())
    prompts = work / "prompts.csv"
    rows = [f"{h}-{i},a fox,{h},{w}" for h, w in SIZES for i in range(max(BATCHES))]
    prompts.write_text("\n".join(["id,prompt,height,width", *rows]) + "\n")
    for model in ("FLUX.1-dev", "FLUX.1-schnell"):
        make(work / model, *MODELS[model])
        plans = [plan(work, model, prompts, batch) for batch in BATCHES]
        for buckets in zip(*plans):
            one = buckets[0]
            memory = " | ".join(f"{bucket['device_bytes'] / 2**30:.1f}" for bucket in buckets)
            print(
                f"| {model} | {one['height']} x {one['width']} | {one['num_inference_steps']} |"
                f" {one['teraflops'] / one['images']:,.0f} | {memory} |",
                flush=True,
            )
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
