#!/usr/bin/env python3
"""Encodes this project's own files with Polytask and with Hugging Face's tokenizers, one thread each, in one run.
Called by scripts/bench tokenizers."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
try:
    import tokenizers
except ImportError:
    sys.exit("error: this Python has no tokenizers; scripts/bench peers installs them, POLYTASK_PEERS names another environment")

BINARY = os.environ["POLYTASK_BINARY"]
ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts/reference"))
import hard_unicode  # noqa: E402

REPEATS = 5


def corpus():
    """The project's text and code, and generated Unicode: about one megabyte."""
    lines = []
    for pattern in ("*.md", "docs/**/*.md", "openapi.yaml", "Sources/**/*.swift", "scripts/*"):
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                lines += path.read_text().splitlines()
    return [line for line in lines if line.strip()], list(hard_unicode.lines(1, 4000))


def unigram(lines, folder):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram())
    tokenizer.normalizer = tokenizers.normalizers.NFKC()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(lines, tokenizers.trainers.UnigramTrainer(
        vocab_size=8000, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False))
    tokenizer.save(f"{folder}/unigram.json")
    return f"{folder}/unigram.json"


def peer(path, lines):
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    best, tokens = {}, 0
    for name in ("encode_batch_fast", "encode_batch"):
        best[name] = float("inf")
        for _ in range(REPEATS):
            start = time.perf_counter()
            encodings = getattr(tokenizer, name)(lines)
            best[name] = min(best[name], time.perf_counter() - start)
        tokens = sum(len(encoding.ids) for encoding in encodings)
    return best["encode_batch_fast"], best["encode_batch"], tokens


def main():
    minilm, model = sys.argv[1:]
    plain, hard = corpus()
    hard = [line.replace("\n", " ").replace("\r", " ") for line in hard]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bpe = f"{folder}/smollm2.json"
        with open(bpe, "wb") as file:
            subprocess.run([BINARY, "tokenize", "--tokenizer", model, "--export"], stdout=file, check=True)
        for name, path in (("BPE (SmolLM2)", bpe), ("WordPiece (MiniLM)", minilm),
                           ("Unigram (8k, trained here)", unigram(plain, folder))):
            for text, lines in (("code and English", plain), ("hard Unicode", hard)):
                ours = json.loads(subprocess.run(
                    [BINARY, "bench", "tokenizers", "--tokenizer", path], check=True, capture_output=True,
                    input="\n".join(lines) + "\n", text=True).stdout)
                fast, whole, tokens = peer(path, lines)
                if tokens != ours["tokens"]:
                    sys.exit(f"error: {name}: {ours['tokens']} tokens, the peer has {tokens}")
                size = ours["bytes"] / 1e6
                rows.append({
                    "tokenizer": name, "text": text, "bytes": ours["bytes"], "tokens": tokens,
                    "ids_mb_s": size / ours["ids_seconds"], "peer_ids_mb_s": size / fast,
                    "offsets_mb_s": size / ours["offsets_seconds"], "peer_offsets_mb_s": size / whole,
                    "ids_ratio": fast / ours["ids_seconds"], "offsets_ratio": whole / ours["offsets_seconds"]})
    print(f"{'MB/s, one thread':48} {'ids':>8} {'peer':>8} {'ratio':>7}   {'offsets':>8} {'peer':>8} {'ratio':>7}")
    for row in rows:
        print(f"{row['tokenizer'] + ', ' + row['text']:48} {row['ids_mb_s']:8.1f} {row['peer_ids_mb_s']:8.1f} "
              f"{row['ids_ratio']:7.1f}   {row['offsets_mb_s']:8.1f} {row['peer_offsets_mb_s']:8.1f} "
              f"{row['offsets_ratio']:7.1f}")
    print(json.dumps({"bench": "tokenizers", "peer": f"tokenizers {tokenizers.__version__}", "rows": rows}))


main()
