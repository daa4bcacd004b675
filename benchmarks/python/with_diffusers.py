"""Pictures of a prompt table by diffusers alone, in one process: with_diffusers.py MODEL PROMPTS.csv OUTPUT"""
import sys
from pathlib import Path

import pandas

from pictures import BATCH_SIZE, pictures, pipeline, threads_each


def main(model, prompts, output):
    rows = pandas.read_csv(prompts)
    pipe = pipeline(model, threads_each(1))
    made = []
    for first in range(0, len(rows), BATCH_SIZE):
        batch = rows.iloc[first:first + BATCH_SIZE]
        made += pictures(pipe, batch["prompt"], batch["seed"])
    Path(output).mkdir(parents=True)
    rows.assign(image=made).to_parquet(f"{output}/pictures.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
