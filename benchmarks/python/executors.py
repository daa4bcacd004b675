"""One executor beside two, each of one thread: what a job's stages, tasks and portions take.

usage: executors.py MODEL [PICTURES]

64 pictures of 128 x 128 in 4 steps by default, by the model of mid_size_model.py in bfloat16, in batches of 4 and portions of 16. The times are
those of the run's report and of Spark's event log. Needs a built project (deploy/submit), as many idle processors as executors, and from PyPI: pyarrow
"""
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet

PROJECT = Path(__file__).resolve().parents[2]
SIZE = 128
STAGES = ("text", "denoising", "decoding", "encoding")
MADE = "images made"
SPAN = "from the first task's start to the last one's end"


def run(model, pictures, executors, folder):
    """Seconds of the whole job, its report, Spark's events, and by portion and task each picture's seconds."""
    prompts, output, log = folder / "prompts.csv", folder / "output", folder / "events"
    prompts.write_text("prompt\n" + "".join(f"number {i} painted in oil on canvas\n" for i in range(pictures)))
    log.mkdir()
    start = time.perf_counter()
    subprocess.run(
        [PROJECT / "deploy/submit", "generate", "--model", model, "--prompts", prompts, "--output", output, "--dtype", "bfloat16",
         "--height", str(SIZE), "--width", str(SIZE), "--num-inference-steps", "4", "--max-sequence-length", "64", "--batch-size", "4",
         "--commit-every", "16", "--", "--master", f"local-cluster[{executors},1,2048]", "--executor-memory", "1g",
         "--conf", "spark.executorEnv.OMP_NUM_THREADS=1", "--conf", "spark.executorEnv.MKL_NUM_THREADS=1",
         "--conf", "spark.scheduler.minRegisteredResourcesRatio=1", "--conf", "spark.eventLog.enabled=true",
         "--conf", f"spark.eventLog.dir={log}", "--conf", "spark.eventLog.compress=false",
         "--conf", "spark.eventLog.rolling.enabled=false"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    report = json.loads(next((output / "_runs").glob("*.json")).read_text())
    events = [json.loads(line) for line in next(log.iterdir()).read_text().splitlines()]
    return seconds, report, events, dict(map(rows_of, (output / "data").glob("portion=*/*.parquet")))


def rows_of(file):
    portion, task = int(file.parent.name.removeprefix("portion=")), int(file.name.split("-")[1])
    table = pyarrow.parquet.ParquetFile(file).read(columns=[f"seconds_{stage}" for stage in STAGES])
    return (portion, task), table.to_pylist()


def portions_of(events):
    """The portion that each stage writes, and when each portion was committed."""
    portions, committed, stages = {}, {}, {}
    for event in events:
        name = event["Event"].split(".")[-1]
        if name == "SparkListenerSQLExecutionStart":
            found = re.search(r"data/portion=(\d+)", event["physicalPlanDescription"])
            if found and "InsertIntoHadoopFsRelationCommand" in event["physicalPlanDescription"]:
                portions[event["executionId"]] = int(found[1])
        elif name == "SparkListenerSQLExecutionEnd" and event["executionId"] in portions:
            committed[portions[event["executionId"]]] = event["time"] / 1000
        elif name == "SparkListenerJobStart":
            execution = int(event["Properties"].get("spark.sql.execution.id") or -1)
            if execution in portions:
                stages |= dict.fromkeys(event["Stage IDs"], portions[execution])
    return stages, committed


def measure(model, pictures, executors):
    with tempfile.TemporaryDirectory() as folder:
        seconds, report, events, rows = run(model, pictures, executors, Path(folder))
    stages, committed = portions_of(events)
    by_executor, ends = defaultdict(list), defaultdict(float)
    for event in events:
        if event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] in stages:
            info = event["Task Info"]
            place = stages[event["Stage ID"]], info["Index"]
            if any(value.get("Name") == MADE for value in info["Accumulables"]):
                task = info["Launch Time"] / 1000, info["Finish Time"] / 1000, rows[place]
                by_executor[info["Executor ID"]].append(task)
                ends[place[0]] = max(ends[place[0]], task[1])
    for of in by_executor.values():
        of.sort(key=lambda task: task[0])
    of_model = lambda row: sum(row[f"seconds_{stage}"] for stage in STAGES[:3])
    beside = lambda task: task[1] - task[0] - sum(map(of_model, task[2]))
    others = [task for of in by_executor.values() for task in of[1:]]
    later = [row for task in others for row in task[2]]
    first = min(of[0][0] for of in by_executor.values())
    span = max(ends.values()) - first
    return {
        "the whole job": seconds,
        SPAN: span,
        "of that and of each executor, busy with pictures": sum(
            of_model(row) for task_rows in rows.values() for row in task_rows) / span / executors,
        **{f"a picture: {stage}": statistics.median(row[f"seconds_{stage}"] for row in later) for stage in STAGES},
        "a megapixel: encoding": statistics.median(row["seconds_encoding"] for row in later) / (SIZE * SIZE / 1e6),
        "an executor's first task, beside its pictures: PyTorch, the model": statistics.mean(
            beside(of[0]) for of in by_executor.values()),
        "another task, beside its pictures": statistics.mean(map(beside, others)),
        "between two tasks of an executor": statistics.median(
            later[0] - earlier[1] for of in by_executor.values() for earlier, later in zip(of, of[1:])),
        "from a portion's last task to its commit": statistics.mean(committed[portion] - end for portion, end in ends.items()),
        "start, planning, report": report["seconds"]["whole_run"] - span,
    }


def main(model, pictures):
    one, two = (measure(model, pictures, executors) for executors in (1, 2))
    print(f"{pictures} pictures; seconds, by one executor and by two")
    for name in one:
        print(f"{one[name]:9.3f}{two[name]:9.3f}  {name}")
    print(f"two executors are {one[SPAN] / two[SPAN]:.2f} times as fast, {one['the whole job'] / two['the whole job']:.2f} with start and end")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 64)
