"""How a job's time grows with its table: jobs of 1, 20 and 200 pictures of job_benchmark.py, start-up taken off.

usage: job_scaling.py

What a job takes before and after its pictures comes from those of 1 and of 20, as if each picture took the same; what ten
times as many pictures cost is that of 200 beside that of 20, both without it. Needs a built project (deploy/submit), and from
PyPI: torch diffusers transformers
"""
import statistics
import tempfile
from pathlib import Path

import job_benchmark

ROWS = (1, 20, 200)
ROUNDS = 3


def main():
    _, command = next(job_benchmark.contenders())
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        model = job_benchmark.made_model(folder)
        times = {rows: [] for rows in ROWS}
        for turn in range(ROUNDS):
            for rows in ROWS:
                table, output = folder / f"{rows}.csv", folder / f"{rows}-{turn}"
                job_benchmark.prompts(table, rows)
                times[rows].append(job_benchmark.seconds(command(model, table, output), output, rows))
                print(f"{rows} pictures: {times[rows][-1]:.1f} s", flush=True)
    one, few, many = (statistics.median(times[rows]) for rows in ROWS)
    each = (few - one) / (ROWS[1] - ROWS[0])
    start_up = one - each
    growth = (many - start_up) / (few - start_up)
    print(f"start-up {start_up:.1f} s; {ROWS[2]} pictures cost {growth:.1f} times what {ROWS[1]} cost")


if __name__ == "__main__":
    main()
