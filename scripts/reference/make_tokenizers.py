#!/usr/bin/env python3
"""Writes small tokenizers with the steps of well-known public ones, for compare_tokenizers.py.

    python3 scripts/reference/make_tokenizers.py FOLDER [TEXT…]
    for file in FOLDER/*.json; do python3 scripts/reference/compare_tokenizers.py BINARY $file --lines 4000; done

Vocabularies are learnt from generated hard Unicode and the TEXT files; normalisers, splittings, templates,
decoders and added tokens are those of the model that a file is named for.
Files that are there already stay.
"""
import collections
import json
import pathlib
import re
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import hard_unicode

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
          r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
          r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK_LETTERS = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
                    r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def special(text, **more):
    return AddedToken(text, special=True, **{"normalized": False, **more})


def added(text, **more):
    return AddedToken(text, special=False, **more)


def byte_level(texts, split=None, normalizer=None, tokens=("<|endoftext|>",), prefix=False, first=(), more=(), processor=None,
               ignore_merges=False, regex=True):
    made = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        made.normalizer = normalizer
    level = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=split is None and not first and regex)
    steps = list(first) + ([pre_tokenizers.Split(Regex(split), "isolated")] if split else [])
    made.pre_tokenizer = pre_tokenizers.Sequence([*steps, level]) if steps else level
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=3000, special_tokens=[special(token) if isinstance(token, str) else token for token in tokens],
        show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made.add_tokens(list(more))
    made.post_processor = processor(made) if processor else processors.ByteLevel(trim_offsets=False)
    return made


def begin(token, trim=True):
    """Llama 3's: byte level, then a token before each text."""
    def make(made):
        ids = [(token, made.token_to_id(token))]
        return processors.Sequence([processors.ByteLevel(trim_offsets=trim), processors.TemplateProcessing(
            f"{token} $A", f"{token} $A {token}:1 $B:1", ids)])
    return make


def pieces(texts, normalizer, pre, decoder, tokens, processor=True, bytes_too=True, unk="<unk>", more=()):
    """SentencePiece's BPE as converters write it: bytes for what is unknown."""
    made = Tokenizer(models.BPE(unk_token=unk, fuse_unk=True, byte_fallback=bytes_too))
    if normalizer:
        made.normalizer = normalizer
    if pre:
        made.pre_tokenizer = pre
    learner = Tokenizer(models.BPE(unk_token=unk))
    learner.normalizer = normalizer or normalizers.NFC()
    learner.pre_tokenizer = pre_tokenizers.Split(Regex("▁+[^▁]*| +[^ ]*"), "isolated")
    alphabet = [f"<0x{byte:02X}>" for byte in range(256)] if bytes_too else []
    learner.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=2500, special_tokens=[*tokens, *alphabet], limit_alphabet=300, show_progress=False))
    body = json.loads(made.to_str())
    body["model"]["vocab"] = json.loads(learner.to_str())["model"]["vocab"]
    body["model"]["merges"] = json.loads(learner.to_str())["model"]["merges"]
    made = Tokenizer.from_str(json.dumps(body))
    made.add_special_tokens([special(token) for token in tokens])
    made.add_tokens(list(more))
    made.decoder = decoder
    if processor:
        start = tokens[1]
        made.post_processor = processors.TemplateProcessing(
            f"{start} $A", f"{start} $A {start}:1 $B:1", [(start, made.token_to_id(start))])
    return made


LLAMA_DECODER = decoders.Sequence(
    [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def unigram(texts, normalizer, pre, processor, tokens, unk="<unk>", bytes_too=False, more=()):
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizer
    made.pre_tokenizer = pre
    made.decoder = decoders.Metaspace()
    alphabet = [f"<0x{byte:02X}>" for byte in range(256)] if bytes_too else []
    # It would learn the special tokens a second time, and wants all characters in its vocabulary.
    texts = [re.sub(r"<\S*?>|\[[A-Z]+\]", "", text) for text in texts]
    common = {character for character, _ in collections.Counter("".join(texts)).most_common(300)}
    texts = ["".join(character for character in text if character in common) for text in texts]
    made.train_from_iterator(texts, trainers.UnigramTrainer(
        vocab_size=2500, special_tokens=list(tokens), unk_token=unk, show_progress=False))
    # Ids of added tokens are those of the vocabulary only when they are added to the finished one.
    body = json.loads(made.to_str()) | {"added_tokens": []}
    body["model"]["vocab"] += [[byte, -20.0] for byte in alphabet]
    body["model"]["byte_fallback"] = bytes_too
    made = Tokenizer.from_str(json.dumps(body))
    made.add_special_tokens([special(token) if isinstance(token, str) else token for token in tokens])
    made.add_tokens(list(more))
    made.post_processor = processor(made)
    return made


def template(single, pair, names):
    return lambda made: processors.TemplateProcessing(single, pair, [(name, made.token_to_id(name)) for name in names])


def word_pieces(texts, lowercase, accents=None, chinese=True, names=("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"), bert=True):
    made = Tokenizer(models.WordPiece(unk_token=names[0]))
    made.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=chinese, strip_accents=accents, lowercase=lowercase)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=2500, special_tokens=[special(name) for name in names], limit_alphabet=400, show_progress=False))
    cls, sep = names[1], names[2]
    pair = f"{cls} $A {sep} $B:1 {sep}:1"
    made.post_processor = (
        processors.BertProcessing((sep, made.token_to_id(sep)), (cls, made.token_to_id(cls))) if bert
        else template(f"{cls} $A {sep}", pair, [cls, sep])(made))
    return made


def not_cleaned(texts):
    made = word_pieces(texts, True)
    made.normalizer = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    return made


def suffixed(texts, normalizer):
    """The first GPT's: pairs of characters, a mark at the ends of words."""
    made = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.BPEDecoder(suffix="</w>")
    made.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=2500, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], end_of_word_suffix="</w>",
        limit_alphabet=300, show_progress=False))
    made.post_processor = processors.BertProcessing(("</s>", made.token_to_id("</s>")), ("<s>", made.token_to_id("<s>")))
    return made


def roberta(made):
    return processors.RobertaProcessing(("</s>", made.token_to_id("</s>")), ("<s>", made.token_to_id("<s>")))


def cases(texts):
    n, p = normalizers, pre_tokenizers
    digits = p.Split(Regex(r"\p{N}{1,3}"), "isolated")
    chinese = p.Split(Regex("[一-龥぀-ゟ゠-ヿ]+"), "isolated")
    roberta_tokens = ["<s>", "<pad>", "</s>", "<unk>", special("<mask>", lstrip=True)]
    return {
        "gpt2": lambda: byte_level(texts),
        "roberta": lambda: byte_level(texts, tokens=roberta_tokens, processor=roberta),
        "bart_prefix": lambda: byte_level(texts, tokens=roberta_tokens, prefix=True, processor=roberta),
        "llama3": lambda: byte_level(
            texts, GPT4 % "{1,3}", tokens=["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
            processor=begin("<|begin_of_text|>"), ignore_merges=True),
        "qwen2.5": lambda: byte_level(
            texts, GPT4 % "", n.NFC(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            more=[added("<tool_call>", normalized=False), added("</tool_call>", normalized=False)]),
        "gpt-4o": lambda: byte_level(texts, GPT4O),
        "mistral_tekken": lambda: byte_level(
            texts, TEKKEN, tokens=["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], ignore_merges=True,
            processor=begin("<s>", trim=False)),
        "deepseek_v3": lambda: byte_level(
            texts, DEEPSEEK_LETTERS, n.Sequence([]), ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"],
            first=[digits, chinese], more=[added("<think>", normalized=True)],
            processor=begin("<｜begin▁of▁sentence｜>")),
        "phi2": lambda: byte_level(texts, more=[added(" " * k, normalized=False) for k in range(31, 1, -1)]),
        "modernbert": lambda: byte_level(
            texts, normalizer=n.NFC(), tokens=["|||IP_ADDRESS|||", "<|padding|>", "[UNK]", "[CLS]", "[SEP]", special("[MASK]", lstrip=True)],
            more=[added(" " * k, normalized=True) for k in range(24, 1, -1)],
            processor=template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ["[CLS]", "[SEP]"])),
        "smollm2": lambda: byte_level(
            texts, first=[p.Digits(individual_digits=True)], split=r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
        "falcon": lambda: byte_level(
            texts, first=[p.Punctuation("contiguous"), p.Digits(individual_digits=False), p.Split(Regex("[0-9][0-9][0-9]"), "isolated")]),
        "clip": lambda: byte_level(
            texts, normalizer=n.Sequence([n.NFC(), n.Replace(Regex(r"\s+"), " "), n.Lowercase()]),
            split=r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
        "llama2": lambda: pieces(
            texts, n.Sequence([n.Prepend("▁"), n.Replace(" ", "▁")]), None, LLAMA_DECODER, ["<unk>", "<s>", "</s>"]),
        "mistral_v3": lambda: pieces(
            texts, None, p.Metaspace("▁", "first", split=False), LLAMA_DECODER, ["<unk>", "<s>", "</s>"]),
        "gemma": lambda: pieces(
            texts, n.Replace(" ", "▁"), p.Split(" ", "merged_with_previous"),
            decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]),
            ["<pad>", "<bos>", "<eos>", "<unk>"], more=[added("\n" * k, normalized=False) for k in range(2, 8)]),
        "phi3": lambda: pieces(
            texts, n.Sequence([n.Prepend("▁"), n.Replace(" ", "▁")]), None, LLAMA_DECODER, ["<unk>", "<s>", "</s>"],
            more=[special("<|user|>", rstrip=True), special("<|end|>", rstrip=True)]),
        "t5": lambda: unigram(
            texts, n.Sequence([n.Nmt(), n.NFKC(), n.Replace(Regex(" {2,}"), " ")]), p.Metaspace("▁", "always"),
            template("$A </s>", "$A </s> $B </s>", ["</s>"]), ["<pad>", "</s>", "<unk>"],
            more=[special(f"<extra_id_{k}>", lstrip=True, rstrip=True) for k in range(5)]),
        "xlm_roberta": lambda: unigram(
            texts, n.Sequence([n.NFKC(), n.Replace(Regex(" {2,}"), " ")]), p.Sequence([p.WhitespaceSplit(), p.Metaspace()]),
            template("<s> $A </s>", "<s> $A </s> </s> $B </s>", ["<s>", "</s>"]), ["<s>", "<pad>", "</s>", "<unk>", special("<mask>", lstrip=True)]),
        "unigram_bytes": lambda: unigram(
            texts, n.Replace(" ", "▁"), p.Metaspace("▁", "first"), template("$A </s>", "$A </s> $B </s>", ["</s>"]),
            ["<pad>", "</s>", "<unk>"], bytes_too=True),
        "albert": lambda: unigram(
            texts, n.Sequence([n.Replace("``", '"'), n.Replace("''", '"'), n.NFKD(), n.StripAccents(), n.Lowercase(),
                               n.Replace(Regex(" {2,}"), " ")]), p.Metaspace(),
            template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ["[CLS]", "[SEP]"]), ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]),
        "bert_uncased": lambda: word_pieces(texts, True),
        "bert_cased": lambda: word_pieces(texts, False),
        "bert_cased_accents": lambda: word_pieces(texts, False, accents=True),
        "bert_multilingual": lambda: word_pieces(texts, True, accents=False, bert=False),
        "bert_not_chinese": lambda: word_pieces(texts, True, chinese=False),
        "mpnet": lambda: word_pieces(texts, True, names=("[UNK]", "<s>", "</s>", "<pad>", "<mask>"), bert=False),
        "gpt_neox": lambda: byte_level(
            texts, normalizer=n.NFC(), more=[added(" " * k, normalized=True) for k in range(24, 1, -1)]),
        "starcoder": lambda: byte_level(
            texts, first=[p.Digits(individual_digits=True)], regex=True, tokens=["<|endoftext|>", "<fim_prefix>", "<fim_suffix>"]),
        "bloom": lambda: byte_level(
            texts, split=r" ?[^(\s|[.,!?…。，、।۔،])]+", tokens=["<unk>", "<s>", "</s>", "<pad>"]),
        "whisper": lambda: byte_level(
            texts, tokens=["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"],
            more=[added(f"<|{k / 50:.2f}|>", normalized=False) for k in range(40)], processor=template(
                "<|startoftranscript|> <|en|> <|transcribe|> <|notimestamps|> $A <|endoftext|>",
                "<|startoftranscript|> <|en|> <|transcribe|> <|notimestamps|> $A $B <|endoftext|>",
                ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>", "<|endoftext|>"])),
        "nougat": lambda: byte_level(
            texts, normalizer=n.NFKC(), first=[
                p.Split("SPL1T-TH1S-Pl3A5E", "removed"), p.Digits(individual_digits=True),
                p.Split(Regex(r"[\(\)\[\]\{\}]|([!\"\#\$%\&'\*\+,\-\./:;<=>\?\\\^_`\|\~])"), "isolated"), p.Split("\n", "isolated")]),
        "codegen_prefix": lambda: byte_level(texts, prefix=True, more=[added("\t" * k, normalized=False) for k in range(9, 1, -1)]),
        "deberta_v3": lambda: unigram(
            texts, n.Sequence([n.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), n.NFC(), n.Strip(left=False, right=True)]),
            p.Sequence([p.Metaspace("▁", "always")]), template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ["[CLS]", "[SEP]"]),
            ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], unk="[UNK]", more=[special("[MASK]")]),
        "deberta_v3_punctuation": lambda: unigram(
            texts, n.Sequence([n.Lowercase(), n.NFC(), n.Strip(left=True, right=True)]),
            p.Sequence([p.Punctuation("isolated"), p.Metaspace("▁", "first")]),
            template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ["[CLS]", "[SEP]"]), ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], unk="[UNK]"),
        "camembert": lambda: unigram(
            texts, n.Sequence([n.Nmt(), n.NFKC(), n.Strip(left=False, right=True), n.Replace(Regex(" {2,}"), "▁")]),
            p.Sequence([p.WhitespaceSplit(), p.Metaspace("▁", "always")]),
            template("<s> $A </s>", "<s> $A </s> </s> $B </s>", ["<s>", "</s>"]),
            ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"], more=[special("<mask>", lstrip=True)]),
        "xlnet": lambda: unigram(
            texts, n.Sequence([n.Replace("``", '"'), n.Replace("''", '"'), n.NFKD(), n.StripAccents(), n.Replace(Regex(" {2,}"), " ")]),
            p.Sequence([p.WhitespaceSplit(), p.Metaspace("▁", "always")]),
            template("$A <sep> <cls>:2", "$A <sep> $B:1 <sep>:1 <cls>:2", ["<sep>", "<cls>"]), ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>"]),
        "umt5": lambda: unigram(
            texts, n.Sequence([n.Nmt(), n.NFKC(), n.Strip(left=False, right=True), n.Replace(Regex(" {2,}"), "▁")]),
            p.Metaspace("▁", "always"), template("$A </s>", "$A </s> $B </s>", ["</s>"]), ["<pad>", "</s>", "<s>", "<unk>"],
            bytes_too=True, more=[special(f"<extra_id_{k}>") for k in range(5)]),
        "pegasus": lambda: unigram(
            texts, n.Sequence([n.Replace(Regex(r"\n"), " "), n.Replace(Regex(r" {2,}"), " ")]), p.Metaspace("▁", "always"),
            template("$A </s>", "$A $B </s>", ["</s>"]), ["<pad>", "</s>", "<mask_1>", "<mask_2>", "<unk>"]),
        "big_bird": lambda: unigram(
            texts, n.Sequence([n.Strip(left=False, right=False), n.Replace(Regex(r" {2,}"), "▁")]), p.Metaspace("▁", "first"),
            template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ["[CLS]", "[SEP]"]), ["<unk>", "<s>", "</s>", "[CLS]", "[SEP]"]),
        "herbert": lambda: suffixed(texts, n.BertNormalizer(lowercase=False, strip_accents=False, clean_text=True, handle_chinese_chars=True)),
        "openai_gpt": lambda: suffixed(texts, n.BertNormalizer(lowercase=True)),
        "bert_clean_text_off": lambda: not_cleaned(texts),
        "unusual_added": lambda: byte_level(
            texts, GPT4 % "{1,3}", n.NFKC(), more=[
                added("word", single_word=True), added("Ünï", normalized=True), added(" lead", lstrip=True),
                added("trail", rstrip=True), added("日本", normalized=False), added("ab"), added("abc")]),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    texts = list(hard_unicode.lines(7, 4000))
    for path in sys.argv[2:]:
        texts += pathlib.Path(path).read_text().splitlines()[:20_000]
    for name, make in cases(texts).items():
        if (folder / f"{name}.json").exists():
            continue
        make().save(str(folder / f"{name}.json"))
        print(name, flush=True)


main()
