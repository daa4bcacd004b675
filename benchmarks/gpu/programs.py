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
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("code/__torch__.py"):
                content = rewrite(content.decode()).encode()
            new.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


# Other ways to write some lines, to learn what a change of the emitter would bring.

def with_addcmul(text):
    """a * b + c in one pass, where a product is used in the next line alone."""
    return re.sub(
        r"( +)(mul\w*) = torch\.mul\((\w+), (\w+)\)  # (.*)\n +(add\w*) = torch\.add\((?:\2, (\w+)|(\w+), \2)\)  # \5\n",
        lambda m: f"{m[1]}{m[6]} = torch.addcmul({m[7] or m[8]}, {m[3]}, {m[4]})  # {m[5]}\n", text)


def with_complex_rotation(text):
    """The rotary embedding as one product of complex numbers."""
    pattern = re.compile(
        r"    (select\w*) = torch\.select\((unflatten\w*), 4, 0\).*\n(?:.*\n){9}"
        r"    cat\w* = torch\.cat\(.*\], 4\).*\n    (flatten\w*) = torch\.flatten\(cat\w*, 3, 4\)(.*)\n")
    return pattern.sub(
        lambda m: f"    {m[3]} = torch.flatten(torch.view_as_real(torch.mul(torch.view_as_complex({m[2]}),"
                  f" torch.complex(cos, sin))), 3, 4){m[4]}\n", text)


def with_cudnn_attention(text):
    """cuDNN's attention by its own name, which needs no setting."""
    return re.sub(
        r"(\w+) = torch\.scaled_dot_product_attention\((\w+), (\w+), (\w+)\)",
        r"\1 = (torch._scaled_dot_product_cudnn_attention(\2, \3, \4, None, False, 0., False, False))[0]", text)


def with_fast_lines(text):
    return with_addcmul(with_complex_rotation(text))


REWRITES = {
    "addcmul": with_addcmul,
    "complex rotation": with_complex_rotation,
    "addcmul, complex rotation": with_fast_lines,
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
            weights[name + "_scale"] = scale
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
    return {spec["name"]: of_shape(weights[spec["name"]], spec["shape"]) for spec in specs}


def of_shape(tensor, shape):
    if list(tensor.shape) == list(shape):
        return tensor
    return tensor.flatten()[0].expand(shape).contiguous()


def inputs(description, device, seed=1):
    """What `velocity` takes beside weights, but `txt`; and `t5_hidden` for `embed_text`."""
    generator = torch.Generator(device=device).manual_seed(seed)
    given = {"t5_hidden": description["t5_hidden"]}
    given.update({p["name"]: p for p in description["velocity"] if "shape" in p and p["name"] != "txt"})
    made = {name: torch.randn(p["shape"], device=device, generator=generator) for name, p in given.items()}
    made["timestep"].fill_(500)
    made["guidance"].fill_(3.5)
    made["cos"], made["sin"] = (turn.to(device) for turn in rotary(description))
    return made


def rotary(description):
    """Cosines and sines of the tokens' angles, (L + S, d/2) each; text stands at (0, 0, 0)."""
    rows, columns = description["rows"], description["columns"]
    place = torch.arange(rows * columns)
    positions = torch.stack((torch.zeros_like(place), place // columns, place % columns), 1).double()
    positions = torch.cat((torch.zeros(description["text_tokens"], 3, dtype=torch.float64), positions))
    angles = torch.cat([positions[:, [axis]] / THETA ** (torch.arange(0, dim, 2, dtype=torch.float64) / dim)
                        for axis, dim in enumerate(description["axes_dims_rope"])], 1)
    return angles.cos().float(), angles.sin().float()


def arguments(description, weights, given):
    """In the order in which `velocity` takes them."""
    return [weights[p["weights"]] if "weights" in p else given[p["name"]] for p in description["velocity"]]
