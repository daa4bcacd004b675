"""How two executors of one host share a model's pages: a job of small pictures, watched from /proc.

usage: shared_pages.py FOLDER [EXECUTORS]

The folder of large_model.py, or any whose transformer has more than 4 GiB; two executors by default. The files are first put out of
the page cache, so that what is read from disk is counted. Needs Linux and a built project (deploy/submit).
"""
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SECONDS_BETWEEN = 1
FIELDS = ("Rss", "Pss", "Pss_File", "Pss_Anon", "Private_Clean", "Anonymous")


def evict(files):
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def executors(driver):
    """Process ids of the executors that a driver has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int(re.search(r"^PPid:\s+(\d+)", (folder / "status").read_text(), re.M)[1])
        except OSError:
            continue  # it has ended
        if parent == driver and b"CoarseGrainedExecutorBackend" in command:
            found.append(int(folder.name))
    return sorted(found)


def numbers(pid, file):
    """What a file of /proc/PID says, by name, in its own unit."""
    text = Path(f"/proc/{pid}/{file}").read_text()
    return {name: int(number) for name, number in re.findall(r"^(\w+):\s+(\d+)", text, re.M)}


def heap_kilobytes(pid):
    """What the Java heap has taken of the machine, and what of that is in use."""
    text = subprocess.run(["jcmd", str(pid), "GC.heap_info"], text=True, capture_output=True).stdout
    found = re.search(r"total (?:reserved \d+K, committed )?(\d+)K, (?:committed \d+K, )?used (\d+)K", text)
    return tuple(map(int, found.groups())) if found else (0, 0)


def sample(pids):
    """One row an executor, or none where one has ended meanwhile."""
    try:
        return [numbers(pid, "smaps_rollup") for pid in pids]
    except OSError:
        return None


def watch(run, count):
    """The sample with the largest sum of Rss, what each executor and the driver had read at the end, and the largest heap."""
    best, read, heap = None, None, {}
    while run.poll() is None:
        pids = executors(run.pid)
        rows = sample(pids) if len(pids) == count else None
        if rows:
            read = [numbers(pid, "io")["read_bytes"] for pid in (*pids, run.pid)]
            heap |= {pid: max(heap.get(pid, (0, 0)), heap_kilobytes(pid)) for pid in pids}
            if best is None or sum(row["Rss"] for row in rows) > sum(row["Rss"] for row in best):
                best = rows
        time.sleep(SECONDS_BETWEEN)
    return best, read, list(heap.values())


def print_row(name, sizes):
    print(f"{name:>14}" + "".join(f"{size / 1e9:12.2f}" for size in (sum(sizes), *sizes)))


def main(model, count):
    files = sorted(model.glob("*/*.safetensors"))
    size = sum(file.stat().st_size for file in files)
    evict(files)
    with tempfile.TemporaryDirectory() as folder:
        prompts = Path(folder, "prompts.csv")
        with open(prompts, "w", newline="") as out:
            csv.writer(out).writerows([("prompt",)] + [(f"number {i}",) for i in range(count)])
        command = [
            PROJECT / "deploy/submit", "generate", "--model", model, "--prompts", prompts, "--output", Path(folder, "output"),
            "--dtype", "bfloat16", "--height", "64", "--width", "64", "--num-inference-steps", "1", "--max-sequence-length", "32",
            "--batch-size", "1", "--", "--master", f"local-cluster[{count},1,1024]", "--executor-memory", "1g",
            "--conf", "spark.scheduler.minRegisteredResourcesRatio=1"]
        start = time.perf_counter()
        # The launcher becomes the driver, which starts the executors.
        with open(Path(folder, "log"), "w+") as log:
            run = subprocess.Popen(list(map(str, command)), stdout=log, stderr=subprocess.STDOUT)
            best, read, heap = watch(run, count)
            log.seek(0)
            text = log.read()
        print(text)
        if run.returncode or best is None:
            sys.exit("the job failed, or its executors were not seen")
    print(f"weights: {size / 1e9:.2f} GB in {len(files)} files; {time.perf_counter() - start:.0f} s in all")
    print(f"{'GB':>14}{'sum':>12}" + "".join(f"{f'executor {i + 1}':>12}" for i in range(count)) + f"{'driver':>12}")
    for field in FIELDS:
        print_row(field, [row[field] * 1024 for row in best])
    print_row("Java heap", [sizes[0] * 1024 for sizes in heap])
    print_row("heap in use", [sizes[1] * 1024 for sizes in heap])
    print_row("read from disk", read)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 2)
