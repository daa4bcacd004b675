"""Pictures of a prompt table by diffusers in Ray Data's map_batches: with_ray.py MODEL PROMPTS.csv OUTPUT WORKERS"""
import os
import sys
from pathlib import Path

import ray

CPUS = len(os.sched_getaffinity(0))


class Generate:
    def __init__(self, model, threads):
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        from pictures import pipeline
        self.pipe = pipeline(model, threads)

    def __call__(self, batch):
        from pictures import pictures
        return {**batch, "image": pictures(self.pipe, batch["prompt"], batch["seed"])}


def main(model, prompts, output, workers):
    workers = int(workers)
    threads = max(1, CPUS // workers)
    # Reading and writing want a slot as well, or nothing moves.
    ray.init(num_cpus=CPUS + 1, include_dashboard=False, logging_level="error")
    rows = ray.data.read_csv(prompts)
    if workers > 1:
        rows = rows.repartition(workers)
    rows.map_batches(Generate, fn_constructor_args=(model, threads), batch_size=4, concurrency=workers,
                     num_cpus=threads).write_parquet(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
