"""Writes what transformers' tokenizers make of 200 texts: captions of the tiny model, and some that are none.

usage: make_token_cases.py DATA

DATA is the folder that TinyData made.

Needs from PyPI: transformers
"""
import json
import sys
from pathlib import Path

from transformers import CLIPTokenizer, T5TokenizerFast

TINY = Path(__file__).resolve().parents[3]
OTHERS = [
    "Two cats, 3 dogs & a Zebra!",
    "A SLICE OF PIZZA",
    "café naïve",
    "hello world  from\nSpark",
    "日本 pizza",
    "it's a dog\u2019s face",
    "(red) [blue] {green} 50%",
    "quick brown foxes jump over lazy dogs",
    "x",
    "Über",
]
CAPTIONS = 200 - len(OTHERS)


def main(data):
    names = ["train.jsonl", "heldout.jsonl"]
    texts = [json.loads(line)["prompt"] for name in names for line in (data / name).read_text().splitlines()]
    texts = list(dict.fromkeys(texts))
    chosen = [texts[i * len(texts) // CAPTIONS] for i in range(CAPTIONS)] + OTHERS
    clip = CLIPTokenizer.from_pretrained(TINY / "model/tokenizer")
    t5 = T5TokenizerFast.from_pretrained(TINY / "model/tokenizer_2")
    cases = [{"text": text, "clip": clip(text).input_ids, "t5": t5(text).input_ids} for text in chosen]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (TINY / "src/test/resources/io/fluxspark/tiny/tokens.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


main(Path(sys.argv[1]))
