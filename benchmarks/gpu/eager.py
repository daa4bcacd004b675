"""FLUX.1's transformer in eager PyTorch, as what the emitted programs are measured against.

Written from the papers' description: two streams of tokens (picture, text) with weights of their own that meet in the
attention, then one stream with attention and MLP side by side; a vector made of timestep, guidance and pooled text
shifts, scales and gates every block. Weights have diffusers' names.

Axes: B pictures, S image tokens, L text tokens, D inner size, H heads of size d, T tokens of a stream.
"""
import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

FLOAT8 = torch.float8_e4m3fn
LARGEST_FLOAT8 = 448.0
SINUSOIDS = 256
EPS = 1e-6


class Float8(NamedTuple):
    """What a linear layer is given, in float8: values (T, in) and their scales, (T, 1) or one number."""
    values: torch.Tensor
    scale: torch.Tensor
    like: torch.Tensor


def to_float8(x, dims):
    """One scale for all that `dims` go over."""
    flat = x.flatten(0, -2)  # (T, in)
    largest = flat.abs().amax(dims, keepdim=len(dims) == 1).float()
    scale = (largest / LARGEST_FLOAT8).clamp_min(1e-12)  # (T, 1) or ()
    values = (flat.float() / scale).clamp(-LARGEST_FLOAT8, LARGEST_FLOAT8).to(FLOAT8)
    return Float8(values, scale, x)


# How a layer's weights are multiplied, by what its input is made first.
PRODUCTS = {
    "dense": lambda x: x,
    "row": lambda x: to_float8(x, (-1,)),
    "tensor": lambda x: to_float8(x, (0, 1)),
}


class Linear(nn.Module):
    def __init__(self, weights, name):
        super().__init__()
        self.register_buffer("weight", weights[name + ".weight"], persistent=False)
        self.register_buffer("bias", weights[name + ".bias"], persistent=False)
        scale = weights.get(name + ".weight_scale")  # ()
        scale = None if scale is None else scale.to(self.weight.device)
        rows = None if scale is None else scale.expand(1, len(self.weight)).contiguous()  # (1, out)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("row_scale", rows, persistent=False)

    def forward(self, x):
        if isinstance(x, Float8):
            weight_scale = self.scale if x.scale.dim() == 0 else self.row_scale
            y = torch._scaled_mm(x.values, self.weight.t(), scale_a=x.scale, scale_b=weight_scale, bias=self.bias,
                                 out_dtype=x.like.dtype, use_fast_accum=True)
            return y.unflatten(0, x.like.shape[:-1])
        weight = self.weight.to(x.dtype)
        if self.scale is not None:
            weight = weight * self.scale
        return F.linear(x, weight, self.bias.to(x.dtype))


class Part(nn.Module):
    """Layers by their names in `weights`; `given` makes of an input what linear layers take."""

    def __init__(self, weights, products, heads):
        super().__init__()
        self.given = PRODUCTS[products]
        self.heads = heads
        self.norms = {name: weight for name, weight in weights.items() if weight.dim() == 1 and name.endswith(".weight")}
        self.linears = nn.ModuleDict({
            name.removesuffix(".bias").replace(".", "/"): Linear(weights, name.removesuffix(".bias"))
            for name in weights if name.endswith(".bias")})

    def linear(self, name, x):
        return self.linears[name.replace(".", "/")](x)

    def norm(self, name, x):
        """Root mean square norm over each head; (B, H, T, d)."""
        return F.rms_norm(x, x.shape[-1:], self.norms[name + ".weight"].to(x.dtype), EPS)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, T, D) to (B, H, T, d)

    def qkv(self, names, x):
        """Queries, keys and values of one stream, each (B, H, T, d)."""
        q, k, v = (self.split(self.linear("attn." + name, x)) for name in names[:3])
        return self.norm("attn." + names[3], q), self.norm("attn." + names[4], k), v


def modulated(x, shift, scale):
    """x (B, T, D); shift and scale (B, 1, D)."""
    return F.layer_norm(x, x.shape[-1:], eps=EPS) * (1 + scale) + shift


def turned(x, pe):
    """Neighbouring pairs of x (B, H, T, d) turned by the angles of pe's cosines and sines, (T, d/2, 2); in float32."""
    cos, sin = pe.unbind(-1)  # (T, d/2) each
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)  # (B, H, T, d/2) each
    return torch.stack((a * cos - b * sin, b * cos + a * sin), -1).flatten(3).to(x.dtype)


def attention(q, k, v, pe):
    mixed = F.scaled_dot_product_attention(turned(q, pe), turned(k, pe), v)  # (B, H, T, d)
    return mixed.transpose(1, 2).flatten(2)  # (B, T, D)


class DoubleStreamBlock(Part):
    def forward(self, img, txt, vec, pe):
        vec = self.given(vec)
        img_mod = self.linear("norm1.linear", vec).unsqueeze(1).chunk(6, -1)
        txt_mod = self.linear("norm1_context.linear", vec).unsqueeze(1).chunk(6, -1)
        of_img = self.qkv(("to_q", "to_k", "to_v", "norm_q", "norm_k"),
                          self.given(modulated(img, img_mod[0], img_mod[1])))
        of_txt = self.qkv(("add_q_proj", "add_k_proj", "add_v_proj", "norm_added_q", "norm_added_k"),
                          self.given(modulated(txt, txt_mod[0], txt_mod[1])))
        q, k, v = (torch.cat(pair, 2) for pair in zip(of_txt, of_img))
        mixed = attention(q, k, v, pe)  # (B, L + S, D)
        length = txt.shape[1]
        img = self.rest(img, mixed[:, length:], img_mod, "attn.to_out.0", "ff")
        txt = self.rest(txt, mixed[:, :length], txt_mod, "attn.to_add_out", "ff_context")
        return img, txt

    def rest(self, x, mixed, mod, out, ff):
        """What follows the attention in one stream, x (B, T, D)."""
        x = x + mod[2] * self.linear(out, self.given(mixed))
        hidden = self.linear(ff + ".net.0.proj", self.given(modulated(x, mod[3], mod[4])))
        return x + mod[5] * self.linear(ff + ".net.2", self.given(F.gelu(hidden, approximate="tanh")))


class SingleStreamBlock(Part):
    def forward(self, x, vec, pe):
        shift, scale, gate = self.linear("norm.linear", self.given(vec)).unsqueeze(1).chunk(3, -1)
        y = self.given(modulated(x, shift, scale))
        mixed = attention(*self.qkv(("to_q", "to_k", "to_v", "norm_q", "norm_k"), y), pe)
        hidden = F.gelu(self.linear("proj_mlp", y), approximate="tanh")
        return x + gate * self.linear("proj_out", self.given(torch.cat((mixed, hidden), -1)))


class Transformer(Part):
    """
    weights: `own` and the two stacks of blocks, as the emitted program takes them
    products: how linear layers multiply, see PRODUCTS
    compute: in which type
    """

    def __init__(self, description, weights, products, compute):
        heads = description["num_attention_heads"]
        super().__init__(weights["own"], products, heads)
        self.compute = compute
        self.double_blocks = nn.ModuleList(
            DoubleStreamBlock(w, products, heads) for w in weights["transformer_blocks."])
        self.single_blocks = nn.ModuleList(
            SingleStreamBlock(w, products, heads) for w in weights["single_transformer_blocks."])
        self.embedders = ["timestep_embedder", "guidance_embedder"] if description["guidance_embeds"] \
            else ["timestep_embedder"]

    def mlp(self, name, x):
        hidden = F.silu(self.linear(f"time_text_embed.{name}.linear_1", self.given(x.to(self.compute))))
        return self.linear(f"time_text_embed.{name}.linear_2", self.given(hidden))

    def forward(self, latents, txt, pooled, timestep, guidance, pe):
        vec = self.mlp("text_embedder", pooled)  # (B, D)
        for name, t in zip(self.embedders, (timestep, 1000 * guidance)):
            vec = vec + self.mlp(name, sinusoids(t))
        vec = F.silu(vec)
        img = self.linear("x_embedder", self.given(latents.to(self.compute)))  # (B, S, D)
        txt = txt.to(self.compute)  # (B, L, D)
        for block in self.double_blocks:
            img, txt = block(img, txt, vec, pe)
        x = torch.cat((txt, img), 1)  # (B, L + S, D)
        for block in self.single_blocks:
            x = block(x, vec, pe)
        scale, shift = self.linear("norm_out.linear", self.given(vec)).unsqueeze(1).chunk(2, -1)
        img = modulated(x[:, txt.shape[1]:], shift, scale)
        return self.linear("proj_out", self.given(img)).float()  # (B, S, C)


def sinusoids(t):
    """t (B) at 128 frequencies from 1 down to 1/10000, cosines first: (B, 256)."""
    half = SINUSOIDS // 2
    angles = t[:, None] * torch.exp(torch.arange(half, device=t.device) * (-math.log(10000) / half))
    return torch.cat((angles.cos(), angles.sin()), -1)
