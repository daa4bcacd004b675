"""Makes golden/lora: LoRA files in every naming, and what diffusers says that each of them adapts.

    make_lora_files.py --sd-scripts CHECKOUT --x-flux CHECKOUT --invokeai CHECKOUT --output FOLDER

needs diffusers 0.42, peft, transformers and einops. The namings come from

- files that diffusers' own pipeline writes,
- kohya's and XLabs' training code, run on a small FLUX.1:
  github.com/kohya-ss/sd-scripts 48d368fa (networks/lora_flux.py, library/flux_models.py),
  github.com/XLabs-AI/x-flux 47495425 (src/flux),
- key lists of published files, which github.com/invoke-ai/InvokeAI 8e71a8a5 keeps in
  tests/backend/patches/lora_conversions/lora_state_dicts; each list names its file.

Shapes are those of the golden model "dev", of two double and two single blocks. All numbers are small multiples of a
power of two, so that products are exact in float32. expected.json has, by file and layer, the SHA-256 of the change of
the layer's weight (float32, row by row), as diffusers' converters or PEFT's modules give it. diffusers' converters
have FLUX.1's sizes written in them; those numbers are replaced, nothing else.
"""

import argparse
import ast
import hashlib
import inspect
import json
import re
import sys
import types
from pathlib import Path

import torch
from diffusers import FluxPipeline, FluxTransformer2DModel
from diffusers.loaders import lora_conversion_utils, lora_pipeline
from diffusers.training_utils import _collate_lora_metadata
from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_peft
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from transformers import AutoConfig, CLIPTextModel, T5EncoderModel

RANK = 2
BLOCKS = 2
DEV = Path(__file__).resolve().parents[1] / "resources/golden/dev"

# FLUX.1's sizes and the golden model's, by part
SIZES = {
    "transformer": {3072: 64, 9216: 192, 12288: 256, 15360: 320, 18432: 384, 21504: 448, 6144: 128, 4096: 64, 768: 32},
    "text_encoder": {768: 32, 3072: 128},
    "text_encoder_2": {4096: 64, 10240: 128},
}


class Writer:
    def __init__(self, output):
        self.output = output
        self.expected = {}

    def add(self, name, tensors, deltas, metadata=None):
        contiguous = {key: tensor.contiguous() for key, tensor in tensors.items()}
        save_file(contiguous, self.output / f"{name}.safetensors", metadata)
        self.expect(name, deltas)

    def expect(self, name, deltas):
        self.expected[name] = {
            layer: hashlib.sha256((delta.float() + 0.0).numpy().astype("<f4").tobytes()).hexdigest()
            for layer, delta in sorted(deltas.items())
        }


def numbers(shape, seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randint(-8, 9, shape, generator=generator) / 8).to(dtype)


def filled(shapes, dtype, alpha=1.0):
    """A tensor for every name; a shape () is an alpha."""
    return {
        key: numbers(shape, seed, dtype) if shape else torch.tensor(alpha, dtype=dtype)
        for seed, (key, shape) in enumerate(sorted(shapes.items()))
    }


# --- what diffusers reads ---


def delta(down, up, alpha):
    return float(alpha) / down.shape[0] * (up.float() @ down.float())


def resized(function):
    source = inspect.getsource(function)
    for old, new in {
        "[3072, 3072, 3072, 12288]": "[64, 64, 64, 256]",
        "range(19)": f"range({BLOCKS})",
        "range(38)": f"range({BLOCKS})",
        "num_layers = 19": f"num_layers = {BLOCKS}",
        "num_single_layers = 38": f"num_single_layers = {BLOCKS}",
        "inner_dim = 3072": "inner_dim = 64",
    }.items():
        source = source.replace(old, new)
    namespace = dict(vars(lora_conversion_utils))
    exec(source, namespace)
    return namespace[function.__name__]


def resize_converters():
    for name in ("_convert_kohya_flux_lora_to_diffusers", "_convert_xlabs_flux_lora_to_diffusers",
                 "_convert_bfl_flux_control_lora_to_diffusers", "_convert_fal_kontext_lora_to_diffusers"):
        setattr(lora_pipeline, name, resized(getattr(lora_conversion_utils, name)))


def deltas_by_diffusers(tensors):
    # converters change text encoders' tensors in place
    copies = {key: tensor.clone() for key, tensor in tensors.items()}
    state_dict, alphas, _ = FluxPipeline.lora_state_dict(copies, return_alphas=True, return_lora_metadata=True)
    clip = {key: value for key, value in state_dict.items() if key.startswith("text_encoder.")}
    transformer = {key: value for key, value in state_dict.items() if key not in clip}
    clip = convert_state_dict_to_peft(convert_state_dict_to_diffusers(clip)) if clip else {}
    deltas = {}
    for key, down in {**transformer, **clip}.items():
        if ".lora_A." not in key:
            continue
        module = key.split(".lora_A.")[0]
        up = (clip if key in clip else transformer)[key.replace(".lora_A.", ".lora_B.")]
        alpha = (alphas or {}).get(module + ".alpha", down.shape[0])
        # diffusers leaves the part out for some layers that kohya's naming has
        known = module.startswith(("transformer.", "text_encoder."))
        part, layer = module.split(".", 1) if known else ("transformer", module)
        deltas[f"{part} {layer}"] = delta(down, up, alpha)
    return deltas


# --- names ---


def published(checkout, name):
    """Names and shapes of a published file, shrunk to the golden model."""
    source = (checkout / "tests/backend/patches/lora_conversions/lora_state_dicts" / f"{name}.py").read_text()
    keys = next(
        ast.literal_eval(node.value) for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "state_dict_keys"
    )
    small = {}
    for key, shape in keys.items():
        number = re.search(r"(?:blocks|layers|block)[._](\d+)[._]", key)
        if number and int(number.group(1)) >= BLOCKS:
            continue
        sizes = SIZES["text_encoder" if "lora_te1" in key else "text_encoder_2" if "lora_te2" in key else "transformer"]
        rank_axis = 0 if re.search(r"lora_(A|down)|\.down\.", key) else 1
        small[key] = tuple(RANK if axis == rank_axis else sizes.get(size, size) for axis, size in enumerate(shape))
    return small


def t5():
    return T5EncoderModel(AutoConfig.from_pretrained(DEV / "text_encoder_2"))


def flux_parameters():
    return dict(
        in_channels=64, vec_in_dim=32, context_in_dim=64, hidden_size=64, mlp_ratio=4.0, num_heads=2, depth=BLOCKS,
        depth_single_blocks=BLOCKS, axes_dim=[8, 12, 12], theta=10_000, qkv_bias=True, guidance_embed=True,
    )


def kohya(checkout):
    """Names, shapes, and T5's layers by name, from kohya's network; the last layers by its rule."""
    sys.path.insert(0, str(checkout))
    for name in ("torchvision", "torchvision.transforms", "cv2"):  # library.utils wants them, for pictures
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["torchvision"].transforms = sys.modules["torchvision.transforms"]
    from library.flux_models import Flux, FluxParams
    from networks.lora_flux import LoRANetwork

    flux = Flux(FluxParams(**flux_parameters()))
    encoder = t5()
    names = {id(module): name for name, module in encoder.named_modules()}
    network = LoRANetwork([None, encoder], flux, lora_dim=RANK, alpha=1, train_t5xxl=True, in_dims=[RANK] * 5)
    layers = {lora.lora_name: names[id(lora.org_module)] for lora in network.text_encoder_loras}
    for lora in network.text_encoder_loras + network.unet_loras:
        network.add_module(lora.lora_name, lora)
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items() if "org_module" not in key}
    for name in ("final_layer.linear", "final_layer.adaLN_modulation.1"):
        weight = flux.get_submodule(name).weight
        key = f"{LoRANetwork.LORA_PREFIX_FLUX}.{name}".replace(".", "_")
        shapes |= {f"{key}.lora_down.weight": (RANK, weight.shape[1]), f"{key}.lora_up.weight": (weight.shape[0], RANK)}
    sys.path.remove(str(checkout))
    return shapes, layers


def xlabs(checkout):
    sys.path.insert(0, str(checkout / "src"))
    from flux.model import Flux, FluxParams
    from flux.modules.layers import DoubleStreamBlockLoraProcessor, SingleStreamBlockLoraProcessor

    flux = Flux(FluxParams(**flux_parameters()))
    processors = {"double_blocks": DoubleStreamBlockLoraProcessor, "single_blocks": SingleStreamBlockLoraProcessor}
    flux.set_attn_processor({name: processors[name.split(".")[0]](64, RANK) for name in flux.attn_processors})
    sys.path.remove(str(checkout / "src"))
    return {
        key: tuple(SIZES["transformer"].get(size, size) for size in tensor.shape)
        for key, tensor in flux.state_dict().items() if "_lora" in key
    }


# --- the files ---


def with_t5(tensors, layers, prefix):
    """The change of T5's layers, which diffusers does not read, and the other tensors."""
    deltas = {}
    for name, layer in layers.items():
        down, up = tensors[f"{name}.lora_down.weight"], tensors[f"{name}.lora_up.weight"]
        deltas[f"text_encoder_2 {layer}"] = delta(down, up, tensors[f"{name}.alpha"])
    return deltas, {key: tensor for key, tensor in tensors.items() if not key.startswith(prefix)}


def write_kohya(writer, checkouts):
    shapes, layers = kohya(checkouts.sd_scripts)
    tensors = filled(shapes, torch.bfloat16)
    deltas, others = with_t5(tensors, layers, "lora_te3_")
    metadata = {"ss_network_alpha": "16", "ss_network_dim": "2"}
    writer.add("kohya", tensors, {**deltas, **deltas_by_diffusers(others)}, metadata)

    tensors = filled(published(checkouts.invokeai, "flux_lora_kohya_with_te1_format"), torch.float16, alpha=4.0)
    writer.add("kohya-with-te1", tensors, deltas_by_diffusers(tensors))

    # with split_qkv=True, state_dict() of kohya's network puts the split layers' matrices into one, block by block
    split = {}
    fused = {key: shape for key, shape in shapes.items() if re.search("qkv|linear1", key)}
    for seed, (key, tensor) in enumerate(filled(fused, torch.float32).items()):
        sizes = [64, 64, 64, 256] if "linear1" in key else [64, 64, 64]
        if "lora_down" in key:
            tensor = torch.cat([numbers(tensor.shape, 100 * seed + i) for i in range(len(sizes))])
        elif "lora_up" in key:
            tensor = torch.block_diag(*(numbers((size, RANK), 100 * seed + i) for i, size in enumerate(sizes)))
        else:
            tensor = torch.tensor(float(len(sizes)))
        split[key] = tensor
    writer.add("kohya-split-qkv", split, deltas_by_diffusers(split))


def write_published(writer, checkouts):
    tensors = filled(published(checkouts.invokeai, "flux_lora_aitoolkit_format"), torch.bfloat16)
    # diffusers knows this naming with kohya's lora_down and lora_up only
    kohyas = {key.replace("lora_A", "lora_down").replace("lora_B", "lora_up"): value for key, value in tensors.items()}
    writer.add("comfyui", tensors, deltas_by_diffusers(kohyas))
    writer.add("comfyui-lora-down", kohyas, deltas_by_diffusers(kohyas))

    tensors = filled(published(checkouts.invokeai, "flux_lora_diffusers_format"), torch.float32)
    writer.add("diffusers", tensors, deltas_by_diffusers(tensors))
    writer.add("diffusers-lora-down", convert_state_dict_to_diffusers(tensors), deltas_by_diffusers(tensors))
    alphas = {key.replace("lora_A.weight", "alpha"): torch.tensor(4.0) for key in tensors if "lora_A" in key}
    writer.add("diffusers-alpha", {**tensors, **alphas}, deltas_by_diffusers({**tensors, **alphas}))

    tensors = filled(published(checkouts.invokeai, "flux_lora_diffusers_base_model_format"), torch.float16)
    prefixed = {key.replace("base_model.model.", "transformer."): value for key, value in tensors.items()}
    writer.add("peft", tensors, deltas_by_diffusers(prefixed))

    # the published file is a DoRA; a LoRA of that tool lacks its dora_scale
    dora = published(checkouts.invokeai, "flux_dora_onetrainer_format")
    shapes = {key: shape for key, shape in dora.items() if "dora_scale" not in key}
    tensors = filled(shapes, torch.bfloat16, alpha=4.0)
    names = {f"lora_te2_{name}".replace(".", "_"): name for name, module in t5().named_modules()}
    layers = {name: layer for name, layer in names.items() if f"{name}.alpha" in tensors}
    deltas, others = with_t5(tensors, layers, "lora_te2_")
    writer.add("onetrainer", tensors, {**deltas, **deltas_by_diffusers(others)})


def write_bfl(writer, checkouts):
    shapes = published(checkouts.invokeai, "flux_control_lora_format")
    norms = {key: numbers((32,), 0) for key in shapes if key.endswith("scale")}
    factors = {key: shape for key, shape in shapes.items() if key.endswith(".weight")}
    # this file widens the first layer's input, and its last layer's rank is that layer's size
    factors["img_in.lora_A.weight"] = (RANK, 64)
    tensors = filled(factors, torch.float32)
    deltas = deltas_by_diffusers({**tensors, **norms})
    # this converter exchanges the halves of lora_A too, though its rows are ranks; kohya's does not
    last = [tensors[f"final_layer.adaLN_modulation.1.lora_{factor}.weight"] for factor in "AB"]
    deltas["transformer norm_out.linear"] = lora_conversion_utils.swap_scale_shift(delta(*last, alpha=RANK))
    writer.add("bfl", tensors, deltas)

    fal = {
        f"base_model.model.{key}": value for key, value in tensors.items()
        if key.startswith(("double_blocks", "single_blocks", "final_layer.linear"))
    }
    writer.add("fal", fal, deltas_by_diffusers(fal))


def write_adapters(writer):
    """What diffusers' own pipeline writes for adapters with alphas, and the changes that PEFT computes."""
    for name, rslora in (("diffusers-metadata", False), ("diffusers-rslora", True)):
        models = {
            "transformer": FluxTransformer2DModel.from_config(FluxTransformer2DModel.load_config(DEV / "transformer")),
            "text_encoder": CLIPTextModel(AutoConfig.from_pretrained(DEV / "text_encoder")),
        }
        config = LoraConfig(
            r=4, lora_alpha=8, use_rslora=rslora,
            target_modules=r".*attn\.to_q|.*ff\.net\.2|x_embedder|norm_out\.linear",
            rank_pattern={"ff.net.2": 1}, alpha_pattern={r"transformer_blocks\.1\.attn\.to_q": 2, "x_embedder": 16},
        )
        models["transformer"].add_adapter(config)
        clip = LoraConfig(r=4, lora_alpha=2, target_modules=r".*(q_proj|fc1)")
        inject_adapter_in_model(clip, models["text_encoder"])
        models["text_encoder"].peft_config = {"default": clip}
        layers, deltas = {}, {}
        for part, model in models.items():
            for seed, (parameter, tensor) in enumerate(sorted(model.named_parameters())):
                if "lora_" in parameter:
                    tensor.data = numbers(tensor.shape, seed)
            layers[part] = get_peft_model_state_dict(model)
            for module, layer in model.named_modules():
                if isinstance(layer, LoraLayer):
                    module = re.sub(r"^encoder\.layers", "text_model.encoder.layers", module)
                    deltas[f"{part} {module}"] = layer.get_delta_weight("default").detach()
        FluxPipeline.save_lora_weights(
            writer.output, transformer_lora_layers=layers["transformer"],
            text_encoder_lora_layers=layers["text_encoder"], weight_name=f"{name}.safetensors",
            **_collate_lora_metadata(models),
        )
        writer.expect(name, deltas)


def main():
    parser = argparse.ArgumentParser()
    for name in ("sd-scripts", "x-flux", "invokeai", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    checkouts = parser.parse_args()
    checkouts.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    resize_converters()
    writer = Writer(checkouts.output)
    write_kohya(writer, checkouts)
    write_published(writer, checkouts)
    write_bfl(writer, checkouts)
    tensors = filled(xlabs(checkouts.x_flux), torch.float32)
    writer.add("xlabs", tensors, deltas_by_diffusers(tensors))
    write_adapters(writer)
    (checkouts.output / "expected.json").write_text(json.dumps(writer.expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
