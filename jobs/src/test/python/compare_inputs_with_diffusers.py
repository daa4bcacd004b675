"""Compares jobs whose rows bring pictures, LoRAs and embeddings with diffusers, over inputs that no test has.

usage: compare_inputs_with_diffusers.py [WORK_DIR]

Makes small pipelines with random weights: one of text, one Kontext, one Fill, one control model; pictures of odd sizes
that must be resampled, masks, LoRAs, and random embeddings of odd lengths; runs `deploy/submit generate` over a table for each, draws the same rows with
diffusers in float32, and prints the largest difference of any pixel, of 255. Ends with an error where one is above 1.

Needs what compare_with_diffusers.py needs, and peft.
"""
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import pyarrow.dataset
import torch
from diffusers import (FluxControlPipeline, FluxFillPipeline, FluxImg2ImgPipeline, FluxInpaintPipeline,
                       FluxKontextPipeline, FluxPipeline)
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from compare_with_diffusers import MODELS, PROJECT, largest_difference, make_pipeline, randomize

PARTS = ["scheduler", "vae", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2", "transformer"]
DEFAULTS = dict(num_inference_steps=5, guidance_scale=3.5, seed=7, max_sequence_length=24, height=64, width=80)


def picture(folder, name, width, height):
    """Gradients and lines, so that resampling shows."""
    y, x = numpy.mgrid[0:height, 0:width]
    channels = [255 * x / width, 255 * y / height, 127 + 127 * numpy.sin(x * y / 97)]
    image = Image.fromarray(numpy.stack(channels, -1).astype(numpy.uint8))
    ImageDraw.Draw(image).line((0, 0, width, height, width, 0), fill="white", width=3)
    image.save(folder / name)
    return str(folder / name)


def mask(folder, name, width, height):
    image = Image.new("L", (width, height), 0)
    ImageDraw.Draw(image).ellipse((width // 5, height // 6, 2 * width // 3, 3 * height // 4), fill=255)
    image.save(folder / name)
    return str(folder / name)


def lora(folder, name, transformer, rank, seed):
    """Every linear layer of the blocks, in diffusers' naming, with an alpha of its own."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for layer, module in transformer.named_modules():
        if isinstance(module, torch.nn.Linear) and "blocks" in layer:
            tensors[f"transformer.{layer}.lora_A.weight"] = torch.randn(rank, module.in_features, generator=generator) / module.in_features**.5
            tensors[f"transformer.{layer}.lora_B.weight"] = torch.randn(module.out_features, rank, generator=generator) / rank**.5
    save_file(tensors, folder / name)
    return str(folder / name)


def embeds(base, length, seed):
    """In place of a prompt."""
    generator, config = torch.Generator().manual_seed(seed), base.transformer.config
    return dict(prompt_embeds=torch.randn(length, config.joint_attention_dim, generator=generator).tolist(),
                pooled_prompt_embeds=torch.randn(config.pooled_projection_dim, generator=generator).tolist(),
                max_sequence_length=length)


def opened(row):
    return {name: Image.open(row[name]) for name in ("image", "mask_image", "control_image") if name in row}


def draw(base, row, resize):
    parts = {part: base.components[part] for part in PARTS}
    call = {**DEFAULTS, **row}
    loras, scales = call.pop("lora", []), call.pop("lora_scale", [])
    del call["id"]
    seed = call.pop("seed")
    call.update(opened(call))
    call.update({name: torch.tensor([call[name]]) for name in ("prompt_embeds", "pooled_prompt_embeds") if name in call})
    kind = type(base)
    if kind is FluxPipeline and "image" in call:
        kind = FluxInpaintPipeline if "mask_image" in call else FluxImg2ImgPipeline
        call.setdefault("strength", 0.6)
    if kind is FluxKontextPipeline:
        call |= dict(_auto_resize=resize) if resize else dict(_auto_resize=False, max_area=call["height"] * call["width"])
    pipeline = kind(**parts)
    pipeline.set_progress_bar_config(disable=True)
    if loras:
        names = [f"lora{i}" for i in range(len(loras))]
        for name, file in zip(names, loras):
            pipeline.load_lora_weights(file, adapter_name=name)
        pipeline.set_adapters(names, scales)
    try:
        return pipeline(**call, generator=torch.Generator("cpu").manual_seed(seed)).images[0]
    finally:
        if loras:
            pipeline.unload_lora_weights()


def compare(work, name, base, rows, batch_size, resize):
    table = work / f"{name}.jsonl"
    table.write_text("".join(json.dumps({**DEFAULTS, **row}) + "\n" for row in rows))
    output = work / f"{name}-output"
    subprocess.run([PROJECT / "deploy/submit", "generate", "--model", work / name, "--prompts", table, "--output", output,
                    "--dtype", "float32", "--batch-size", str(batch_size), "--auto-resize", str(resize).lower()],
                   check=True, stdout=subprocess.DEVNULL)
    made = {image["id"]: image["image"]["bytes"] for image in
            pyarrow.dataset.dataset(output / "data", format="parquet", partitioning="hive").to_table().to_pylist()}
    if set(made) != {row["id"] for row in rows}:
        sys.exit(f"{name}: made {sorted(made)}")
    differences = {row["id"]: largest_difference(Image.open(io.BytesIO(made[row["id"]])).convert("RGB"), draw(base, row, resize))
                   for row in rows}
    worst = max(differences, key=differences.get)
    print(f"{name:10} {len(rows):5} {batch_size:10} {differences[worst]:26} {worst}", flush=True)
    return differences[worst]


def model(work, name, kind, settings, channels=None):
    folder = work / name
    folder.mkdir()
    pipeline = make_pipeline(folder, **settings)
    if channels:
        transformer = pipeline.transformer
        transformer.x_embedder = torch.nn.Linear(channels, transformer.x_embedder.out_features)
        randomize(transformer.x_embedder, channels)
        transformer.register_to_config(in_channels=channels, out_channels=64)
        shutil.rmtree(folder / "transformer")
        transformer.save_pretrained(folder / "transformer")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": kind.__name__}))
    return kind(**{part: pipeline.components[part] for part in PARTS})


def main():
    torch.set_num_threads(2)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    settings = list(MODELS.values())
    a, b, c = picture(work, "a.png", 97, 61), picture(work, "b.png", 640, 401), picture(work, "c.png", 40, 48)
    text = model(work, "text", FluxPipeline, settings[0])
    one, two = lora(work, "one.safetensors", text.transformer, 3, 1), lora(work, "two.safetensors", text.transformer, 5, 2)
    rows = [dict(id="plain", prompt="a fox"), dict(id="smaller", prompt="a fox", image=b, strength=0.8),
            dict(id="larger", prompt="a fox", image=c, height=112, width=96), dict(id="weak", prompt="a fox", image=a, strength=0.21),
            dict(id="whole", prompt="a fox", image=a, strength=1.0), dict(id="one lora", prompt="a fox", lora=[one], lora_scale=[0.7]),
            dict(id="two loras", prompt="a fox", lora=[one, two], lora_scale=[0.5, -0.4]),
            dict(id="lora and image", prompt="a fox", lora=[two], lora_scale=[1.0], image=a),
            dict(id="in part", prompt="a fox", image=b, mask_image=mask(work, "mask-b.png", 640, 401), strength=0.9),
            dict(id="in part, small", prompt="a hen", image=a, mask_image=mask(work, "mask-a.png", 97, 61)),
            dict(id="steered", prompt="a fox", negative_prompt="rain", true_cfg_scale=2.5, image=a),
            dict(id="embeds", **embeds(text, 7, 1)), dict(id="embeds, alike", **embeds(text, 7, 2)),
            dict(id="embeds, long", **embeds(text, 93, 3)), dict(id="embeds and image", image=a, **embeds(text, 1, 4)),
            dict(id="embeds, steered", negative_prompt="rain", true_cfg_scale=2.5, **embeds(text, 31, 5)),
            dict(id="embeds and lora", lora=[one], lora_scale=[0.7], **embeds(text, 13, 6))]
    print(f"{'model':10} {'rows':>5} {'batch size':>10} {'largest difference of 255':>26} where")
    worst = [compare(work, "text", text, rows, 3, True)]
    kontext = model(work, "kontext", FluxKontextPipeline, settings[1])
    rows = [dict(id="small", prompt="make it blue", image=a), dict(id="large", prompt="make it blue", image=b, height=48),
            dict(id="steered", prompt="blue", image=c, negative_prompt="red", true_cfg_scale=2.0), dict(id="alone", prompt="blue"),
            dict(id="embeds", image=a, **embeds(kontext, 9, 7))]
    worst.append(compare(work, "kontext", kontext, rows, 2, False))
    shutil.rmtree(work / "kontext-output")
    rows = [dict(id="resized", prompt="make it blue", image=a, num_inference_steps=1),
            dict(id="resized, tall", prompt="make it blue", image=c, num_inference_steps=1, height=96, width=48)]
    worst.append(compare(work, "kontext", kontext, rows, 1, True))
    fill = model(work, "fill", FluxFillPipeline, settings[2], 384)
    rows = [dict(id="fill", prompt="a door", image=a, mask_image=mask(work, "mask-f.png", 97, 61), strength=1.0),
            dict(id="fill late", prompt="a door", image=b, mask_image=mask(work, "mask-g.png", 640, 401), strength=0.75)]
    worst.append(compare(work, "fill", fill, rows, 2, True))
    control = model(work, "control", FluxControlPipeline, settings[0], 128)
    rows = [dict(id="edges", prompt="a tower", control_image=b), dict(id="more", prompt="a wall", control_image=c, width=48)]
    worst.append(compare(work, "control", control, rows, 2, True))
    shutil.rmtree(work)
    if max(worst) > 1:
        sys.exit("too far from diffusers")


if __name__ == "__main__":
    main()
