#!/usr/bin/env python3
"""Prints what Hugging Face's `tokenizers` makes of the tokenizer files in
Tests/ModelsTests/Tokenizers/TinyTokenizers.swift: the vectors of TokenizerFileTests."""
import pathlib
import re

from tokenizers import Tokenizer

TEXTS = {
    "bert": ["Unaffable Tiếng Việt!", "tie\u0302\u0301ng 日本the's", "new york newyork New York!", "a\u0000b\u00a0 zz [MASK] b",
             "aaa bbbbbbbbbbbbbbbbbbbbbbb", ""],
    "llama": ["ab  ab", "é<unk>ab", "<s>a", "日b"],
    "unigram": ["ab ﬁ  c", "abc日本ab", "a　b", "</s>a x"],
    "byteLevel": ["ab'S abc  xyz12345\n\n", "e\u0301 <|end|>  a", "\u1112\u1161\u11ab!"],
}
PAIRS = {"bert": ("the a", "unaffable b"), "llama": ("a", "b"), "unigram": ("a", "b"), "byteLevel": ("a", "b")}


def files():
    source = (pathlib.Path(__file__).parents[2] / "Tests/ModelsTests/Tokenizers/TinyTokenizers.swift").read_text()
    alphabet = {}
    following = 0x100
    for byte in range(256):
        if 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xFF and byte != 0xAD:
            alphabet[byte] = chr(byte)
        else:
            alphabet[byte] = chr(following)
            following += 1
    plain = "".join(f'"<0x{b:02X}>":{b + 2},' for b in range(256))
    letters = "".join('"%s":%d,' % (c if c not in '"\\' else "\\" + c, b) for b, c in alphabet.items())
    for name, body in re.findall(r'static let (\w+) = #"""\n(.*?)"""#', source, re.S):
        yield name, body.replace("BYTES", plain if name == "llama" else letters)


def swift(text):
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else "\\u{%X}" % ord(c) for c in text) + '"'


def spans(text, offsets):
    """Characters to bytes, without commas between the ends."""
    starts = [len(text[:i].encode()) for i in range(len(text) + 1)]
    return "[" + ", ".join(f"{starts[a]}..<{starts[b]}" for a, b in offsets) + "]"


for name, text in files():
    tokenizer = Tokenizer.from_str(text)
    for special in (False, True):
        tokenizer.encode_special_tokens = not special
        for line in TEXTS[name]:
            encoding = tokenizer.encode(line, add_special_tokens=special)
            print(f"Vector(\"{name}\", {str(special).lower()}, {swift(line)}, {encoding.ids}, "
                  f"{spans(line, encoding.offsets)}, {swift(tokenizer.decode(encoding.ids))}),")
    encoding = tokenizer.encode(*PAIRS[name])
    print("//", name, "pair", encoding.ids, encoding.type_ids, encoding.offsets)
