"""Makes golden/training: losses, gradients and weights after one step of training the golden model `dev`, by PyTorch.

usage: make_training_step.py

The models are diffusers' and transformers' own, in float32. The transformer learns a random target by torch.optim.AdamW,
its gradient cut to a length of 1; the autoencoder's loss consists of L1, L2, KL and the L1 of edges; text encoders are
given the gradient of their output. Of some weights of each kind the first 64 numbers are kept.

Needs from PyPI: torch diffusers transformers safetensors
"""
import os
import shutil
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, T5EncoderModel

GOLDEN = Path(__file__).resolve().parents[1] / "resources/golden"
KEPT = 64

TRANSFORMER = [
    "x_embedder.weight", "x_embedder.bias", "context_embedder.weight",
    "time_text_embed.timestep_embedder.linear_1.weight", "time_text_embed.guidance_embedder.linear_2.weight",
    "time_text_embed.text_embedder.linear_1.bias",
    "transformer_blocks.0.norm1.linear.weight", "transformer_blocks.0.norm1_context.linear.bias",
    "transformer_blocks.0.attn.to_q.weight", "transformer_blocks.0.attn.norm_k.weight",
    "transformer_blocks.0.attn.norm_added_q.weight", "transformer_blocks.0.attn.add_v_proj.weight",
    "transformer_blocks.0.attn.to_add_out.bias", "transformer_blocks.1.attn.to_out.0.weight",
    "transformer_blocks.1.ff.net.0.proj.weight", "transformer_blocks.0.ff_context.net.2.weight",
    "single_transformer_blocks.0.norm.linear.weight", "single_transformer_blocks.0.attn.to_v.bias",
    "single_transformer_blocks.1.proj_mlp.weight", "single_transformer_blocks.1.proj_out.weight",
    "norm_out.linear.weight", "proj_out.weight",
]
VAE = [
    "encoder.conv_in.weight", "encoder.down_blocks.1.resnets.0.norm1.weight",
    "encoder.down_blocks.2.resnets.0.conv_shortcut.weight", "encoder.down_blocks.0.downsamplers.0.conv.weight",
    "encoder.mid_block.attentions.0.to_q.weight", "encoder.conv_out.bias", "decoder.conv_in.weight",
    "decoder.mid_block.attentions.0.group_norm.bias", "decoder.mid_block.resnets.1.conv2.weight",
    "decoder.up_blocks.0.upsamplers.0.conv.weight", "decoder.conv_norm_out.weight", "decoder.conv_out.weight",
]
T5 = [
    "shared.weight", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "encoder.block.0.layer.0.SelfAttention.q.weight", "encoder.block.1.layer.0.layer_norm.weight",
    "encoder.block.1.layer.1.DenseReluDense.wi_0.weight", "encoder.final_layer_norm.weight",
]
CLIP = [
    "embeddings.token_embedding.weight", "embeddings.position_embedding.weight",
    "encoder.layers.0.self_attn.q_proj.weight", "encoder.layers.0.layer_norm1.bias",
    "encoder.layers.1.mlp.fc1.weight", "final_layer_norm.weight",
]


def normal(generator, *shape):
    return torch.randn(shape, generator=generator)


def kept(prefix, tensors):
    return {f"{prefix}.{name}": tensor.detach().flatten()[:KEPT].clone() for name, tensor in tensors.items()}


def chosen(parameters, names):
    return {name: parameters[name] for name in names}


def gradients(parameters):
    return {name: parameter.grad for name, parameter in parameters.items()}


def store(name, tensors):
    folder = GOLDEN / "training" / name
    folder.mkdir(parents=True)
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / "expected.safetensors")


def transformer_step():
    model = FluxTransformer2DModel.from_pretrained(GOLDEN / "dev/transformer", torch_dtype=torch.float32)
    generator = torch.Generator("cpu").manual_seed(1)
    rows, columns, text = 5, 3, 7
    given = dict(
        latents=normal(generator, 3, rows * columns, 64), t5_hidden=normal(generator, 3, text, 64),
        pooled=normal(generator, 3, 32), target=normal(generator, 3, rows * columns, 64),
        timestep=torch.tensor([125.0, 500.0, 812.5]), guidance=torch.tensor([1.0, 3.5, 4.25]))
    img_ids = torch.zeros(rows, columns, 3)
    img_ids[..., 1] = torch.arange(rows)[:, None]
    img_ids[..., 2] = torch.arange(columns)[None]
    hidden = given["t5_hidden"].clone().requires_grad_()
    pooled = given["pooled"].clone().requires_grad_()
    prediction = model(
        hidden_states=given["latents"], encoder_hidden_states=hidden, pooled_projections=pooled,
        timestep=given["timestep"] / 1000, guidance=given["guidance"],
        img_ids=img_ids.reshape(-1, 3), txt_ids=torch.zeros(text, 3), return_dict=False)[0]
    losses = (prediction - given["target"]).square().flatten(1).mean(1)
    losses.mean().backward()
    parameters = dict(model.named_parameters())
    some = chosen(parameters, TRANSFORMER)
    before = kept("gradient", gradients(some))
    optimizer = torch.optim.AdamW(parameters.values(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.01)
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
    optimizer.step()
    print("transformer", losses.tolist(), norm.item())
    store("transformer", given | before | kept("updated", some) | dict(
        losses=losses.detach(), norm=norm.reshape(1), t5_hidden_gradient=hidden.grad, pooled_gradient=pooled.grad))


def vae_step():
    model = AutoencoderKL.from_pretrained(GOLDEN / "dev/vae", torch_dtype=torch.float32)
    generator = torch.Generator("cpu").manual_seed(2)
    given = dict(image=torch.rand((2, 3, 32, 48), generator=generator) * 2 - 1, noise=normal(generator, 2, 16, 4, 6))
    counts = torch.tensor([1.0, 0.5, 1e-3, 0.25])
    moments = model.encode(given["image"]).latent_dist
    error = model.decode(moments.mean + moments.std * given["noise"]).sample - given["image"]
    kl = (moments.mean.square() + moments.var - 1 - moments.logvar) / 2
    edges = sum(error.diff(dim=axis).abs().flatten(1).mean(1) for axis in (2, 3)) / 2
    losses = torch.stack([
        error.abs().flatten(1).mean(1), error.square().flatten(1).mean(1), kl.flatten(1).mean(1), edges])
    (losses * counts[:, None]).sum(0).mean().backward()
    parameters = dict(model.named_parameters())
    norm = torch.stack([parameter.grad.norm() for parameter in parameters.values()]).norm()
    print("vae", losses.tolist(), norm.item())
    store("vae", given | kept("gradient", gradients(chosen(parameters, VAE))) | dict(
        counts=counts, losses=losses.detach(), norm=norm.reshape(1)))


def text_steps():
    generator = torch.Generator("cpu").manual_seed(3)
    t5 = T5EncoderModel.from_pretrained(GOLDEN / "dev/text_encoder_2", dtype=torch.float32)
    t5_ids = torch.randint(3, 60, (2, 9), generator=generator)
    t5_ids[:, -1] = 0
    t5_gradient = normal(generator, 2, 9, 64)
    (t5(t5_ids).last_hidden_state * t5_gradient).sum().backward()
    clip = CLIPTextModel.from_pretrained(GOLDEN / "dev/text_encoder", dtype=torch.float32)
    clip_ids = torch.full((2, 77), 1102)
    clip_ids[:, 0] = 1101
    for row, count in enumerate((5, 11)):
        clip_ids[row, 1 : 1 + count] = torch.randint(3, 60, (count,), generator=generator)
    clip_ids[:, 3] = 0
    clip_gradient = normal(generator, 2, 32)
    (clip(clip_ids).pooler_output * clip_gradient).sum().backward()
    t5_parameters = dict(t5.named_parameters())
    clip_parameters = {name.removeprefix("text_model."): value for name, value in clip.named_parameters()}
    store("t5", kept("gradient", gradients(chosen(t5_parameters, T5))) | dict(ids=t5_ids, output_gradient=t5_gradient))
    store("clip", kept("gradient", gradients(chosen(clip_parameters, CLIP))) | dict(ids=clip_ids, output_gradient=clip_gradient))


if __name__ == "__main__":
    shutil.rmtree(GOLDEN / "training", ignore_errors=True)
    transformer_step()
    vae_step()
    text_steps()
