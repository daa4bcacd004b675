"""What the approximations save and change: pictures of the built-in model beside those without, and steps of a larger one.

usage: approximations.py DATA [PROMPTS]       DATA is what deploy/tiny/run TinyData has made; 100 prompts by default

Half of the prompts ask for emoji, half for scenes that were never trained. All settings are rows of one prompt table, made one
picture at a time. `saved` is the share of the transformer's blocks that were not computed, `time` the time of denoising beside that
without; PSNR and SSIM (Wang et al. 2004, luminance, windows of 8 x 8) are means over the pictures beside those without; `right` is
what TinyRetrieval and TinyScenes count. The larger model is that of mid_size_model.py, whose weights are random: of it only the time
counts. Needs a built project (deploy/submit, deploy/tiny/run), and from PyPI: numpy pyarrow pillow, and what mid_size_model.py names
"""
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import pyarrow.compute
import pyarrow.parquet
from PIL import Image

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
WINDOW = 8
GUIDED = {"negative_prompt": "", "true_cfg_scale": 3, "guidance_scale": 1}
#: Settings by the one that they are compared with.
SETTINGS = {
    "guidance 3": {f"threshold {t}": {"first_block_cache_threshold": t} for t in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3)},
    "true CFG 3": {
        **{f"true CFG 3 from {start} to {stop}": GUIDED | {"true_cfg_start": start, "true_cfg_stop": stop}
           for start, stop in ((0, 0.8), (0, 0.5), (0, 0.25), (0.1, 1), (0.25, 1))},
        **{f"true CFG 3, threshold {t}": GUIDED | {"first_block_cache_threshold": t} for t in (0.06, 0.15)},
        "true CFG 3 from 0 to 0.5, threshold 0.1": GUIDED | {"true_cfg_stop": 0.5, "first_block_cache_threshold": 0.1},
    },
}
EXACT = {"guidance 3": {}, "true CFG 3": GUIDED}


def run(*command):
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def generate(work, rows, *options):
    """The pictures of some rows, as a table."""
    prompts, output = work / "prompts.jsonl", work / "output"
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(PROJECT / "deploy/submit", "generate", "--prompts", prompts, "--output", output, *options)
    return pyarrow.parquet.read_table(output / "data")


def pixels(rows):
    return {row["prompt"]: numpy.asarray(Image.open(io.BytesIO(row["image"]["bytes"])).convert("RGB"), dtype=float) for row in rows}


def psnr(a, b):
    return 10 * numpy.log10(255**2 / max(((a - b) ** 2).mean(), 1e-3))


def ssim(a, b):
    x, y = (numpy.lib.stride_tricks.sliding_window_view(p @ [0.299, 0.587, 0.114], (WINDOW, WINDOW)) for p in (a, b))
    axes = (-2, -1)
    mean_x, mean_y = x.mean(axes), y.mean(axes)
    covariance = (x * y).mean(axes) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return ((2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (x.var(axes) + y.var(axes) + c2))).mean()


def right(work, data, table, name):
    """The share of emoji that are right, and of scenes."""
    shares = []
    for kind, program, arguments in (("emoji", "TinyRetrieval", [data]), ("scene", "TinyScenes", [])):
        folder = work / kind / name.replace(" ", "-")
        (folder / "data").mkdir(parents=True)
        some = table.filter(pyarrow.compute.equal(table["kind"], kind))
        pyarrow.parquet.write_table(some, folder / "data/part.parquet")
        found = json.loads(run(PROJECT / "deploy/tiny/run", program, *arguments, folder).splitlines()[-1])
        shares.append(found["retrieved"] if kind == "emoji" else found["right"])
    return shares


def work_of(rows, blocks):
    """Blocks that were computed, and seconds."""
    computed = seconds = 0
    for row in rows:
        steps = row["num_inference_steps"]
        guided = int(row["true_cfg_stop"] * steps) - int(row["true_cfg_start"] * steps) if row["true_cfg_scale"] > 1 else 0
        computed += (steps + guided) * blocks - (row["calls_reused"] or 0) * (blocks - 1)
        seconds += row["seconds_denoising"]
    return computed, seconds


def tiny(work, data, count):
    prompts = []
    for kind, file in (("emoji", "retrieval.jsonl"), ("scene", "heldout.jsonl")):
        rows = [json.loads(line) for line in (data / file).read_text().splitlines()]
        prompts += [row | {"kind": kind} for row in rows[: count // 2]]
    settings = EXACT | {name: options for some in SETTINGS.values() for name, options in some.items()}
    table = generate(
        work, [row | options | {"id": f"{name}: {row['id']}", "setting": name} for name, options in settings.items() for row in prompts],
        "--commit-every", 1000)
    print(f"| {len(prompts)} pictures of builtin:tiny, 20 steps | saved | time | PSNR | SSIM | emoji right | scenes right |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for exact, some in SETTINGS.items():
        for name in (exact, *some):
            of = table.filter(pyarrow.compute.equal(table["setting"], name))
            base = table.filter(pyarrow.compute.equal(table["setting"], exact)).to_pylist()
            rows = of.to_pylist()
            computed, seconds = work_of(rows, blocks=7)
            all_blocks, all_seconds = work_of(base, blocks=7)
            made, wanted = pixels(rows), pixels(base)
            cells = [f"{1 - computed / all_blocks:.0%}", f"{seconds / all_seconds:.2f}"]
            cells += ["", ""] if name == exact else [
                f"{numpy.mean([psnr(made[p], wanted[p]) for p in wanted]):.1f} dB", f"{numpy.mean([ssim(made[p], wanted[p]) for p in wanted]):.3f}"]
            cells += [f"{share:.0%}" for share in right(work, data, of, name)]
            print("| " + " | ".join([name, *cells]) + " |", flush=True)


def larger(work):
    model = work / "mid"
    run(sys.executable, HERE / "mid_size_model.py", model)
    work = work / "larger"
    work.mkdir()
    rows = [{"id": f"{t} {i}", "prompt": "a fox", "seed": i, "first_block_cache_threshold": t} for t in (0, 1e-9, 1) for i in range(6)]
    rows = generate(work, rows, "--model", model, "--dtype", "bfloat16", "--height", 256, "--width", 256,
                    "--num-inference-steps", 8, "--max-sequence-length", 64).to_pylist()
    print(f"\n| {model.name}-size model, 256 x 256, bfloat16 | calls reused of 8 | time of denoising |\n| --- | --- | --- |")
    seconds = {t: [row for row in rows if row["first_block_cache_threshold"] == t] for t in (0, 1e-9, 1)}
    # The first picture of a setting may be a process's first.
    median = {t: numpy.median([row["seconds_denoising"] for row in of]) for t, of in seconds.items()}
    for t, of in seconds.items():
        reused = numpy.mean([row["calls_reused"] or 0 for row in of])
        print(f"| threshold {t} | {reused:.1f} | {median[t] / median[0]:.2f} |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        tiny(work, Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
        larger(work)
