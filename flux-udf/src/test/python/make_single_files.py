"""Makes golden/single and golden/float8: the golden models in BFL's naming, and stored in float8, with what diffusers draws.

usage: make_single_files.py

The names are those that diffusers' own converters read: what is made here is converted back with them and compared, bit
for bit. These converters have FLUX.1's width written in them; that number is replaced, nothing else.

A single file has no configuration, so what is not in its shapes is as published: heads' dimensions are shared by the
position axes as 1 : 3.5 : 3.5, and the autoencoder's groups are 32, or as many as divide its channels, 16 here. The
expected pictures are made with these.

Needs from PyPI: torch diffusers transformers sentencepiece protobuf safetensors pillow
"""
import inspect
import json
import os
import shutil
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import torch
from diffusers import AutoencoderKL, FluxPipeline, FluxTransformer2DModel
from diffusers.loaders import single_file_utils
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

GOLDEN = Path(__file__).resolve().parents[1] / "resources/golden"
AXES = [4, 14, 14]
GROUPS = 16
FLOAT8 = torch.float8_e4m3fn

EMBEDDERS = {"timestep_embedder": "time_in", "guidance_embedder": "guidance_in", "text_embedder": "vector_in"}
DOUBLE = {
    "norm1.linear": "img_mod.lin", "norm1_context.linear": "txt_mod.lin",
    "attn.to_out.0": "img_attn.proj", "attn.to_add_out": "txt_attn.proj",
    "ff.net.0.proj": "img_mlp.0", "ff.net.2": "img_mlp.2",
    "ff_context.net.0.proj": "txt_mlp.0", "ff_context.net.2": "txt_mlp.2",
}
DOUBLE_NORMS = {
    "attn.norm_q": "img_attn.norm.query_norm", "attn.norm_k": "img_attn.norm.key_norm",
    "attn.norm_added_q": "txt_attn.norm.query_norm", "attn.norm_added_k": "txt_attn.norm.key_norm",
}
SINGLE_NORMS = {"attn.norm_q": "norm.query_norm", "attn.norm_k": "norm.key_norm"}
RESNET = {"norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2", "conv_shortcut": "nin_shortcut"}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def transformer_by_bfl(weights):
    """diffusers' names to BFL's, what BFL fuses below each other."""
    left = dict(weights)
    made = {}

    def fuse(new, *old):
        for kind in ("weight", "bias"):
            made[f"{new}.{kind}"] = torch.cat([left.pop(f"{name}.{kind}") for name in old])

    for old, new in EMBEDDERS.items():
        if f"time_text_embed.{old}.linear_1.weight" in left:
            fuse(f"{new}.in_layer", f"time_text_embed.{old}.linear_1")
            fuse(f"{new}.out_layer", f"time_text_embed.{old}.linear_2")
    fuse("img_in", "x_embedder")
    fuse("txt_in", "context_embedder")
    for i in range(1 + max(int(key.split(".")[1]) for key in weights if key.startswith("transformer_blocks."))):
        old, new = f"transformer_blocks.{i}.", f"double_blocks.{i}."
        fuse(f"{new}img_attn.qkv", *(f"{old}attn.to_{x}" for x in "qkv"))
        fuse(f"{new}txt_attn.qkv", *(f"{old}attn.add_{x}_proj" for x in "qkv"))
        for name, bfl in DOUBLE.items():
            fuse(new + bfl, old + name)
        for name, bfl in DOUBLE_NORMS.items():
            made[f"{new}{bfl}.scale"] = left.pop(f"{old}{name}.weight")
    for i in range(1 + max(int(key.split(".")[1]) for key in weights if key.startswith("single_transformer_blocks."))):
        old, new = f"single_transformer_blocks.{i}.", f"single_blocks.{i}."
        fuse(f"{new}linear1", *(f"{old}attn.to_{x}" for x in "qkv"), f"{old}proj_mlp")
        fuse(f"{new}linear2", f"{old}proj_out")
        fuse(f"{new}modulation.lin", f"{old}norm.linear")
        for name, bfl in SINGLE_NORMS.items():
            made[f"{new}{bfl}.scale"] = left.pop(f"{old}{name}.weight")
    fuse("final_layer.linear", "proj_out")
    for kind in ("weight", "bias"):
        scale, shift = left.pop(f"norm_out.linear.{kind}").chunk(2)
        made[f"final_layer.adaLN_modulation.1.{kind}"] = torch.cat([shift, scale])
    assert not left, left.keys()
    return made


def transformer_by_diffusers(weights):
    """diffusers' own converter, at the golden models' width."""
    source = inspect.getsource(single_file_utils.convert_flux_transformer_checkpoint_to_diffusers)
    width = weights["img_in.weight"].shape[0]
    assert "inner_dim = 3072" in source
    namespace = dict(vars(single_file_utils))
    exec(source.replace("inner_dim = 3072", f"inner_dim = {width}"), namespace)
    return namespace["convert_flux_transformer_checkpoint_to_diffusers"](dict(weights))


def autoencoder_by_bfl(weights, levels):
    made = {}
    for key, tensor in weights.items():
        half, *path = key.split(".")
        name, kind = ".".join(path[:-1]), path[-1]
        if name in ("conv_in", "conv_out"):
            new = name
        elif name == "conv_norm_out":
            new = "norm_out"
        elif name.startswith("mid_block.attentions.0."):
            new = "mid.attn_1." + ATTENTION[name.removeprefix("mid_block.attentions.0.")]
            if tensor.dim() == 2:
                tensor = tensor[:, :, None, None]
        elif name.startswith("mid_block.resnets."):
            new = f"mid.block_{int(path[2]) + 1}.{RESNET[path[3]]}"
        else:
            level = int(path[1]) if half == "encoder" else levels - 1 - int(path[1])
            new = f"{'down' if half == 'encoder' else 'up'}.{level}."
            new += f"block.{path[3]}.{RESNET[path[4]]}" if path[2] == "resnets" else f"{path[2].removesuffix('rs')[:-1]}e.conv"
        made[f"{half}.{new}.{kind}"] = tensor
    return made


def require_equal(actual, expected):
    assert actual.keys() == expected.keys(), actual.keys() ^ expected.keys()
    for key, tensor in expected.items():
        assert tensor.dtype == actual[key].dtype and torch.equal(tensor, actual[key]), key


def stored(folder):
    weights = {}
    for file in sorted(folder.glob("*.safetensors")):
        weights |= load_file(file)
    return weights


def store(path, weights):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: tensor.contiguous() for key, tensor in weights.items()}, path)


def draw(folder, model, weights, prompt, seed, vae_groups=GROUPS, axes=AXES, **call):
    """What diffusers draws in float32 with a golden model's other parts and these weights."""
    call = dict(height=64, width=96, num_inference_steps=4, max_sequence_length=64) | call
    pipeline = FluxPipeline.from_pretrained(GOLDEN / model, torch_dtype=torch.float32)
    config = FluxTransformer2DModel.load_config(GOLDEN / model / "transformer") | dict(axes_dims_rope=axes)
    transformer = FluxTransformer2DModel.from_config(config)
    transformer.load_state_dict({key: tensor.float() for key, tensor in weights.items()})
    config = AutoencoderKL.load_config(GOLDEN / "dev/vae") | dict(norm_num_groups=vae_groups)
    vae = AutoencoderKL.from_config(config)
    vae.load_state_dict({key: tensor.float() for key, tensor in stored(GOLDEN / "dev/vae").items()})
    pipeline.transformer, pipeline.vae = transformer.eval(), vae.eval()
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(seed)
    image = pipeline(prompt=prompt, generator=generator, output_type="np", **call).images[0]
    folder.mkdir(parents=True)
    Image.fromarray((image * 255).round().astype(numpy.uint8)).save(folder / "expected_0.png")
    case = dict(prompt=prompt, seeds=[seed], pipeline="FluxPipeline", **call)
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def make_single():
    output = GOLDEN / "single"
    shutil.rmtree(output, ignore_errors=True)
    vae = stored(GOLDEN / "dev/vae")
    config = json.loads((GOLDEN / "dev/vae/config.json").read_text())
    autoencoder = autoencoder_by_bfl(vae, len(config["block_out_channels"]))
    require_equal(single_file_utils.convert_ldm_vae_checkpoint(dict(autoencoder), config), vae)
    store(output / "ae.safetensors", autoencoder)
    for model, guidance in (("dev", 3.5), ("schnell", 0.0)):
        weights = stored(GOLDEN / model / "transformer")
        single = transformer_by_bfl(weights)
        require_equal(transformer_by_diffusers(single), weights)
        store(output / model / f"flux1-{model}.safetensors", single)
        draw(output / model / "cases/one", model, weights, "a lighthouse in one file", 7, guidance_scale=guidance)


def is_linear(key, tensor):
    return key.endswith(".weight") and tensor.dim() == 2


def plain(weights):
    """All tensors cut to float8, as ComfyUI's and Kijai's plain files have them."""
    return {key: tensor.float().clamp(-448, 448).to(FLOAT8) for key, tensor in weights.items()}


def scaled(weights, key_of_scale, shape=()):
    """The linear layers' weights in float8 with a scale each, and their values."""
    made, values = {}, {}
    for key, tensor in weights.items():
        if is_linear(key, tensor):
            scale = tensor.float().abs().max() / 448
            made[key] = (tensor.float() / scale).clamp(-448, 448).to(FLOAT8)
            made[key_of_scale(key)] = scale.reshape(shape)
            values[key] = made[key].float() * scale
        else:
            made[key] = values[key] = tensor
    return made, values


def make_float8():
    output = GOLDEN / "float8"
    shutil.rmtree(output, ignore_errors=True)

    # ComfyUI's file of a whole model: its own prefix, all in float8
    made = plain(transformer_by_bfl(stored(GOLDEN / "schnell/transformer")))
    store(output / "plain/flux1-schnell-fp8.safetensors", {f"model.diffusion_model.{key}": tensor for key, tensor in made.items()})
    values = transformer_by_diffusers({key: tensor.float() for key, tensor in made.items()})
    draw(output / "plain/cases/one", "schnell", values, "a small number of a small size", 8, guidance_scale=0.0)

    # ComfyUI's scaled files: a scale beside each layer, one for its input, which only float8 arithmetic needs, and a mark
    made, values = scaled(
        transformer_by_bfl(stored(GOLDEN / "dev/transformer")), lambda key: key.replace(".weight", ".scale_weight"))
    inputs = {key.replace("scale_weight", "scale_input"): torch.tensor(1.0) for key in made if "scale_weight" in key}
    store(output / "scaled/flux1-dev-fp8.safetensors", made | inputs | dict(scaled_fp8=torch.zeros(0, dtype=FLOAT8)))
    draw(output / "scaled/cases/one", "dev", transformer_by_diffusers(values), "a large number of a small size", 9, guidance_scale=3.5)

    # diffusers' names, and the scales' other name
    weights = stored(GOLDEN / "dev/transformer")
    first = {key: tensor for key, tensor in weights.items() if not key.startswith(("transformer_blocks.1.", "single_transformer_blocks.1."))}
    made, values = scaled(first, lambda key: f"{key}_scale", (1,))
    store(output / "diffusers/transformer/float8.safetensors", made)
    files = dict.fromkeys(weights, "dev.safetensors") | dict.fromkeys(made, "float8.safetensors")
    (output / "diffusers/transformer/diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps(dict(metadata={}, weight_map=files), indent=1) + "\n")
    draw(output / "diffusers/cases/one", "dev", weights | values, "numbers of two sizes", 10, 8, [8, 12, 12], guidance_scale=3.5)


if __name__ == "__main__":
    make_single()
    make_float8()
