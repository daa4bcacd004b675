"""Makes the golden case of the first-block cache on the golden `dev` model, with what diffusers computes for it.

usage: make_first_block_cache_case.py

Needs from PyPI: torch diffusers transformers sentencepiece protobuf safetensors pillow
"""
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import torch
from diffusers import FluxPipeline
from diffusers.hooks import FirstBlockCacheConfig, apply_first_block_cache, first_block_cache
from PIL import Image

GOLDEN = Path(__file__).resolve().parents[1] / "resources/golden"
CALL = dict(height=64, width=64, num_inference_steps=12, guidance_scale=3.0, max_sequence_length=32)
THRESHOLD = 0.65


class Watched(first_block_cache.FBCHeadBlockHook):
    """Notes by how much the first block's residual has changed, and what the hook decides."""

    seen: list[tuple[float | None, bool]] = []

    def _should_compute_remaining_blocks(self, hidden_states_residual):
        before = self.state_manager.get_state().head_block_residual
        computes = super()._should_compute_remaining_blocks(hidden_states_residual)
        change = None
        if before is not None:
            change = ((hidden_states_residual - before).abs().mean() / before.abs().mean()).item()
        Watched.seen.append((change, computes))
        return computes


def main():
    first_block_cache.FBCHeadBlockHook = Watched
    folder = GOLDEN / "dev/cases/first_block_cache"
    folder.mkdir(parents=True, exist_ok=True)
    prompts, seeds, reused = ["a window with a cat", "a red circle on a green square"], [41, 42], []
    pictures = {}
    for i, (prompt, seed) in enumerate(zip(prompts, seeds)):
        for threshold in (THRESHOLD, None):
            pipeline = FluxPipeline.from_pretrained(GOLDEN / "dev", torch_dtype=torch.float32)
            pipeline.set_progress_bar_config(disable=True)
            if threshold is not None:
                apply_first_block_cache(pipeline.transformer, FirstBlockCacheConfig(threshold=threshold))
            Watched.seen.clear()
            with pipeline.transformer.cache_context("cond"):
                image = pipeline(prompt=prompt, generator=torch.Generator("cpu").manual_seed(seed), output_type="np", **CALL).images[0]
            pictures[threshold] = image
            if threshold is not None:
                reused.append(sum(not computes for _, computes in Watched.seen))
                print(reused[-1], [(change and round(change, 4), computes) for change, computes in Watched.seen])
        print("mean difference to off, of 255:", numpy.abs(pictures[THRESHOLD] - pictures[None]).mean() * 255)
        Image.fromarray((pictures[THRESHOLD] * 255).round().astype(numpy.uint8)).save(folder / f"expected_{i}.png")
    case = dict(prompt=prompts, seeds=seeds, pipeline="FluxPipeline", first_block_cache_threshold=THRESHOLD, calls_reused=reused, **CALL)
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    main()
