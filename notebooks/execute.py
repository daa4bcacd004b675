#!/usr/bin/env python3
"""Runs notebooks where they lie, and keeps their outputs as they are committed.

    python execute.py tour.ipynb java.ipynb flow-matching.ipynb

A cell that fails ends it, and leaves that notebook as it was.
"""

import os
import re
import socket
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

#: The longest that a cell may take.
CELL_SECONDS = 600


def execute(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.metadata = {}
            cell.outputs = [kept(output) for output in cell.outputs if not is_noise(output)]
            for output in cell.outputs:
                require_no_trace_of_this_machine(output, f"{path}: cell {number}", path.parent)
    language = notebook.metadata.language_info.name
    notebook.metadata = {
        "kernelspec": notebook.metadata.kernelspec,
        "language_info": {"name": language},
    }
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def is_noise(output: dict) -> bool:
    """Progress, and what the JVM and the libraries say on their start."""
    return output.output_type == "stream" and output.name == "stderr"


def kept(output: dict) -> dict:
    """An output without what is there twice, or differs from run to run for no reason."""
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            output.data = data = {kind: data[kind].strip() + "\n"}
    # The Java kernel's plain text of what it shows as HTML is the same HTML.
    if "text/html" in data and data["text/html"] == data.get("text/plain"):
        del data["text/plain"]
    if "metadata" in output:
        output.metadata = {}
    return output


def require_no_trace_of_this_machine(output: dict, where: str, folder: Path) -> None:
    text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
    for trace in (str(folder.resolve()), str(Path.home()), socket.gethostname()):
        if re.search(rf"(?<!\w){re.escape(trace)}(?!\w)", text):
            sys.exit(f"{where}: its output has {trace}, which is this machine's")


def main(paths: list[str]) -> None:
    # Spark takes the address of the machine's name else, which not every machine can look up.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("JJAVA_JVM_OPTS", "@java-options")
    if "JAVA_HOME" in os.environ:
        os.environ["PATH"] = f"{os.environ['JAVA_HOME']}/bin{os.pathsep}{os.environ['PATH']}"
    for path in paths:
        execute(Path(path).resolve())


if __name__ == "__main__":
    main(sys.argv[1:])
