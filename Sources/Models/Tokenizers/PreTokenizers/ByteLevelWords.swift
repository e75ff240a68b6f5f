/// GPT-2's step: perhaps a space before the piece, its words, and every byte as a character of
/// the byte alphabet. Where this is the last step before byte-pair encoding the alphabet is left
/// out, and the model works on the bytes themselves.
struct ByteLevelWords: PreTokenizer {
    let addsPrefixSpace: Bool
    let splitsWords: Bool
    var writesAlphabet = true

    init(addsPrefixSpace: Bool, splitsWords: Bool) {
        self.addsPrefixSpace = addsPrefixSpace
        self.splitsWords = splitsWords
    }

    init(_ field: TokenizerField) throws {
        addsPrefixSpace = try field["add_prefix_space"].bool()
        splitsWords = try field["use_regex"].bool(default: true)
    }

    var rewritesText: Bool { addsPrefixSpace || writesAlphabet }

    func split(_ cut: inout Cutting) {
        if addsPrefixSpace {
            cut.rewritePieces { text, piece, _, output in
                let begin = Int(piece.begin)
                if text.bytes[begin] != 0x20 {
                    output.append(byte: 0x20, text.span(at: begin))
                }
                output.append(text, begin..<Int(piece.end))
            }
        }
        if splitsWords {
            cut.replacePieces { text, piece, output in
                WordShape.gpt2.words(in: text.bytes.elements, piece, &output)
            }
        }
        if writesAlphabet {
            cut.rewritePieces { text, piece, _, output in
                for position in Int(piece.begin)..<Int(piece.end) {
                    output.append(
                        scalar: ByteAlphabet.scalarOfByte[Int(text.bytes[position])],
                        text.span(at: position))
                }
            }
        }
    }
}
