"""Compares whole jobs with diffusers, over pipeline folders and prompts that no test has.

usage: compare_with_diffusers.py [WORK_DIR]

Makes small FLUX pipelines with random weights of several sizes and storage types, runs `deploy/submit generate` on each
over a table of unusual prompts and sizes, draws the same rows with diffusers in float32, and prints the largest difference
of any pixel, of 255. Ends with an error where one is above 1.

Needs from PyPI: torch diffusers transformers sentencepiece protobuf safetensors pillow pyarrow
"""
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import pyarrow.dataset
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5TokenizerFast

PROJECT = Path(__file__).resolve().parents[4]
GOLDEN = PROJECT / "flux-udf/src/test/resources/golden"

MODELS = {
    "published-clip-vocabulary-float16": dict(
        seed=1, store=torch.float16, clip_tokenizer="clip-vocab", clip=(48, 3, 1), eos_token_id=49407, t5=(40, 12, 3, 3),
        transformer=dict(num_layers=1, num_single_layers=1, attention_head_dim=24, num_attention_heads=3,
                         axes_dims_rope=(4, 8, 12), guidance_embeds=True),
        vae=((8, 16, 24, 24), 2, 4), scheduler=dict(use_dynamic_shifting=True, shift=3.0)),
    "no-guidance-float32-shards": dict(
        seed=2, store=torch.float32, shards="200KB", clip_tokenizer="schnell/tokenizer", clip=(64, 4, 3), eos_token_id=2,
        t5=(96, 16, 5, 1),
        transformer=dict(num_layers=3, num_single_layers=2, attention_head_dim=16, num_attention_heads=5,
                         axes_dims_rope=(4, 6, 6), guidance_embeds=False),
        vae=((16, 16, 16, 32), 1, 16), scheduler=dict(use_dynamic_shifting=False, shift=1.0)),
    "single-blocks-mostly-bfloat16": dict(
        seed=3, store=torch.bfloat16, clip_tokenizer="dev/tokenizer", clip=(32, 2, 2), eos_token_id=2, t5=(64, 8, 4, 2),
        transformer=dict(num_layers=1, num_single_layers=5, attention_head_dim=32, num_attention_heads=1,
                         axes_dims_rope=(8, 12, 12), guidance_embeds=True),
        vae=((16, 32, 32, 64), 1, 8), scheduler=dict(use_dynamic_shifting=True, shift=3.0)),
}

ROWS = [
    dict(id="square", prompt="a lighthouse at dusk", height=64, width=64),
    dict(id="wide", prompt="a long wall\nwith two lines", height=48, width=176, seed=11),
    dict(id="tall", prompt="tower", prompt_2="a tall narrow tower in fog", height=208, width=32, num_inference_steps=2),
    dict(id="empty", prompt="", height=32, width=32, seed=2**40 + 3),
    dict(id="long", prompt="word " * 700, height=80, width=112, max_sequence_length=77),
    dict(id="scripts", prompt="Übergröße Ελληνικά кот 日本語の写真 عربى हिन्दी 😀👩‍🚀", height=64, width=80, guidance_scale=0.0),
    dict(id="one step", prompt="it's 50% off, isn't it?", height=16, width=16, num_inference_steps=1),
    dict(id="steered", prompt="a sunny street", negative_prompt="rain, fog", true_cfg_scale=3.5, height=64, width=48, seed=5),
    dict(id="steered too", prompt="an empty room", negative_prompt="", true_cfg_scale=1.5, height=64, width=48),
    dict(id="not steered", prompt="an empty room", negative_prompt="chairs", true_cfg_scale=1.0, height=64, width=48),
    dict(id="three", prompt="three of them", num_images_per_prompt=3, height=48, width=64, seed=77),
    dict(id="guided", prompt="three of them", guidance_scale=9.5, height=48, width=64, seed=78),
]
DEFAULTS = dict(num_inference_steps=3, guidance_scale=3.5, seed=7, max_sequence_length=48, num_images_per_prompt=1)


def randomize(module, seed):
    """Weights large enough that a wrong operation shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(module.named_parameters()):
            values = torch.randn(weight.shape, generator=generator)
            if weight.dim() == 1:
                values = 1 + 0.2 * values if name.endswith("weight") else 0.1 * values
            else:
                values = values / weight[0].numel() ** 0.5
            weight.copy_(values.bfloat16())


def make_pipeline(folder, clip_tokenizer, clip, eos_token_id, t5, transformer, vae, scheduler, seed, store, shards=None):
    shutil.copytree(GOLDEN / clip_tokenizer, folder / "tokenizer", ignore=shutil.ignore_patterns("cases.json"))
    shutil.copytree(GOLDEN / "dev/tokenizer_2", folder / "tokenizer_2")
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    hidden, heads, layers = clip
    text_encoder = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=3 * hidden, num_hidden_layers=layers,
        num_attention_heads=heads, max_position_embeddings=77, eos_token_id=eos_token_id, bos_token_id=0))
    model, size, heads, layers = t5
    text_encoder_2 = T5EncoderModel(T5Config(
        vocab_size=700, d_model=model, d_kv=size, d_ff=2 * model + 8, num_heads=heads, num_layers=layers,
        feed_forward_proj="gated-gelu"))
    channels, layers, groups = vae
    parts = dict(
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        transformer=FluxTransformer2DModel(
            in_channels=64, joint_attention_dim=model, pooled_projection_dim=hidden, **transformer),
        vae=AutoencoderKL(
            latent_channels=16, block_out_channels=channels, layers_per_block=layers, norm_num_groups=groups,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False))
    for number, (name, part) in enumerate(parts.items()):
        randomize(part.eval(), 100 * seed + number)
        # Rounded before it is saved, so that all storage types hold the same numbers.
        part.to(store).save_pretrained(folder / name, **({"max_shard_size": shards} if shards else {}))
        part.float()
    schedule = FlowMatchEulerDiscreteScheduler(**scheduler)
    schedule.save_pretrained(folder / "scheduler")
    classes = {name: [type(part).__module__.split(".")[0], type(part).__name__] for name, part in parts.items()}
    classes |= {"tokenizer": ["transformers", "CLIPTokenizer"], "tokenizer_2": ["transformers", "T5TokenizerFast"],
                "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"], "_class_name": "FluxPipeline"}
    (folder / "model_index.json").write_text(json.dumps(classes))
    pipeline = FluxPipeline(
        tokenizer=tokenizer, tokenizer_2=T5TokenizerFast.from_pretrained(folder / "tokenizer_2"), scheduler=schedule, **parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline, row):
    call = {**DEFAULTS, **row}
    del call["id"]
    seed = call.pop("seed")
    generators = [torch.Generator("cpu").manual_seed(seed + k) for k in range(call["num_images_per_prompt"])]
    return pipeline(**call, generator=generators).images


def largest_difference(actual, expected):
    return int(numpy.abs(numpy.asarray(actual, dtype=int) - numpy.asarray(expected, dtype=int)).max())


def compare(work, name, settings, batch_size):
    folder = work / name
    folder.mkdir(parents=True)
    pipeline = make_pipeline(folder, **settings)
    table = work / f"{name}.jsonl"
    table.write_text("".join(json.dumps({**DEFAULTS, **row}, ensure_ascii=False) + "\n" for row in ROWS))
    output = work / f"{name}-output"
    subprocess.run([PROJECT / "deploy/submit", "generate", "--model", folder, "--prompts", table, "--output", output,
                    "--dtype", "float32", "--batch-size", str(batch_size)], check=True, stdout=subprocess.DEVNULL)
    made = {}
    for image in pyarrow.dataset.dataset(output / "data", format="parquet", partitioning="hive").to_table().to_pylist():
        made.setdefault(image["id"], []).append((image["seed"], image["image"]["bytes"]))
    worst = 0
    for row in ROWS:
        images = [Image.open(io.BytesIO(data)).convert("RGB") for _, data in sorted(made.pop(row["id"]))]
        expected = draw(pipeline, row)
        if len(images) != len(expected):
            sys.exit(f"{name}, row {row['id']}: {len(images)} pictures, not {len(expected)}")
        worst = max([worst] + [largest_difference(*pair) for pair in zip(images, expected)])
    if made:
        sys.exit(f"{name}: rows that nobody asked for: {list(made)}")
    return worst


def main():
    torch.set_num_threads(2)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    print(f"{'model':36} {'batch size':>10} {'largest difference of 255':>26}")
    worst = 0
    for batch_size, (name, settings) in enumerate(MODELS.items(), start=1):
        difference = compare(work, name, settings, batch_size)
        worst = max(worst, difference)
        print(f"{name:36} {batch_size:10} {difference:26}", flush=True)
    shutil.rmtree(work)
    if worst > 1:
        sys.exit("too far from diffusers")


if __name__ == "__main__":
    main()
