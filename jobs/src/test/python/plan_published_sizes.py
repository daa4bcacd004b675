"""Prints what `deploy/submit plan` says of one picture of the published FLUX.1 models: the tables of docs/sizing.md.

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
OFFLOADS = ["", "text-encoder", "modulation", "text-encoder,modulation", "text-encoder,modulation,decoding"]


def plan(folder, model, prompts, batch, offload="", dtype="bfloat16"):
    command = [PROJECT / "deploy/submit", "plan", "--json", "--prompts", prompts, "--output", folder / "out"]
    command += ["--model", folder / model, "--dtype", dtype, "--batch-size", str(batch), "--cpu-offload", offload]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["buckets"]


def table(folder, name, sizes):
    path = folder / name
    rows = [f"{h}-{i},a fox,{h},{w}" for h, w in sizes for i in range(max(BATCHES))]
    path.write_text("\n".join(["id,prompt,height,width", *rows]) + "\n")
    return path


def memory(buckets):
    return " | ".join(f"{bucket['device_bytes'] / 2**30:.1f}" for bucket in buckets)


def main():
    work = Path(tempfile.mkdtemp())
    prompts = table(work, "prompts.csv", SIZES)
    for model in ("FLUX.1-dev", "FLUX.1-schnell"):
        make(work / model, *MODELS[model])
        for buckets in zip(*[plan(work, model, prompts, batch) for batch in BATCHES]):
            one = buckets[0]
            print(
                f"| {model} | {one['height']} x {one['width']} | {one['num_inference_steps']} |"
                f" {one['teraflops'] / one['images']:,.0f} | {memory(buckets)} |",
                flush=True,
            )
    print()
    make(work / "float8", *MODELS["FLUX.1-dev"], transformer_dtype="F8_E4M3")
    prompts = table(work, "megapixel.csv", [(1024, 1024)])
    for model, dtype in (("FLUX.1-dev", "bfloat16"), ("FLUX.1-dev", "float8_e4m3fn"), ("float8", "bfloat16")):
        for offload in OFFLOADS:
            buckets = [plan(work, model, prompts, batch, offload, dtype)[0] for batch in BATCHES]
            print(f"| {model} | {dtype} | {offload} | {memory(buckets)} | {buckets[0]['host_bytes'] / 2**30:.1f} |", flush=True)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
