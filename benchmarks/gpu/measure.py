"""Variants of the same computation, timed in turns, and what their outputs differ by."""
import contextlib
import json
import os
import statistics
import subprocess
import time
import traceback
from dataclasses import dataclass, field
from typing import Callable

import torch

MIB = 2 ** 20
SMALLEST_WARM_UP, LARGEST_WARM_UP = 3, 8
STEADY = 0.05
WARM_UP_SHARE = 0.7
TOP_KERNELS = 14
LONGEST_TRACE = 2000
INDUCTORS = ("triton_poi", "triton_red", "triton_per")


@dataclass
class Variant:
    """
    prepare: gives what is called, once; compiles and loads
    around: a context for each call, for settings that are the process's own
    compared: whether it computes what the others do
    """
    name: str
    prepare: Callable
    around: Callable = contextlib.nullcontext
    profiled: bool = False
    compared: bool = True
    call: Callable = None
    output: torch.Tensor = None
    result: dict = field(default_factory=dict)


class Clock:
    """Milliseconds of a call: by events on a GPU, by the clock elsewhere."""

    def __init__(self, device):
        self.is_cuda = device.type == "cuda"

    def time(self, call):
        if not self.is_cuda:
            start = time.perf_counter()
            output = call()
            return 1000 * (time.perf_counter() - start), output
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        start.record()
        output = call()
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end), output


class Measurement:
    """
    Results are written after each step, so that what was measured stays when the process is ended.

    seconds: after which nothing is begun; what was not warm after WARM_UP_SHARE of them is not timed
    """

    def __init__(self, device, path, seconds):
        self.device = device
        self.clock = Clock(device)
        self.path = path
        self.deadline = time.monotonic() + seconds
        self.warm_up_deadline = time.monotonic() + WARM_UP_SHARE * seconds
        self.result = {"variants": {}, "notes": []}

    def write(self):
        partial = f"{self.path}.partial"
        with open(partial, "w") as out:
            json.dump(self.result, out, indent=1)
        os.replace(partial, self.path)

    def note(self, line):
        print(f"  {line}", flush=True)
        self.result["notes"].append(line)
        self.write()

    def is_late(self):
        return time.monotonic() > self.deadline

    def is_late_to_begin(self):
        return time.monotonic() > self.warm_up_deadline

    def run(self, variants, rounds, reference=None):
        """
        rounds: how often each is timed, in turns
        reference: gives the output that all are compared with
        """
        for variant in variants:
            self.result["variants"][variant.name] = variant.result
            self.warm_up(variant)
            self.write()
        ready = [v for v in variants if v.call]
        self.compare(ready, reference)
        times = {v.name: [] for v in ready}
        for _ in range(rounds):
            for variant in ready:
                if self.is_late() or "failed" in variant.result:
                    continue
                with self.guarded(variant), variant.around():
                    times[variant.name].append(self.clock.time(variant.call)[0])
        for variant in ready:
            if times[variant.name]:
                variant.result["ms"] = statistics.median(times[variant.name])
                variant.result["times_ms"] = [round(t, 3) for t in times[variant.name]]
        self.write()
        for variant in ready:
            if variant.profiled and "ms" in variant.result and not self.is_late():
                self.profile(variant)
        for variant in variants:
            print(f"  {line(variant)}", flush=True)

    @contextlib.contextmanager
    def guarded(self, variant):
        """What fails is a line of the result, never the end of the run."""
        try:
            yield
        except Exception as failure:  # whatever it is
            variant.result["failed"] = first_line(failure)
            variant.call = None
            variant.result["trace"] = traceback.format_exc()[-LONGEST_TRACE:]

    def warm_up(self, variant):
        """Calls it until its time is steady, and remembers the output and the largest memory."""
        if self.is_late_to_begin():
            variant.result["failed"] = "not begun: no time was left"
            return
        start = time.monotonic()
        times = []
        with self.guarded(variant):
            variant.call = variant.prepare()
            while len(times) < LARGEST_WARM_UP:
                with variant.around():
                    ms, variant.output = self.clock.time(variant.call)
                times.append(round(ms, 2))
                if len(times) < SMALLEST_WARM_UP:
                    continue
                if self.is_late_to_begin() or abs(times[-1] - times[-2]) <= STEADY * times[-1]:
                    break
            variant.output = variant.output.detach().clone()
            if self.clock.is_cuda:
                torch.cuda.reset_peak_memory_stats()
                with variant.around():
                    variant.call()
                torch.cuda.synchronize()
                variant.result["peak_gib"] = torch.cuda.max_memory_allocated() / 2 ** 30
        variant.result["warm_up_ms"] = times
        variant.result["warm_up_s"] = round(time.monotonic() - start, 1)

    def profile(self, variant):
        """Where the time goes in one call."""
        try:
            with variant.around():
                variant.result["kernels"] = kernels(variant.call, self.device)
        except Exception as failure:  # its times are known nevertheless
            self.note(f"{variant.name}: no profile, {first_line(failure)}")
        self.write()

    def compare(self, ready, reference):
        outputs = [v for v in ready if v.compared and v.output is not None]
        if not outputs:
            return
        expected, self.result["compared_with"] = outputs[0].output, outputs[0].name
        if reference:
            try:
                expected, self.result["compared_with"] = reference(), "eager, computed in float32"
            except Exception as failure:  # the outputs can be compared with each other still
                self.note(f"compared with {outputs[0].name}, as there is nothing in float32: {first_line(failure)}")
        for variant in outputs:
            difference = (variant.output.float() - expected.float()).abs()
            variant.result["mean_error"] = float(difference.mean() / expected.abs().mean())
            variant.result["largest_error"] = float(difference.max() / expected.abs().max())
            of_first = (variant.output.float() - outputs[0].output.float()).abs()
            variant.result["mean_difference_from_first"] = float(of_first.mean() / expected.abs().mean())
        self.write()


def line(variant):
    result = variant.result
    if "failed" in result:
        return f"{variant.name:55} failed: {result['failed']}"
    error = f"mean error {result['mean_error']:.1e}, " if "mean_error" in result else ""
    return (f"{variant.name:55} {result.get('ms', float('nan')):9.2f} ms, {error}"
            f"warm-up {len(result['warm_up_ms'])} calls, {result['warm_up_s']} s")


def first_line(failure):
    """The line that says what went wrong; TorchScript's stands behind a trace through the program."""
    lines = [text.strip() for text in str(failure).splitlines() if text.strip()]
    errors = [text for text in lines if "Error: " in text]
    text = errors[-1] if errors else f"{type(failure).__name__}: {lines[0] if lines else ''}"
    return text.split(". ")[0].rstrip(".")[:200]


def kernels(call, device):
    """Milliseconds by kind of kernel and of the longest kernels, in one call."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profile:
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
    found = []
    for event in profile.key_averages():
        if device.type != "cuda":
            found.append((event.key, event.count, event.self_cpu_time_total / 1000))
        elif str(getattr(event, "device_type", "")).endswith("CUDA"):
            spent = getattr(event, "self_device_time_total", None)
            found.append((event.key, event.count, (spent or getattr(event, "self_cuda_time_total", 0)) / 1000))
    found.sort(key=lambda kernel: -kernel[2])
    kinds = {}
    for name, _, ms in found:
        kinds[kind(name)] = kinds.get(kind(name), 0) + ms
    return {"ms_by_kind": {name: round(ms, 3) for name, ms in kinds.items()},
            "kernels": sum(count for _, count, _ in found),
            "longest": [{"name": name[:120], "calls": count, "ms": round(ms, 3)}
                        for name, count, ms in found[:TOP_KERNELS]]}


def kind(name):
    lowered = name.lower()
    if lowered.startswith(INDUCTORS):  # whose names list all that they stand for
        return "everything else"
    if any(part in lowered for part in ("flash", "fmha", "attention", "sdpa")):
        return "attention"
    if any(part in lowered for part in ("gemm", "nvjet", "cutlass", "cublas", "xmma", "addmm", "_mm", "mm_", "gemv")):
        return "products"
    if "memcpy" in lowered or "memset" in lowered:
        return "copies"
    return "everything else"


def gpu():
    """What the driver says of the GPU now."""
    fields = "name,driver_version,memory.total,clocks.sm,clocks.max.sm,clocks.mem,power.draw,power.limit,temperature.gpu"
    try:
        out = subprocess.run(["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"], capture_output=True,
                             text=True, timeout=20, check=True).stdout
        return dict(zip(fields.split(","), out.splitlines()[0].split(", ")))
    except (OSError, subprocess.SubprocessError, IndexError) as failure:
        return {"nvidia-smi": first_line(failure)}
