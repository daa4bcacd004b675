"""The emitted programs, and random weights and inputs for them by their descriptions."""
import io
import json
import re
import zipfile
from pathlib import Path

import torch

FLOAT8 = torch.float8_e4m3fn
THETA = 10000


def describe(folder, size, kind):
    return json.loads((Path(folder) / f"{size}-{kind}.json").read_text())


def load(folder, size, kind, rewrite=None):
    """The program of torch.jit.load; `rewrite` makes another text of its own."""
    archive = (Path(folder) / f"{size}-{kind}.pt").read_bytes()
    return torch.jit.load(io.BytesIO(rewritten(archive, rewrite) if rewrite else archive))


def rewritten(archive, rewrite):
    """Raises ValueError where the program has none of the lines that `rewrite` is about."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("code/__torch__.py"):
                other = rewrite(content.decode()).encode()
                if other == content:
                    raise ValueError(f"{rewrite.__name__}: the program has no such lines")
                content = other
            new.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


# Other ways to do what the programs do for a GPU, to see what each way is worth.

def with_body(name, body):
    """A rewrite that gives a method another body."""
    def rewrite(text):
        return re.sub(rf"(?ms)^(  def {name}\(.*?:\n)(    .*?\n)(?=  def |\Z)", lambda found: found[1] + body, text)
    rewrite.__name__ = name
    return rewrite


def with_cudnn_attention(text):
    """cuDNN's attention by its own name, which needs no setting."""
    return text.replace(
        "torch.scaled_dot_product_attention(q, k, v)",
        "(torch._scaled_dot_product_cudnn_attention(q, k, v, None, False, 0., False, False))[0]")


ROTARY_HEADS = """\
    normed = annotate(List[Tensor], [])
    for i in range(torch.len(parts)):
      _0 = torch.append(normed, {norm})
    if torch.eq(torch.len(normed), 1):
      x = normed[0]
    else:
      x = torch.cat(normed, 1)
    pairs = torch.view_as_complex(torch.unflatten(torch.to(x, 6), -1, [-1, 2]))
    turned = torch.mul(pairs, torch.unsqueeze(torch.view_as_complex(pe), 1))
    return torch.to(torch.flatten(torch.view_as_real(turned), -2, -1), ops.prim.dtype(x))
"""

NORM_IN_PARTS = """\
  def rms_norm(self: __torch__.FluxTransformer, x: Tensor, weight: Tensor, eps: float) -> Tensor:
    wide = torch.to(x, 6)
    root = torch.rsqrt(torch.add_(torch.mean(torch.pow(wide, 2), [-1], True), eps))
    return torch.mul(torch.to(torch.mul(wide, root), ops.prim.dtype(x)), weight)
"""


def with_norms_in_parts(text):
    """Root mean square norms of heads as PyTorch does them that has no kernel for them, as 2.7 does."""
    rewrite = with_body("rotary_heads", ROTARY_HEADS.format(norm="self.rms_norm(parts[i], weights[i], eps)"))
    return rewrite(text).replace("  def ", NORM_IN_PARTS + "  def ", 1)


REWRITES = {
    "GELU apart": with_body("linear_gelu_tanh", """\
    y = self.low_rank(w, down, up, x, torch.linear(x, weight, bias))
    return torch.gelu(y, approximate="tanh")
"""),
    "inputs joined before their product": with_body("joined_linear", """\
    both = torch.cat([a, b], -1)
    return self.low_rank(w, down, up, both, torch.linear(both, weight, bias))
"""),
    "modulation apart": with_body("ada_layer_norm", """\
    normed = torch.layer_norm(x, [torch.size(x, -1)], None, None, eps)
    return torch.addcmul(shift, normed, torch.add(scale, 1))
"""),
    "RMS norms by PyTorch's kernel": with_body(
        "rotary_heads", ROTARY_HEADS.format(norm="torch.rms_norm(parts[i], [torch.size(parts[i], -1)], weights[i], eps)")),
    "RMS norms in parts": with_norms_in_parts,
}


def made(description, device, seed=0):
    """
    Random weights: matrices of variance 1 / inputs, norms about 1, biases about 0, so that values keep their size.

    Returns a map `own`, and under each stack's prefix a list of maps, one a layer.
    """
    generator = torch.Generator(device=device).manual_seed(seed)
    weights = {"own": layer(description["own"], device, generator)}
    for stack in description["stacks"]:
        weights[stack["prefix"]] = [layer(stack["weights"], device, generator) for _ in range(stack["count"])]
    return weights


def layer(specs, device, generator):
    weights = {}
    for spec in specs:
        name, shape, dtype = spec["name"], spec["shape"], getattr(torch, spec["dtype"])
        if name.endswith("_scale"):
            continue
        numbers = torch.empty(shape, device=device).normal_(generator=generator)
        if len(shape) == 2:
            numbers = numbers / shape[1] ** 0.5
        else:
            numbers = 1 + 0.1 * numbers if name.endswith(".weight") else 0.02 * numbers
        if dtype == FLOAT8:
            scale = numbers.abs().amax() / torch.finfo(FLOAT8).max
            weights[name + "_scale"] = scale.cpu()
            numbers = numbers / scale
        weights[name] = numbers.to(dtype)
    return fitted_layer(weights, specs)


def fitted(weights, description):
    """The same weights for another program, which takes scales in another shape."""
    fit = {"own": fitted_layer(weights["own"], description["own"])}
    for stack in description["stacks"]:
        fit[stack["prefix"]] = [fitted_layer(w, stack["weights"]) for w in weights[stack["prefix"]]]
    return fit


def fitted_layer(weights, specs):
    device = next(weight.device for weight in weights.values() if weight.dim())
    return {spec["name"]: of_shape(weights[spec["name"]], spec["shape"], device) for spec in specs}


def of_shape(tensor, shape, device):
    """One number stays where it is, in the host's memory; as many of them go to the others."""
    if list(tensor.shape) == list(shape):
        return tensor
    return tensor.flatten()[0].expand(shape).contiguous().to(device)


def inputs(description, device, seed=1):
    """What the methods take beside weights, but `txt` and the modulation; and `t5_hidden` for `embed_text`."""
    generator = torch.Generator(device=device).manual_seed(seed)
    given = {"t5_hidden": description["t5_hidden"]}
    given.update({p["name"]: p for p in description["velocity"] if "shape" in p and p["name"] != "txt"})
    made = {name: torch.randn(p["shape"], device=device, generator=generator) for name, p in given.items()}
    made["timestep"].fill_(500)
    made["timesteps"] = made["timestep"].unsqueeze(0)
    made["guidance"].fill_(3.5)
    made["pe"] = rotary(description).to(device)
    return made


def rotary(description):
    """Cosines and sines of the tokens' angles, (L + S, d/2, 2); text stands at (0, 0, 0)."""
    rows, columns = description["rows"], description["columns"]
    place = torch.arange(rows * columns)
    positions = torch.stack((torch.zeros_like(place), place // columns, place % columns), 1).double()
    positions = torch.cat((torch.zeros(description["text_tokens"], 3, dtype=torch.float64), positions))
    angles = torch.cat([positions[:, [axis]] / THETA ** (torch.arange(0, dim, 2, dtype=torch.float64) / dim)
                        for axis, dim in enumerate(description["axes_dims_rope"])], 1)
    return torch.stack((angles.cos(), angles.sin()), -1).float()


def arguments(description, weights, given, method):
    """In the order in which a method takes them; `given` has under `modulation` what `modulate` gave."""
    def argument(p):
        if "weights" in p:
            return weights[p["weights"]]
        if "modulation" in p:
            return given["modulation"][p["modulation"]]
        return p["value"] if "value" in p else given[p["name"]]
    return [argument(p) for p in description[method]]
