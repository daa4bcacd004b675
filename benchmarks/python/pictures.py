"""What the contenders of job_benchmark.py share: the pipeline in the process, and the rows of a batch of pictures."""
import io
import os

import torch
from diffusers import FluxPipeline

STEPS = 4
SIZE = 128
MAX_SEQUENCE_LENGTH = 256
BATCH_SIZE = 4

_pipelines = {}


def pipeline(model, threads):
    """The model, loaded once a process."""
    if model not in _pipelines:
        torch.set_num_threads(threads)
        _pipelines[model] = FluxPipeline.from_pretrained(model, torch_dtype=torch.bfloat16)
        _pipelines[model].set_progress_bar_config(disable=True)
    return _pipelines[model]


def pictures(pipe, prompts, seeds):
    """Pictures of one batch as PNG."""
    made = pipe(
        list(prompts), height=SIZE, width=SIZE, num_inference_steps=STEPS, guidance_scale=0.0,
        max_sequence_length=MAX_SEQUENCE_LENGTH,
        generator=[torch.Generator("cpu").manual_seed(int(seed)) for seed in seeds]).images
    encoded = []
    for picture in made:
        file = io.BytesIO()
        picture.save(file, format="PNG")
        encoded.append(file.getvalue())
    return encoded


def threads_each(workers):
    return max(1, len(os.sched_getaffinity(0)) // workers)
