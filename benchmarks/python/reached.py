"""Ratios that were reached before, so that a change that loses more than a tenth shows."""
import json
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "reached.json"
LOSS = 0.1


def compare(ratios):
    """Ends with an error where one of these ratios is more than a tenth below what the file has."""
    before = json.loads(FILE.read_text())
    lost = [f"{name}: {ratio:.2f}, before {before[name]:.2f}"
            for name, ratio in ratios.items() if name in before and ratio < (1 - LOSS) * before[name]]
    if lost:
        sys.exit("more than a tenth was lost:\n" + "\n".join(lost))
    better = [name for name, ratio in ratios.items() if ratio > before.get(name, 0)]
    if better:
        print(f"better than in {FILE.name}, which can be raised: " + ", ".join(better))
