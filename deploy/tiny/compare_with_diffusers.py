"""Draws with diffusers what a job drew, and says how far apart the pictures are.

usage: compare_with_diffusers.py MODEL OUTPUT [LORA]

MODEL is a pipeline folder that `deploy/submit train` wrote, OUTPUT what `deploy/submit generate` made with it (png, float32),
LORA a file that `deploy/submit fine-tune` wrote and that all of OUTPUT's rows used. Prints how many pictures there are and the
largest difference of any value, of 255; ends with an error where it is above 1.

Needs from PyPI: torch diffusers transformers sentencepiece protobuf safetensors pillow pyarrow peft
"""
import io
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import pyarrow.dataset
import torch
from diffusers import FluxPipeline
from PIL import Image


def main():
    model, output = sys.argv[1:3]
    pipeline = FluxPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    if len(sys.argv) > 3:
        folder, name = os.path.split(sys.argv[3])
        pipeline.load_lora_weights(folder, weight_name=name)
    rows = pyarrow.dataset.dataset(f"{output}/data", partitioning="hive").to_table().to_pylist()
    largest = 0
    for row in rows:
        negative = row["negative_prompt"]
        made = pipeline(
            prompt=row["prompt"],
            negative_prompt=negative,
            true_cfg_scale=row["true_cfg_scale"] if negative is not None else 1.0,
            height=row["height"],
            width=row["width"],
            num_inference_steps=row["num_inference_steps"],
            guidance_scale=row["guidance_scale"],
            max_sequence_length=row["max_sequence_length"],
            generator=torch.Generator("cpu").manual_seed(row["seed"]),
        ).images[0]
        ours = numpy.asarray(Image.open(io.BytesIO(row["image"]["bytes"])).convert("RGB")).astype(int)
        largest = max(largest, int(abs(ours - numpy.asarray(made).astype(int)).max()))
    print(f"{len(rows)} pictures, largest difference {largest} of 255")
    if largest > 1:
        sys.exit(1)


if __name__ == "__main__":
    main()
