"""Trains the vocabularies of the tiny model from its captions, and writes its two tokenizer folders.

usage: vocabularies.py DATA MODEL

DATA is the folder that TinyData made; MODEL gets `tokenizer` (CLIP's byte-level BPE) and `tokenizer_2` (T5's Unigram).
The same captions give the same files.

Needs from PyPI: tokenizers sentencepiece protobuf
"""
import io
import json
import math
import string
import sys
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

MOST_TOKENS = 4000  # more than come out
START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
CLIP_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
SPACE = "\u2581"


def captions(data):
    """Every caption once, in the order of the rows."""
    rows = [json.loads(line) for name in ("train.jsonl", "heldout.jsonl") for line in open(data / name, encoding="utf-8")]
    return list(dict.fromkeys(row["prompt"] for row in rows))


def byte_symbols():
    """The 256 signs that stand for bytes, in the order of CLIP's vocabulary: printable ones first, as they are."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = len([byte for byte in range(256) if byte not in printable])
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(others)]


def clip(texts):
    """Vocabulary and merges: as many as it takes to make each word of the captions one token."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    symbols = byte_symbols()
    symbols += [symbol + WORD_END for symbol in symbols]
    # As special tokens they have a fixed order; otherwise ties between merges would fall by chance.
    trainer = trainers.BpeTrainer(
        vocab_size=MOST_TOKENS, special_tokens=symbols, end_of_word_suffix=WORD_END, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    tokens = symbols + ["".join(merge) for merge in merges] + [START, END]
    assert len(set(tokens)) == len(tokens)
    return {token: i for i, token in enumerate(tokens)}, merges


def plain_letters():
    """Rules of SentencePiece that make all Latin letters small ones without accents, and typographic quotes plain."""
    plain = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
    for sign in map(chr, range(0x180)):
        base = "".join(c for c in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(c)).lower()
        if base.isascii() and base.isalpha() and base != sign:
            plain[sign] = base
    return {sign: " ".join(f"{ord(c):X}" for c in base) for sign, base in plain.items()}


def t5(texts):
    """A whole tokenizer: the captions' words, and, less likely than any of them, the parts that other words are made of.

    It makes letters small, so that a prompt's capitals meet the tokens that were trained.
    """
    texts = [text.lower() for text in texts]
    counts = Counter(word for text in texts for word in text.split())
    words = {SPACE + word: math.log(count / counts.total()) for word, count in counts.most_common()}
    rarest = min(words.values())

    written = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        rules.writelines(f"{ord(sign):X}\t{base}\n" for sign, base in plain_letters().items())
        rules.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=written,
            model_type="unigram",
            vocab_size=MOST_TOKENS,
            hard_vocab_limit=False,
            normalization_rule_tsv=rules.name,
            character_coverage=1.0,
            required_chars=string.ascii_lowercase + string.digits + string.punctuation,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            pad_piece="<pad>",
            unk_piece="<unk>",
            num_threads=1,
            minloglevel=2,
        )
    model = sentencepiece_model_pb2.ModelProto.FromString(written.getvalue())
    special, parts = model.pieces[:3], model.pieces[3:]
    vocab = [(piece.piece, 0.0) for piece in special]
    vocab += words.items()
    vocab += [(part.piece, rarest + part.score) for part in parts if part.piece not in words]

    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=2, byte_fallback=False))
    tokenizer.add_special_tokens([piece.piece for piece in special])
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    metaspace = dict(replacement=SPACE, prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(**metaspace)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)]
    )
    tokenizer.decoder = decoders.Metaspace(**metaspace)
    return tokenizer


def write_json(file, content):
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main(data, model):
    texts = captions(data)

    folder = model / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    vocab, merges = clip(texts)
    write_json(folder / "vocab.json", vocab)
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    marks = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    special = {
        "bos_token": {"content": START, **marks},
        "eos_token": {"content": END, **marks},
        "pad_token": END,
        "unk_token": {"content": END, **marks},
    }
    write_json(folder / "special_tokens_map.json", special)
    config = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END, "model_max_length": 77}
    config |= {"tokenizer_class": "CLIPTokenizer", "do_lower_case": True, "add_prefix_space": False}
    write_json(folder / "tokenizer_config.json", config)

    folder = model / "tokenizer_2"
    folder.mkdir(exist_ok=True)
    t5(texts).save(str(folder / "tokenizer.json"))
    special = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    write_json(folder / "special_tokens_map.json", special)
    config = {**special, "model_max_length": 512, "extra_ids": 0, "additional_special_tokens": []}
    write_json(folder / "tokenizer_config.json", {**config, "tokenizer_class": "T5Tokenizer"})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
