"""The job beside what people would write instead: the same pictures by this project, diffusers alone, PySpark and Ray.

usage: job_benchmark.py [ROWS ...]

200 and 24 rows by default, 128 x 128, 4 steps, the model of mid_size_model.py in bfloat16, batches of 4, start-up
included; each contender as its users would write it (with_*.py), with one worker and with one a processor where it has workers,
of which the faster counts. Needs a built project (deploy/submit), and from PyPI: torch diffusers transformers pandas
pyspark ray[data]
"""
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet

import pictures
import reached

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
CPUS = len(os.sched_getaffinity(0))


def made_model(folder):
    """The model's folder, in a folder that is there."""
    model = folder / "model"
    subprocess.run([sys.executable, HERE / "mid_size_model.py", model], check=True, capture_output=True)
    return model


def prompts(file, rows):
    with open(file, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("id", "prompt", "seed"))
        for i in range(rows):
            table.writerow((i, f"number {i} painted in oil on canvas, with a red circle and a blue square beside it", i))


def contenders():
    here = lambda model, table, output: [
        PROJECT / "deploy/submit", "generate", "--model", model, "--prompts", table, "--output", output, "--dtype", "bfloat16",
        "--height", str(pictures.SIZE), "--width", str(pictures.SIZE), "--num-inference-steps", str(pictures.STEPS),
        "--max-sequence-length", str(pictures.MAX_SEQUENCE_LENGTH), "--batch-size", str(pictures.BATCH_SIZE)]
    yield "here", here
    yield "diffusers alone", lambda *paths: [sys.executable, HERE / "with_diffusers.py", *paths]
    for name, script in (("PySpark", "with_pyspark.py"), ("Ray Data", "with_ray.py")):
        for workers in sorted({1, CPUS}):
            yield (f"{name}, {workers} worker{'s' * (workers > 1)}",
                   lambda *paths, script=script, workers=workers: [sys.executable, HERE / script, *paths, str(workers)])


def seconds(command, output, rows):
    start = time.perf_counter()
    run = subprocess.run(list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         env=os.environ | {"PYSPARK_PYTHON": sys.executable})
    took = time.perf_counter() - start
    if run.returncode:
        sys.exit(f"{command[0]} failed:\n{run.stdout[-3000:]}")
    table = output / "data" if (output / "data").is_dir() else output
    made = sum(pyarrow.parquet.ParquetFile(file).metadata.num_rows for file in table.rglob("*.parquet"))
    if made != rows:
        sys.exit(f"{command[1]}: {made} pictures, not {rows}")
    return took


def measure(model, work, rows):
    table = work / f"{rows}.csv"
    prompts(table, rows)
    took = {}
    for name, command in contenders():
        output = work / "output"
        took[name] = seconds(command(model, table, output), output, rows)
        shutil.rmtree(output)
        print(f"{rows:5} pictures  {name:20} {took[name]:7.1f} s   {rows / took[name]:5.2f} pictures/s", flush=True)
    return took


def main(sizes):
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = made_model(work)
        ratios = {}
        for rows in sizes:
            took = measure(model, work, rows)
            for rival in ("diffusers", "PySpark", "Ray"):
                best = min(s for name, s in took.items() if name.startswith(rival))
                ratios[f"job of {rows} beside {rival}"] = best / took["here"]
        for name, ratio in ratios.items():
            print(f"{name:32} {ratio:.2f} times as fast")
        reached.compare(ratios)


if __name__ == "__main__":
    main([int(rows) for rows in sys.argv[1:]] or [24, 200])
