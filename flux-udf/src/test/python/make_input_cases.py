"""Makes the golden cases of inpainting, FLUX.1 Fill and FLUX.1 Canny or Depth, with what diffusers computes for them.

usage: make_input_cases.py

The models are the golden `dev` one; Fill and Control have another `x_embedder`, which is all that is stored of them.

Needs from PyPI: torch diffusers transformers sentencepiece protobuf safetensors pillow
"""
import json
import os
import shutil
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import torch
from diffusers import FluxControlPipeline, FluxFillPipeline, FluxInpaintPipeline, FluxPipeline
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).resolve().parents[1] / "resources/golden"
CALL = dict(height=64, width=64, num_inference_steps=4, guidance_scale=3.0, max_sequence_length=32)


def mask():
    picture = Image.new("L", (64, 64), 0)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((9, 13, 45, 51), fill=255)
    draw.rectangle((50, 0, 63, 20), fill=127)  # a grey that counts as black
    draw.rectangle((50, 40, 63, 63), fill=128)  # one that counts as white
    return picture


def edges():
    picture = Image.new("RGB", (64, 64), "black")
    draw = ImageDraw.Draw(picture)
    draw.line((4, 60, 30, 8, 60, 56, 4, 60), fill="white", width=2)
    return picture


def widened(channels, seed):
    """The dev pipeline whose transformer takes more channels."""
    pipeline = FluxPipeline.from_pretrained(GOLDEN / "dev", torch_dtype=torch.float32)
    transformer = pipeline.transformer
    out, _ = transformer.x_embedder.weight.shape
    generator = torch.Generator().manual_seed(seed)
    layer = torch.nn.Linear(channels, out)
    with torch.no_grad():
        layer.weight.copy_((torch.randn(out, channels, generator=generator) / channels**0.5).bfloat16())
        layer.bias.copy_((0.1 * torch.randn(out, generator=generator)).bfloat16())
    transformer.x_embedder = layer
    transformer.register_to_config(in_channels=channels, out_channels=64)
    return pipeline


def store(folder, pipeline, class_name):
    """What lies over a copy of the dev folder whose transformer file was renamed to dev.safetensors."""
    (folder / "transformer").mkdir()
    dev = load_file(GOLDEN / "dev/transformer/diffusion_pytorch_model.safetensors")
    files = dict.fromkeys(dev, "dev.safetensors")
    layer = {f"x_embedder.{key}": value.bfloat16() for key, value in pipeline.transformer.x_embedder.state_dict().items()}
    files |= dict.fromkeys(layer, "x_embedder.safetensors")
    save_file(layer, folder / "transformer/x_embedder.safetensors")
    write(folder / "transformer/diffusion_pytorch_model.safetensors.index.json", dict(metadata={}, weight_map=files))
    config = json.loads((GOLDEN / "dev/transformer/config.json").read_text())
    write(folder / "transformer/config.json", config | dict(in_channels=layer["x_embedder.weight"].shape[1], out_channels=64))
    write(folder / "model_index.json", json.loads((GOLDEN / "dev/model_index.json").read_text()) | dict(_class_name=class_name))


def write(path, content):
    path.write_text(json.dumps(content, indent=1) + "\n")


def save(folder, pipeline, prompts, seeds, pictures, **more):
    folder.mkdir(parents=True, exist_ok=True)
    pipeline.set_progress_bar_config(disable=True)
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png")
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    count = len(prompts)
    images = pipeline(
        prompt=prompts, generator=generators, output_type="np",
        **{name: [picture] * count for name, picture in pictures.items()}, **CALL, **more).images
    for i, image in enumerate(images):
        Image.fromarray((image * 255).round().astype(numpy.uint8)).save(folder / f"expected_{i}.png")
    write(folder / "case.json", dict(prompt=prompts, seeds=seeds, pipeline=type(pipeline).__name__, **CALL, **more))


def main():
    image = Image.open(GOLDEN / "dev/cases/img2img/input.png").convert("RGB")
    dev = FluxPipeline.from_pretrained(GOLDEN / "dev", torch_dtype=torch.float32)
    parts = ["scheduler", "vae", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2", "transformer"]
    prompts = ["a hole in the wall", "a window with a cat"]
    save(GOLDEN / "dev/cases/inpaint", FluxInpaintPipeline(**{part: dev.components[part] for part in parts}), prompts, [21, 22],
         dict(image=image, mask_image=mask()), strength=0.7)
    for name, channels, kind, pictures, more in [
        ("fill", 384, FluxFillPipeline, dict(image=image, mask_image=mask()), dict(strength=1.0)),
        ("control", 128, FluxControlPipeline, dict(control_image=edges()), {}),
    ]:
        pipeline = widened(channels, seed=channels)
        folder = GOLDEN / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        store(folder, pipeline, kind.__name__)
        save(folder / "cases/one", kind(**{part: pipeline.components[part] for part in parts}), prompts, [31, 32], pictures, **more)


if __name__ == "__main__":
    main()
