#!/usr/bin/env python3
"""Compares Polytask's ids, types, offsets and decoded texts with those of Hugging Face's `tokenizers` on generated hard Unicode.

  scripts/reference/compare_tokenizers.py BINARY TOKENIZER [--lines N] [--seed N] [--scalars] [--reference JSON]

TOKENIZER is what `polytask tokenize` takes; what is not a tokenizer.json is compared through its own export, or
through --reference. --scalars takes every Unicode scalar, alone and among letters, instead of generated lines.
Ends with 1 when anything differs."""
import argparse
import json
import subprocess
import sys

from tokenizers import Tokenizer

import hard_unicode


def run(arguments, text=None):
    result = subprocess.run(arguments, input=text, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"error: {' '.join(arguments)}: {result.stderr.strip()}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("tokenizer")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scalars", action="store_true")
    parser.add_argument("--reference")
    options = parser.parse_args()
    command = [options.binary, "tokenize", "--tokenizer", options.tokenizer]
    if options.reference or options.tokenizer.endswith(".json"):
        reference = Tokenizer.from_file(options.reference or options.tokenizer)
    else:
        reference = Tokenizer.from_str(run([*command, "--export"]))
    reference.no_truncation()
    reference.no_padding()
    reference.encode_special_tokens = True
    texts = list(hard_unicode.scalars() if options.scalars else hard_unicode.lines(options.seed, options.lines))
    # Every fifth is a pair.
    items = [(texts[i - 1], texts[i]) if i % 5 == 4 else texts[i] for i in range(len(texts))]
    differences = 0
    for begin in range(0, len(items), 20_000):
        part = items[begin:begin + 20_000]
        # U+2028 and its like end no line of JSON here: they are escaped.
        output = run([*command, "--json-lines"], "".join(json.dumps(item) + "\n" for item in part)).split("\n")
        for item, line, expected in zip(part, output, reference.encode_batch(part)):
            problem = difference(item, json.loads(line), expected, reference)
            if problem:
                differences += 1
                if differences <= 5:
                    print(ascii(item), *problem, sep="\n  ")
    print(f"{len(items)} texts, {differences} differences")
    sys.exit(differences > 0)


def difference(item, ours, expected, reference):
    if ours["ids"] != expected.ids:
        return "ids", ours["ids"], expected.ids
    if ours["types"] != expected.type_ids:
        return "types", ours["types"], expected.type_ids
    texts = item if isinstance(item, tuple) else (item,)
    starts = [bytes_of(text) for text in texts]
    for place, (mine, theirs) in enumerate(zip(ours["offsets"], expected.offsets)):
        sequence = expected.sequence_ids[place]
        if sequence is not None and mine != [starts[sequence][theirs[0]], starts[sequence][theirs[1]]]:
            return "offsets", place, mine, theirs
    decoded = reference.decode(expected.ids)
    if ours["text"] != decoded:
        return "decoded", ascii(ours["text"]), ascii(decoded)
    return None


def bytes_of(text):
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode()))
    return starts


main()
