"""Writes a pipeline folder whose transformer has FLUX.1's blocks, as many as asked for, in shards of random bfloat16.

usage: large_model.py FOLDER [DOUBLE SINGLE]

FLUX.1 has 19 double and 38 single blocks, 11.8 billion weights and 23.7 GB; these are the default. The other parts are those of
mid_size_model.py. The weights repeat: what is measured with them is how they are read, not what they draw.

Needs from PyPI: torch diffusers transformers
"""
import json
import struct
import sys
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel

import mid_size_model

STEM = "diffusion_pytorch_model"
SHARD = 5_000_000_000
TILE = torch.randn(32_000_003, generator=torch.Generator().manual_seed(0)).mul(0.02).to(torch.bfloat16)
TILE_BYTES = memoryview(TILE.view(torch.uint8).numpy())


def tensors(double, single, folder):
    """Names and shapes in the model's order, from a model without numbers."""
    with torch.device("meta"):
        model = FluxTransformer2DModel(
            in_channels=64, num_layers=double, num_single_layers=single, attention_head_dim=128, num_attention_heads=24,
            joint_attention_dim=512, pooled_projection_dim=256, guidance_embeds=False, axes_dims_rope=(16, 56, 56))
    model.save_config(folder)
    return [(name, list(tensor.shape), 2 * tensor.numel()) for name, tensor in model.state_dict().items()]


def shards(tensors):
    """As many tensors as a shard takes."""
    shard, size = [], 0
    for tensor in tensors:
        if shard and size + tensor[2] > SHARD:
            yield shard
            shard, size = [], 0
        shard.append(tensor)
        size += tensor[2]
    yield shard


def write(file, shard):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape, size in shard:
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        place = 0
        for _, _, size in shard:
            while size > 0:
                part = TILE_BYTES[place:place + size]
                out.write(part)
                place = (place + len(part)) % len(TILE_BYTES)
                size -= len(part)


def main(folder, double, single):
    mid_size_model.write_all_but_the_transformer(folder)
    transformer = folder / "transformer"
    transformer.mkdir(exist_ok=True)
    all_tensors = tensors(double, single, transformer)
    parts = list(shards(all_tensors))
    index = {}
    for number, shard in enumerate(parts, 1):
        name = f"{STEM}-{number:05}-of-{len(parts):05}.safetensors"
        write(transformer / name, shard)
        index |= dict.fromkeys((tensor[0] for tensor in shard), name)
    total = sum(size for _, _, size in all_tensors)
    (transformer / f"{STEM}.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": index}, indent=1))
    print(f"{total / 2e9:.2f} billion weights, {total / 1e9:.2f} GB in {len(parts)} shards")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(map(int, sys.argv[2:]) if len(sys.argv) > 2 else (19, 38)))
