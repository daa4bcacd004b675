"""Prints what `deploy/submit inspect` says of folders with the configurations and the sizes of the published FLUX.1 models.

usage: inspect_published_sizes.py [NAME ...]

The weight files have the real headers and are otherwise holes, so that they take no room on the disk.

Needs what compare_with_diffusers.py needs.
"""
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

from compare_with_diffusers import GOLDEN, PROJECT

DYNAMIC = dict(shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, base_image_seq_len=256, max_image_seq_len=4096)
MODELS = {
    "FLUX.1-dev": ("FluxPipeline", dict(guidance_embeds=True), DYNAMIC),
    "FLUX.1-schnell": ("FluxPipeline", dict(guidance_embeds=False), dict(shift=1.0)),
    "Flux.1-lite-8B": ("FluxPipeline", dict(guidance_embeds=True, num_layers=8), DYNAMIC),
    "FLUX.1-Kontext-dev": ("FluxKontextPipeline", dict(guidance_embeds=True), DYNAMIC),
    "FLUX.1-Fill-dev": ("FluxFillPipeline", dict(guidance_embeds=True, in_channels=384, out_channels=64), DYNAMIC),
    "FLUX.1-Canny-dev": ("FluxControlPipeline", dict(guidance_embeds=True, in_channels=128, out_channels=64), DYNAMIC),
}


SIZES = {"BF16": 2, "F8_E4M3": 1}


def holes(module, folder, stem, config, dtype="BF16"):
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in module.state_dict().items():
        if not name.endswith("position_ids"):
            stored = dtype if tensor.dim() == 2 else "BF16"
            size = SIZES[stored] * tensor.numel()
            header[name] = dict(dtype=stored, shape=list(tensor.shape), data_offsets=[offset, offset + size])
            offset += size
    text = json.dumps(header).encode()
    with open(folder / f"{stem}.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)


def make(folder, class_name, transformer, scheduler, transformer_dtype="BF16"):
    folder.mkdir()
    with torch.device("meta"):
        parts = dict(
            transformer=FluxTransformer2DModel(**transformer),
            vae=AutoencoderKL(
                latent_channels=16, block_out_channels=(128, 256, 512, 512), layers_per_block=2, norm_num_groups=32,
                down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
                scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False),
            text_encoder=CLIPTextModel(CLIPTextConfig(
                vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
                eos_token_id=2)),
            text_encoder_2=T5EncoderModel(T5Config(
                vocab_size=32128, d_model=4096, d_kv=64, d_ff=10240, num_heads=64, num_layers=24, feed_forward_proj="gated-gelu")))
    for name, part in parts.items():
        config = part.config.to_dict() if hasattr(part.config, "to_dict") else dict(part.config) | {"_class_name": type(part).__name__}
        dtype = transformer_dtype if name == "transformer" else "BF16"
        holes(part, folder / name, "model" if name.startswith("text") else "diffusion_pytorch_model", config, dtype)
    FlowMatchEulerDiscreteScheduler(**scheduler).save_pretrained(folder / "scheduler")
    shutil.copytree(GOLDEN / "clip-vocab", folder / "tokenizer")
    shutil.copytree(GOLDEN / "dev/tokenizer_2", folder / "tokenizer_2")
    index = json.loads((GOLDEN / "dev/model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": class_name}))


def main():
    work = Path(tempfile.mkdtemp())
    for name in sys.argv[1:] or MODELS:
        make(work / name, *MODELS[name])
        subprocess.run([PROJECT / "deploy/submit", "inspect", "--model", work / name], check=True)
        print(flush=True)
        shutil.rmtree(work / name)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
