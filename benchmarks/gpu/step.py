"""One step of FLUX.1's transformer on a GPU: the emitted programs beside eager PyTorch and torch.compile, in one run.

The machine with the GPU needs Python with PyTorch and nothing of this project but this folder and the programs, which a
JDK makes beforehand, where it is:

    ./mvnw -q -Pbenchmarks -pl benchmarks -am verify -Dmaven.test.skip=true \\
        -Dbenchmark.main=io.fluxspark.benchmarks.StepPrograms

They are in benchmarks/target/programs then (0.3 MB), a folder that git ignores: it has to be brought along by hand. There:

    python3 benchmarks/gpu/step.py --out OUT                   # FLUX.1-dev's shapes, weights made on the GPU
    python3 benchmarks/gpu/step.py --size small --out OUT      # anywhere, on the CPU: whether everything agrees

OUT/step.json has everything, OUT/step.md the tables. Each group of variants is a process of its own, which is ended when
its time is over; what it had measured by then stays. A variant that fails is a line of the result. Ends with 1 where an
emitted program did not run or its output is further from the float32 one than eager PyTorch's in the same type.
"""
import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# Which groups are run, and the share of the time that is left then that each may take.
GROUPS = {"devices": 0.5, "float32": 0.5, "peak": 0.2, "bfloat16": 0.5, "float8": 0.6, "rewrites": 0.5, "fusers": 0.6,
          "autotune": 1}
OF_SIZE = {"dev": ["peak", "bfloat16", "float8", "rewrites", "fusers", "autotune"],
           "small": ["devices", "float32", "peak", "bfloat16", "float8", "rewrites", "fusers"]}
KINDS = ["float32", "bfloat16", "float8", "float8-products"]
AS_THE_PROJECT = "emitted program"

# What rounding alone may add to an error; on the CPU a product that ends in GELU has the exact one, not the tanh form.
SLACK = {"cpu": 1e-3, "cuda": 1e-6}

# TFLOP/s without sparsity, from NVIDIA's data sheets: bfloat16, float8.
DATA_SHEET = {"H100 PCIe": (756, 1513), "H100 NVL": (835, 1671), "H100": (989, 1979), "H200 NVL": (835, 1671),
              "H200": (989, 1979)}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=HERE.parent / "target/programs", type=Path,
                        help="folder of the programs (default: %(default)s)")
    parser.add_argument("--size", choices=sorted(OF_SIZE), default="dev")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: cuda for dev, cpu for small")
    parser.add_argument("--out", default=os.environ.get("OUT", "step-out"), type=Path,
                        help="folder for the results (default: $OUT, or step-out)")
    parser.add_argument("--budget", type=float, help="seconds for everything (default: 480, small 240)")
    parser.add_argument("--rounds", type=int, help="how often each variant is timed (default: 10, small 3)")
    parser.add_argument("--groups", nargs="+", choices=list(GROUPS), help="default: all of the size")
    parser.add_argument("--group", choices=list(GROUPS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    is_small = given.size == "small"
    given.device = given.device or ("cpu" if is_small else "cuda")
    given.budget = given.budget or (240 if is_small else 480)
    given.rounds = given.rounds or (3 if is_small else 10)
    given.groups = given.groups or OF_SIZE[given.size]
    return given


# What a group's process does

class Step:
    """The programs and weights of one kind, and variants of what they compute."""

    def __init__(self, given, kind, weights=None, inputs=None):
        import torch

        import programs
        self.torch, self.programs = torch, programs
        self.given = given
        self.kind = kind
        self.device = torch.device(given.device)
        self.description = programs.describe(given.programs, given.size, kind)
        self.weights = weights or programs.made(self.description, self.device)
        self.inputs = inputs or self.made_inputs()
        self.compute = getattr(torch, self.description["dtype"])

    def made_inputs(self):
        torch = self.torch
        inputs = self.programs.inputs(self.description, self.device)
        program = self.load()
        with torch.jit.optimized_execution(False), torch.inference_mode():
            txt = program.embed_text(self.weights["own"], inputs["t5_hidden"])
            modulation = program.modulate(*self.arguments("modulate", inputs))
        return {**inputs, "txt": txt.clone(), "modulation": [x.clone() for x in modulation]}

    def arguments(self, method, given=None):
        return self.programs.arguments(self.description, self.weights, given or self.inputs, method)

    def load(self, rewrite=None):
        return self.programs.load(self.given.programs, self.given.size, self.kind, rewrite)

    def emitted(self, rewrite=None, optimized=False, kind=None, method="step", given=None):
        """The program as it is run: weights as maps and lists of maps, in inference mode."""
        torch = self.torch

        def prepare():
            of = self if kind is None else Step(self.given, kind, self.fitted(kind), self.inputs)
            run = getattr(of.load(rewrite), method)
            arguments = of.arguments(method, given)

            def call():
                with torch.jit.optimized_execution(optimized), torch.inference_mode():
                    return run(*arguments)
            return call
        return prepare

    def modulated(self, steps):
        """What all steps of a picture have computed once."""
        timesteps = self.inputs["timesteps"].expand(steps, 1).contiguous()
        prepare = self.emitted(method="modulate", given={**self.inputs, "timesteps": timesteps})

        def prepared():
            call = prepare()
            return lambda: call()[2]
        return prepared

    def fitted(self, kind):
        return self.programs.fitted(
            self.weights, self.programs.describe(self.given.programs, self.given.size, kind))

    def graphed(self, prepare):
        """The same as one CUDA graph, which leaves out what it costs to start each kernel."""
        torch = self.torch

        def prepared():
            call = prepare()
            beside = torch.cuda.Stream()
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                call()
                call()
            torch.cuda.current_stream().wait_stream(beside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                output = call()

            def replay():
                graph.replay()
                return output
            return replay
        return prepared

    def model(self, products, compute=None):
        import eager
        return eager.Transformer(self.description, self.weights, products, compute or self.compute).eval()

    def eager(self, products="dense", compile_mode=None):
        """compile_mode: of torch.compile, which each kind of block is given to; None for none."""
        def prepare():
            model = self.model(products)
            if compile_mode:
                for block in [*model.double_blocks, *model.single_blocks]:
                    block.compile(mode=compile_mode, fullgraph=True, dynamic=False)
            return self.called(model)
        return prepare

    def called(self, model):
        torch, i = self.torch, self.inputs
        arguments = [i[name] for name in ("latents", "txt", "pooled", "timestep", "guidance", "pe")]

        def call():
            with torch.no_grad():
                return model(*arguments)
        return call

    def reference(self):
        """The same weights and inputs, computed in float32."""
        return self.called(self.model("dense", self.torch.float32))()


def attention(name):
    from torch.nn.attention import SDPBackend, sdpa_kernel
    backend = getattr(SDPBackend, name)
    return lambda: sdpa_kernel(backend)


def executor(profiling, texpr, strategy=None, legacy=False):
    """Settings of TorchScript's executor; those that a PyTorch does not have are left out."""
    import torch
    wanted = {"profiling_executor": profiling, "profiling_mode": profiling, "texpr_fuser_enabled": texpr}
    can_fuse = texpr or legacy

    @contextlib.contextmanager
    def around():
        undo = []
        for name, value in wanted.items():
            setter = getattr(torch._C, f"_jit_set_{name}", None)
            if setter:
                before = setter(value)
                if name == "texpr_fuser_enabled":
                    before = True
                undo.append((setter, before))
        for place in ("cpu", "gpu"):
            known = getattr(torch._C, f"_jit_can_fuse_on_{place}", None)
            setter = getattr(torch._C, f"_jit_override_can_fuse_on_{place}", None)
            if known and setter:
                undo.append((setter, known()))
                setter(can_fuse)
        if strategy:
            undo.append((torch.jit.set_fusion_strategy, torch.jit.set_fusion_strategy(strategy)))
        try:
            yield
        finally:
            for setter, before in reversed(undo):
                setter(before)
    return around


def devices_group(given, measurement):
    """Whether everything that a program makes is where its inputs are: on a device that computes nothing."""
    import torch
    import torch._meta_registrations  # which has cuDNN's attention

    import measure
    import programs
    meta = torch.device("meta")
    texts = {kind: (kind, None) for kind in KINDS}
    texts.update({f"bfloat16, {name}": ("bfloat16", rewrite) for name, rewrite in programs.REWRITES.items()})
    texts["bfloat16, cuDNN attention by name"] = ("bfloat16", programs.with_cudnn_attention)
    for name, (kind, rewrite) in texts.items():
        description = programs.describe(given.programs, "dev", kind)

        def empty(spec):
            return torch.empty(spec["shape"], dtype=getattr(torch, spec["dtype"]), device=meta)

        weights = {"own": {w["name"]: empty(w) for w in description["own"]}}
        for stack in description["stacks"]:
            weights[stack["prefix"]] = [{w["name"]: empty(w) for w in stack["weights"]} for _ in range(stack["count"])]
        inputs = {p["name"]: empty(p) for method in ("velocity", "modulate", "step") for p in description[method]
                  if "shape" in p}
        variant = {}
        measurement.result["variants"][f"emitted program of dev, {name}"] = variant
        try:
            program = programs.load(given.programs, "dev", kind, rewrite)
            with torch.jit.optimized_execution(False), torch.inference_mode():
                program.embed_text(weights["own"], empty(description["t5_hidden"]))
                inputs["modulation"] = program.modulate(*programs.arguments(description, weights, inputs, "modulate"))
                shapes = [list(getattr(program, method)(*programs.arguments(description, weights, inputs, method)).shape)
                          for method in ("velocity", "step")]
            if shapes[0] != shapes[1]:
                raise ValueError(f"velocity gives {shapes[0]}, step {shapes[1]}")
            variant["shape"] = shapes[1]
        except Exception as failure:
            variant["failed"] = measure.first_line(failure)
        print(f"  dev, {name}: {variant}", flush=True)
    measurement.write()


def peak_group(given, measurement):
    """Products of large matrices, beside which everything else is to be seen."""
    import torch

    import measure
    side = 8192 if given.device == "cuda" else 512
    device = torch.device(given.device)
    a, b = (torch.randn(side, side, device=device).bfloat16() for _ in range(2))
    a8, b8 = (x.to(torch.float8_e4m3fn) for x in (a, b))
    one = torch.ones((), device=device)
    rows, columns = torch.ones(side, 1, device=device), torch.ones(1, side, device=device)

    def scaled(scale_a, scale_b):
        return lambda: torch._scaled_mm(a8, b8.t(), scale_a=scale_a, scale_b=scale_b, out_dtype=torch.bfloat16,
                                        use_fast_accum=True)
    calls = {"bfloat16": lambda: torch.mm(a, b.t()), "_scaled_mm, one scale": scaled(one, one),
             "_scaled_mm, a scale a row": scaled(rows, columns)}
    variants = [measure.Variant(name, lambda call=call: call) for name, call in calls.items()]
    measurement.run(variants, 5 * given.rounds)
    for variant in variants:
        if "ms" in variant.result:
            variant.result["tflops"] = 2 * side ** 3 / min(variant.result["times_ms"]) / 1e9


def float32_group(given, measurement):
    import measure
    step = Step(given, "float32")
    measurement.run([measure.Variant(AS_THE_PROJECT, step.emitted()),
                     measure.Variant(f"{AS_THE_PROJECT}, modulation in the step", step.emitted(method="velocity")),
                     measure.Variant("eager", step.eager())],
                    given.rounds, step.reference)


def bfloat16_group(given, measurement):
    import measure
    step = Step(given, "bfloat16")
    variants = [
        measure.Variant(AS_THE_PROJECT, step.emitted(), profiled=True),
        measure.Variant("eager", step.eager(), profiled=True),
        measure.Variant("torch.compile", step.eager(compile_mode="default"), profiled=True),
        measure.Variant(f"{AS_THE_PROJECT}, modulation in the step", step.emitted(method="velocity")),
        measure.Variant("modulation of 28 steps at once", step.modulated(28), compared=False),
    ]
    for backend in ("FLASH_ATTENTION", "CUDNN_ATTENTION", "EFFICIENT_ATTENTION", "MATH"):
        variants.append(measure.Variant(f"{AS_THE_PROJECT}, {backend}", step.emitted(), attention(backend)))
    if given.device == "cuda":
        variants.append(measure.Variant(f"{AS_THE_PROJECT}, in a CUDA graph", step.graphed(step.emitted())))
    measurement.run(variants, given.rounds, step.reference)


def float8_group(given, measurement):
    import measure
    step = Step(given, "float8")
    products = step.emitted(kind="float8-products")
    variants = [
        measure.Variant(f"{AS_THE_PROJECT}, converted at each use", step.emitted(), profiled=True),
        measure.Variant("eager", step.eager()),
        measure.Variant("emitted program, _scaled_mm", products, profiled=True),
        measure.Variant("eager, _scaled_mm by row", step.eager("row")),
        measure.Variant("eager, _scaled_mm by tensor", step.eager("tensor")),
        measure.Variant("torch.compile, _scaled_mm by row", step.eager("row", "default"), profiled=True),
        measure.Variant("torch.compile, _scaled_mm by tensor", step.eager("tensor", "default")),
    ]
    if given.device == "cuda":
        variants.append(measure.Variant("emitted program, _scaled_mm, in a CUDA graph", step.graphed(products)))
    measurement.run(variants, given.rounds, step.reference)


def rewrites_group(given, measurement):
    """The same program with something done in another way: what the way that it takes is worth."""
    import measure
    step = Step(given, "bfloat16")
    programs = step.programs
    variants = [measure.Variant(AS_THE_PROJECT, step.emitted()), measure.Variant("eager", step.eager())]
    for name, rewrite in programs.REWRITES.items():
        variants.append(measure.Variant(f"emitted program, {name}", step.emitted(rewrite)))
    if given.device == "cuda":
        cudnn = step.emitted(programs.with_cudnn_attention)
        variants.append(measure.Variant("emitted program, cuDNN attention by name", cudnn, profiled=True))
        variants.append(measure.Variant("emitted program, cuDNN attention by name, in a CUDA graph",
                                        step.graphed(cudnn)))
        # Here, as compiled code keeps the attention that it was compiled with and knows of no setting.
        variants.append(measure.Variant("torch.compile, CUDNN_ATTENTION", step.eager(compile_mode="default"),
                                        attention("CUDNN_ATTENTION"), profiled=True))
    measurement.run(variants, given.rounds, step.reference)


def fusers_group(given, measurement):
    import torch

    import measure
    step = Step(given, "bfloat16")
    static, dynamic = [("STATIC", 4)], [("DYNAMIC", 4)]
    variants = [
        measure.Variant(AS_THE_PROJECT, step.emitted()),
        measure.Variant("eager", step.eager()),
        measure.Variant("profiling executor, no fuser", step.emitted(optimized=True), executor(True, False)),
        measure.Variant("profiling executor, NNC, static shapes", step.emitted(optimized=True),
                        executor(True, True, static), profiled=True),
        measure.Variant("profiling executor, NNC, dynamic shapes", step.emitted(optimized=True),
                        executor(True, True, dynamic)),
        measure.Variant("legacy executor and fuser", step.emitted(optimized=True), executor(False, False, legacy=True)),
    ]
    if not hasattr(torch._C, "_jit_nvfuser_can_be_enabled") or not torch._C._jit_nvfuser_can_be_enabled():
        measurement.note("nvFuser: not in this PyTorch")
    measurement.run(variants, given.rounds, step.reference)


def autotune_group(given, measurement):
    import measure
    step = Step(given, "bfloat16")
    measurement.run([measure.Variant(AS_THE_PROJECT, step.emitted()), measure.Variant("eager", step.eager()),
                     measure.Variant("torch.compile, max-autotune-no-cudagraphs",
                                     step.eager(compile_mode="max-autotune-no-cudagraphs"))],
                    given.rounds, step.reference)


def run_group(given):
    warnings.simplefilter("ignore", FutureWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import torch

    import measure
    measurement = measure.Measurement(torch.device(given.device), result_file(given, given.group),
                                      given.seconds)
    measurement.result["torch"] = torch.__version__
    if given.device == "cuda":
        if not torch.cuda.is_available():
            sys.exit(f"PyTorch {torch.__version__} sees no GPU here; --device cpu --size small needs none")
        measurement.result["cuda"], measurement.result["cudnn"] = torch.version.cuda, torch.backends.cudnn.version()
        measurement.result["gpu"] = torch.cuda.get_device_name()
        measurement.result["before"] = measure.gpu()
    measurement.write()
    try:
        globals()[f"{given.group}_group"](given, measurement)
    except Exception as failure:  # what the group needs for all of its variants
        measurement.note(f"broken off: {measure.first_line(failure)}")
    if given.device == "cuda":
        measurement.result["after"] = measure.gpu()
    measurement.write()


# What the first process does

def result_file(given, group):
    return given.out / f"{given.size}-{group}.json"


def run_all(given):
    start = time.monotonic()
    if not (given.programs / f"{given.size}-bfloat16.json").exists():
        sys.exit(f"{given.programs}: no programs of size {given.size}; --help says how they are made")
    given.out.mkdir(parents=True, exist_ok=True)
    results = {}
    for group in given.groups:
        left = given.budget - (time.monotonic() - start)
        seconds = GROUPS[group] * left
        print(f"{group} (at most {seconds:.0f} s)", flush=True)
        results[group] = run_process(given, group, seconds)
        if len(results) == 1 and "torch" not in results[group]:
            return 2  # the process has said why
    summary = {"size": given.size, "device": given.device, "seconds": round(time.monotonic() - start),
               "flops": flops(given), "groups": results}
    (given.out / "step.json").write_text(json.dumps(summary, indent=1))
    text = tables(summary)
    (given.out / "step.md").write_text(text)
    for group in given.groups:
        result_file(given, group).unlink(missing_ok=True)
    print(text)
    wrong = disagreements(results, SLACK[given.device])
    print("\n".join(wrong) or "all outputs agree")
    return 1 if wrong else 0


def run_process(given, group, seconds):
    path = result_file(given, group)
    path.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--programs", given.programs, "--size", given.size, "--device", given.device,
               "--out", given.out, "--rounds", str(given.rounds), "--group", group,
               "--seconds", str(0.8 * seconds)]
    begun = time.monotonic()
    ended = "ended by itself"
    try:
        status = subprocess.run(command, timeout=seconds).returncode
        if status:
            ended = f"ended with {status}"
    except subprocess.TimeoutExpired:
        ended = f"stopped after {seconds:.0f} s"
    result = json.loads(path.read_text()) if path.exists() else {"variants": {}, "notes": []}
    result["process"] = f"{ended}, {time.monotonic() - begun:.0f} s"
    return result


def flops(given):
    path = given.programs / f"{given.size}-bfloat16.json"
    return json.loads(path.read_text())["flops"]


def disagreements(results, slack):
    """Emitted programs that did not run or are further from float32 than eager PyTorch in the same type."""
    wrong = []
    for group, result in results.items():
        variants = result["variants"]
        if not variants:
            wrong.append(f"{group}: {result['process']}, without a result")
        wrong += [f"{group}: {note}" for note in result["notes"] if note.startswith("broken off")]
        for name, variant in variants.items():
            is_projects = name.startswith(AS_THE_PROJECT) and "ATTENTION" not in name
            if "failed" in variant and is_projects and "_scaled_mm" not in name:
                wrong.append(f"{group}: {name} failed: {variant['failed']}")
            limit = allowed(variants, name, slack)
            if "mean_error" in variant and limit and not variant["mean_error"] <= limit:
                wrong.append(f"{group}: {name} is off by {variant['mean_error']:.1e} on average, {limit:.1e} is allowed")
    return wrong


def allowed(variants, name, slack):
    """Twice the error of eager PyTorch that multiplies in the same way."""
    like = "eager"
    if "_scaled_mm" in name:
        like = "eager, _scaled_mm by tensor" if "by tensor" in name else "eager, _scaled_mm by row"
    error = variants.get(like, {}).get("mean_error")
    return None if error is None else 2 * error + slack


def tables(summary):
    groups = summary["groups"]
    any_group = next((g for g in groups.values() if "torch" in g), {})
    peaks = {name: v["tflops"] for name, v in groups.get("peak", {}).get("variants", {}).items() if "tflops" in v}
    sheet = next((numbers for name, numbers in DATA_SHEET.items() if name in any_group.get("gpu", "")), None)
    lines = [f"# One step, {summary['size']}, on {any_group.get('gpu', summary['device'])}", "",
             f"PyTorch {any_group.get('torch')}, CUDA {any_group.get('cuda')}, cuDNN {any_group.get('cudnn')};"
             f" {summary['flops'] / 1e12:.4g} TFLOP a step; {summary['seconds']} s in all.", ""]
    for state in ("before", "after"):
        if state in any_group:
            lines += [f"GPU {state} the first group: {json.dumps(any_group[state])}", ""]
    if peaks:
        lines += ["Largest product measured: " + ", ".join(f"{name} {t:.3g} TFLOP/s" for name, t in peaks.items())
                  + (f". Data sheet: bfloat16 {sheet[0]}, float8 {sheet[1]} TFLOP/s" if sheet else "") + ".", ""]
    for group, result in groups.items():
        if group != "peak":
            lines += table(group, result, summary["flops"], peaks, sheet)
    return "\n".join(lines)


def table(group, result, step_flops, peaks, sheet):
    float8_peak = max((t for name, t in peaks.items() if "scaled" in name), default=None)
    lines = [f"## {group}", "", f"Process: {result['process']}."]
    lines += [f"{note}." for note in result["notes"]]
    lines += ["", "| variant | ms a step (least to most) | TFLOP/s | of measured peak | of data sheet | memory, GiB |"
              " warm-up | mean and largest error |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for name, variant in result["variants"].items():
        if "failed" in variant:
            lines.append(f"| {name} | failed: {variant['failed'].replace('|', '/')} | | | | | | |")
            continue
        if "ms" not in variant:
            lines.append(f"| {name} | {variant.get('shape', 'not timed, warm-up ' + str(variant.get('warm_up_ms')))}"
                         " | | | | | | |")
            continue
        rate = step_flops / variant["ms"] / 1e9
        is_float8 = "_scaled_mm" in name
        peak = float8_peak if is_float8 else peaks.get("bfloat16")
        shares = [f"{100 * rate / of:.0f} %" if of else ""
                  for of in (peak, sheet[1 if is_float8 else 0] if sheet else None)]
        memory = f"{variant['peak_gib']:.1f}" if "peak_gib" in variant else ""
        error = f"{variant['mean_error']:.1e}, {variant['largest_error']:.1e}" if "mean_error" in variant else ""
        lines.append(f"| {name} | {variant['ms']:.2f} ({min(variant['times_ms']):.2f} to {max(variant['times_ms']):.2f})"
                     f" | {rate:.3g} | {shares[0]} | {shares[1]} | {memory} | {len(variant['warm_up_ms'])} calls,"
                     f" {variant['warm_up_s']} s | {error} |")
    lines.append("")
    for name, variant in result["variants"].items():
        if "kernels" in variant:
            kinds = ", ".join(f"{kind} {ms:.1f}" for kind, ms in variant["kernels"]["ms_by_kind"].items())
            lines += [f"{name}: {variant['kernels']['kernels']} kernels; ms: {kinds}.", ""]
    return lines


def main():
    given = options()
    if given.group:
        run_group(given)
        return 0
    return run_all(given)


if __name__ == "__main__":
    sys.exit(main())
