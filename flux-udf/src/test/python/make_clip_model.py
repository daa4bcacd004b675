"""Makes a small CLIPModel with random weights, and what transformers computes with it for some pictures and prompts.

usage: make_clip_model.py

The tokenizer is the golden `dev` model's. Writes `clip/` beside it: the model as it would be published, and `cases/one/` with
the pictures, the prompts, and what becomes of them.

Needs from PyPI: torch transformers safetensors pillow
"""
import json
import os
import shutil
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

GOLDEN = Path(__file__).resolve().parents[1] / "resources/golden"
TARGET = GOLDEN / "clip"
PROMPTS = ["a fox in the snow", "", "Größe, 日本 & 4:00 pm!", "red green blue " * 40]
# as wide as high, wide, high, smaller than what CLIP sees, of odd sides
SIZES = [(96, 96), (96, 64), (64, 80), (24, 20), (75, 53)]


def config():
    vocabulary = json.loads((GOLDEN / "dev/tokenizer/vocab.json").read_text())
    return CLIPConfig(
        text_config=dict(
            vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=77, eos_token_id=vocabulary["<|endoftext|>"], bos_token_id=vocabulary["<|startoftext|>"]),
        vision_config=dict(
            hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4, image_size=32, patch_size=8),
        projection_dim=24)


def model():
    """With weights so large that pictures and prompts matter."""
    clip = CLIPModel(config()).eval()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for name, weight in clip.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if "norm" in name or "norm." in name or "layrnorm" in name:
                weight.copy_((1 if name.endswith("weight") else 0) + 0.2 * noise)
            elif name.endswith("bias"):
                weight.copy_(0.1 * noise)
            elif "embedding" in name and "patch" not in name:
                weight.copy_(0.5 * noise if "position" in name or "class" in name else noise)
            else:
                weight.copy_(1.5 * noise / weight[0].numel() ** 0.5 if weight.dim() > 1 else noise)
    return clip


def picture(number, width, height):
    """Waves and noise."""
    random = numpy.random.default_rng(number)
    y, x = numpy.mgrid[0:height, 0:width]
    channels = [
        127 + 90 * numpy.sin(x / random.uniform(2, 20) + y / random.uniform(2, 20) + random.uniform(0, 6)) for _ in range(3)]
    noisy = numpy.stack(channels, -1) + random.normal(0, 30, (height, width, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(numpy.uint8))


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    case = TARGET / "cases/one"
    case.mkdir(parents=True)
    clip = model()
    clip.save_pretrained(TARGET)
    for file in ("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"):
        shutil.copy(GOLDEN / "dev/tokenizer" / file, TARGET)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32})
    (TARGET / "preprocessor_config.json").write_text(json.dumps({
        "crop_size": {"height": 32, "width": 32}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True,
        "do_rescale": True, "do_resize": True, "image_mean": processor.image_mean, "image_std": processor.image_std,
        "image_processor_type": "CLIPImageProcessor", "resample": 3, "rescale_factor": 1 / 255,
        "size": {"shortest_edge": 36}}, indent=2) + "\n")
    (TARGET / "generation_config.json").unlink(missing_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained(GOLDEN / "dev/tokenizer")
    pictures = [picture(i, *size) for i, size in enumerate(SIZES)]
    for i, made in enumerate(pictures):
        made.save(case / f"{i}.png")
    expected = {}
    with torch.no_grad():
        pixels = processor(images=pictures, return_tensors="pt")["pixel_values"]
        words = tokenizer(PROMPTS, padding="max_length", truncation=True, max_length=77, return_tensors="pt")
        output = clip(pixel_values=pixels, **words)
        expected["pixel_values"] = pixels
        expected["image_embeds"] = output.image_embeds
        expected["text_embeds"] = output.text_embeds
        # what torchmetrics' CLIPScore computes, before it takes the mean over pictures
        expected["scores"] = (100 * output.image_embeds @ output.text_embeds.T).clamp(min=0)
    save_file({name: tensor.contiguous() for name, tensor in expected.items()}, case / "expected.safetensors")
    (case / "case.json").write_text(json.dumps({"prompts": PROMPTS, "pictures": len(SIZES)}, ensure_ascii=False) + "\n")
    print(expected["scores"])


if __name__ == "__main__":
    main()
