"""What the approximations save and change: pictures of the built-in model beside those without, and steps of a larger one.

usage: approximations.py make DATA WORK [PROMPTS]       draws all pictures, into the new folder WORK; of 100 prompts by default
       approximations.py judge DATA WORK                prints the tables

DATA is what deploy/tiny/run TinyData has made.

The prompts ask for emoji; all settings are rows of one prompt table, but for the types, which are runs of their own. `saved` is the
share of the transformer's blocks that were not computed; PSNR and SSIM (Wang et al. 2004, luminance, windows of 8 x 8) are means over the pictures beside those without; `right` is
what TinyRetrieval counts. The larger model is that of mid_size_model.py, whose weights are random: of it only the time of denoising
counts, one picture after the other. Needs a built project (deploy/submit, deploy/tiny/run), and from PyPI: numpy pyarrow pillow, and
what mid_size_model.py names
"""
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy
import pyarrow.compute
import pyarrow.parquet
from PIL import Image

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
WINDOW = 8
#: Of the built-in model's transformer.
BLOCKS = 7
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
#: Of the larger model.
LARGER = {
    "without": {},
    "threshold 1e-9, which reuses nothing": {"first_block_cache_threshold": 1e-9},
    "threshold 1, which reuses all it can": {"first_block_cache_threshold": 1},
    "true CFG": {"negative_prompt": "", "true_cfg_scale": 3},
    "true CFG from 0 to 0.5": {"negative_prompt": "", "true_cfg_scale": 3, "true_cfg_stop": 0.5},
}
#: Types beside float32.
DTYPES = ("bfloat16", "float8_e4m3fn", "int8")
#: Of the larger model.
LARGER_DTYPES = ("bfloat16", "int8")
STEPS = 8
PICTURES = 10


def run(*command):
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def generate(work, rows, *options):
    """The pictures of some rows, in a folder of their own."""
    work.mkdir()
    (work / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(PROJECT / "deploy/submit", "generate", "--prompts", work / "prompts.jsonl", "--output", work / "output", *options)


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


def wrong(output, data):
    """Which of all pictures are nearer to another emoji than to that of their prompt."""
    return json.loads(run(PROJECT / "deploy/tiny/run", "TinyRetrieval", data, output).splitlines()[-1])["wrong"].keys()


def rows_of(table, setting):
    return table.filter(pyarrow.compute.equal(table["setting"], setting)).to_pylist()


def likeness(made, wanted):
    """Cells of a table."""
    return [f"{numpy.mean([psnr(made[p], wanted[p]) for p in wanted]):.1f} dB",
            f"{numpy.mean([ssim(made[p], wanted[p]) for p in wanted]):.3f}"]


def right(rows, failed):
    return f"{numpy.mean([row['id'] not in failed for row in rows]):.0%}"


def computed(rows, blocks):
    """Blocks of the transformer."""
    count = 0
    for row in rows:
        steps = row["num_inference_steps"]
        guided = int(row["true_cfg_stop"] * steps) - int(row["true_cfg_start"] * steps) if row["true_cfg_scale"] > 1 else 0
        count += (steps + guided) * blocks - (row["calls_reused"] or 0) * (blocks - 1)
    return count


def make(data, work, count):
    work.mkdir()
    prompts = [json.loads(line) for line in (data / "retrieval.jsonl").read_text().splitlines()[:count]]
    settings = EXACT | {name: options for some in SETTINGS.values() for name, options in some.items()}
    generate(work / "tiny", [row | options | {"id": f"{name}: {row['id']}", "setting": name}
                             for name, options in settings.items() for row in prompts])
    for dtype in DTYPES:
        generate(work / f"tiny-{dtype}", [row | {"id": f"{dtype}: {row['id']}"} for row in prompts], "--dtype", dtype)
    run(sys.executable, HERE / "mid_size_model.py", work / "mid")
    larger(work, "bfloat16", LARGER)
    larger(work, "int8", {"int8": {}})


def larger(work, dtype, settings):
    generate(
        work / f"larger-{dtype}",
        [{"id": f"{name} {i}", "prompt": "a fox", "seed": i, "setting": name} | options
         for name, options in settings.items() for i in range(PICTURES)],
        "--model", work / "mid", "--dtype", dtype, "--height", 256, "--width", 256, "--num-inference-steps", STEPS,
        "--max-sequence-length", 64, "--", "--master", "local[1]")


def judge(data, work):
    table = pyarrow.parquet.read_table(work / "tiny/output/data")
    failed = wrong(work / "tiny/output", data)
    count = pyarrow.compute.sum(pyarrow.compute.equal(table["setting"], "guidance 3")).as_py()
    print(f"| {count} pictures of builtin:tiny, 20 steps | saved | PSNR | SSIM | right |")
    print("| --- | --- | --- | --- | --- |")
    for exact, some in SETTINGS.items():
        base = rows_of(table, exact)
        wanted = pixels(base)
        for name in (exact, *some):
            rows = rows_of(table, name)
            cells = [name, f"{1 - computed(rows, BLOCKS) / computed(base, BLOCKS):.0%}"]
            cells += ["", ""] if name == exact else likeness(pixels(rows), wanted)
            print("| " + " | ".join([*cells, right(rows, failed)]) + " |", flush=True)
    types(table, data, work, count)
    print(f"\n| mid-size model, 256 x 256, {STEPS} steps, bfloat16 | calls | reused | time |\n| --- | --- | --- | --- |")
    rows = [row for dtype in LARGER_DTYPES for row in pyarrow.parquet.read_table(work / f"larger-{dtype}/output/data").to_pylist()]
    times = {}
    for name in (*LARGER, "int8"):
        some = [row for row in rows if row["setting"] == name]
        # The fastest: the machine may do something else meanwhile.
        times[name] = min([row["seconds_denoising"] for row in some])
        calls = computed(some, 1) // len(some)
        reused = sum(row["calls_reused"] or 0 for row in some) / len(some)
        print(f"| {name} | {calls} | {reused:.0f} | {times[name] / times['without']:.2f} |")


def types(table, data, work, count):
    wanted = pixels(rows_of(table, "guidance 3"))
    print(f"\n| {count} pictures of builtin:tiny, beside float32 | PSNR | SSIM | right |\n| --- | --- | --- | --- |")
    for dtype in DTYPES:
        output = work / f"tiny-{dtype}/output"
        rows = pyarrow.parquet.read_table(output / "data").to_pylist()
        print("| " + " | ".join([f"`{dtype}`", *likeness(pixels(rows), wanted), right(rows, wrong(output, data))]) + " |")


if __name__ == "__main__":
    command, data, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if command == "make":
        make(data, work, int(sys.argv[4]) if len(sys.argv) > 4 else 100)
    else:
        judge(data, work)
