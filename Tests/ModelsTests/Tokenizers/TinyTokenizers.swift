/// Tokenizer files small enough to read, one for each kind of model.
enum TinyTokenizers {
    /// BERT's pipeline.
    static let bert = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
        {"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":1,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":2,"content":"[CLS]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":3,"content":"[SEP]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
        {"id":4,"content":"[MASK]","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true},
        {"id":20,"content":"New York","single_word":true,"lstrip":false,"rstrip":false,"normalized":true,"special":false}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
        "pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing",
        "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
        "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"[SEP]","type_id":1}}],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":20,
        "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"un":5,"##aff":6,"##able":7,"a":8,"##a":9,"viet":10,"tieng":11,"!":12,"##b":13,"日":14,"本":15,"the":16,"##s":17,"unaff":18,"b":19}}}
        """#

    /// Llama's: SentencePiece's BPE with bytes for what it cannot write.
    static let llama = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
        {"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,"special":true},
        {"id":1,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
        "pre_tokenizer":null,
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"<s>","type_id":1}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,
        "vocab":{"<unk>":0,"<s>":1,BYTES"▁":258,"a":259,"b":260,"▁a":261,"ab":262,"▁ab":263,"▁▁":264},
        "merges":["▁ a","a b","▁ ab","▁a b","▁ ▁"]}}
        """#.replacing(
            "BYTES",
            with: (0..<256).map { byte in
                let digits = Array("0123456789ABCDEF")
                return "\"<0x\(digits[byte / 16])\(digits[byte % 16])>\":\(byte + 2),"
            }.joined())

    /// T5's kind: Unigram behind visible spaces.
    static let unigram = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
        {"id":0,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},
        "pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}},{"Sequence":{"id":"B","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
        "special_tokens":{"</s>":{"id":"</s>","ids":[0],"tokens":["</s>"]}}},
        "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
        "model":{"type":"Unigram","unk_id":1,"byte_fallback":false,
        "vocab":[["</s>",0.0],["<unk>",0.0],["▁",-2.0],["a",-3.0],["b",-3.5],["ab",-5.0],["▁a",-3.2],["▁ab",-6.9],["fi",-4.0],["f",-6.0],["i",-6.0],["c",-9.0]]}}
        """#

    /// GPT-2's kind, with Llama 3's splitting and two tokens that normalisation must find.
    static let byteLevel = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[
        {"id":262,"content":"<|end|>","single_word":false,"lstrip":false,"rstrip":true,"normalized":false,"special":true}],
        "normalizer":{"type":"NFC"},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
        "post_processor":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
        "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":true,
        "vocab":{BYTES"ab":256,"abc":257,"Ġa":258,"ĊĊ":259,"12":260,"xyz":261},
        "merges":[["a","b"],["ab","c"],["Ġ","a"],["Ċ","Ċ"],["1","2"]]}}
        """#.replacing("BYTES", with: byteEntries)

    private static let byteEntries = (0..<256).map { byte -> String in
        let printable = (0x21...0x7E).contains(byte) || (0xA1...0xFF).contains(byte) && byte != 0xAD
        let before = (0..<byte).filter {
            !((0x21...0x7E).contains($0) || (0xA1...0xFF).contains($0) && $0 != 0xAD)
        }.count
        let scalar = Unicode.Scalar(UInt32(printable ? byte : 0x100 + before)) ?? " "
        let text = scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)"
        return "\"\(text)\":\(byte),"
    }.joined()
}
