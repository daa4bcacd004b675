"""Writes a pipeline folder of mid size with random weights in bfloat16: 152 million in the transformer.

usage: mid_size_model.py FOLDER

Needs from PyPI: torch diffusers transformers
"""
import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel

TINY = Path(__file__).resolve().parents[2] / "deploy/tiny/model"
NOT_OPTIONS = ("architectures", "transformers_version", "dtype", "model_type")


def tiny_config(part):
    config = json.loads((TINY / part / "config.json").read_text())
    return {key: value for key, value in config.items() if key not in NOT_OPTIONS}


def transformer():
    """That of the step's benchmark; FLUX.1-schnell's kind."""
    torch.manual_seed(0)
    return FluxTransformer2DModel(
        in_channels=64, num_layers=4, num_single_layers=8, attention_head_dim=128, num_attention_heads=6,
        joint_attention_dim=512, pooled_projection_dim=256, guidance_embeds=False, axes_dims_rope=(16, 56, 56))


def other_parts():
    """Encoders and an autoencoder in proportion."""
    torch.manual_seed(0)
    yield "text_encoder", CLIPTextModel(CLIPTextConfig(**tiny_config("text_encoder") | {
        "hidden_size": 256, "intermediate_size": 1024, "num_attention_heads": 4, "num_hidden_layers": 4, "projection_dim": 256}))
    yield "text_encoder_2", T5EncoderModel(T5Config(**tiny_config("text_encoder_2") | {
        "d_model": 512, "d_ff": 1024, "d_kv": 64, "num_heads": 6, "num_layers": 8}))
    yield "vae", AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=(64, 128, 256, 256), layers_per_block=2, latent_channels=16, norm_num_groups=32,
        sample_size=128, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False)


def write_all_but_the_transformer(folder):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(TINY / "model_index.json", folder)
    for name in ("tokenizer", "tokenizer_2", "scheduler"):
        shutil.copytree(TINY / name, folder / name, dirs_exist_ok=True)
    for name, part in other_parts():
        part.to(torch.bfloat16).save_pretrained(folder / name)


def main(folder):
    write_all_but_the_transformer(folder)
    transformer().to(torch.bfloat16).save_pretrained(folder / "transformer")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
