"""What the seconds from deploy/submit to the first picture, and to the end of its job, go to.

usage: start_by_part.py [RUNS]

One picture of builtin:tiny, three runs by default, of which the median counts for each part. The times come from the process table, Spark's
event log and the run's report. Needs Linux and a project that deploy/submit has built, with its archive of classes.
"""
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOOK = 0.005


def wait_for_driver(run):
    """When the launcher has become the driver's Java."""
    while run.poll() is None:
        if b"org.apache.spark.deploy.SparkSubmit" in Path(f"/proc/{run.pid}/cmdline").read_bytes().split(b"\0"):
            return time.time()
        time.sleep(LOOK)
    sys.exit(f"deploy/submit ended with {run.returncode} before it had started Java")


def times_of(events):
    """When Spark's context began, when it was there, and of the task that made the picture when it began and ended."""
    of = lambda name: [event for event in events if event["Event"] == name]
    begun = of("SparkListenerApplicationStart")[0]["Timestamp"]
    there = of("SparkListenerExecutorAdded")[0]["Timestamp"]
    for end in of("SparkListenerTaskEnd"):
        task = end["Task Info"]
        if any(value.get("Name") == "images made" for value in task["Accumulables"]):
            return [milliseconds / 1000 for milliseconds in (begun, there, task["Launch Time"], task["Finish Time"])]
    sys.exit("the event log has no task that made a picture")


def parts(folder):
    """Seconds by part of one run, in their order."""
    prompts, output, log = folder / "prompts.csv", folder / "output", folder / "events"
    prompts.write_text("prompt,seed\na red circle left of a blue square,1\n")
    log.mkdir()
    start = time.time()
    run = subprocess.Popen(
        [PROJECT / "deploy/submit", "generate", "--model", "builtin:tiny", "--prompts", prompts, "--output", output, "--",
         "--conf", "spark.eventLog.enabled=true", "--conf", f"spark.eventLog.dir={log}",
         "--conf", "spark.eventLog.compress=false", "--conf", "spark.eventLog.rolling.enabled=false"],
        stdout=subprocess.DEVNULL)
    driver = wait_for_driver(run)
    if run.wait():
        sys.exit(f"deploy/submit ended with {run.returncode}")
    end = time.time()
    report = json.loads(next((output / "_runs").glob("*.json")).read_text())
    main = datetime.fromisoformat(report["start"].replace("Z", "+00:00")).timestamp()
    events = [json.loads(line) for line in next(log.iterdir()).read_text().splitlines()]
    begun, there, task, made = times_of(events)
    picture = sum(report["seconds"][stage] for stage in ("text", "denoising", "decoding", "encoding"))
    return {
        "launcher: deploy/submit, Spark's own launcher": driver - start,
        "Java and spark-submit, up to the program": main - driver,
        "options, model's configuration and files": begun - main,
        "Spark": there - begun,
        "planning, layout": task - there,
        "PyTorch and weights, row as Parquet": made - task - picture,
        "picture": picture,
        "commit, report, gallery, end of Spark": end - made}


def main(runs):
    measured = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            measured.append(parts(Path(folder)))
    print(f"seconds, the median of {runs} runs")
    for part in measured[0]:
        print(f"{statistics.median(run[part] for run in measured):6.2f}  {part}")
    print(f"{statistics.median(sum(run.values()) for run in measured):6.2f}  all")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
