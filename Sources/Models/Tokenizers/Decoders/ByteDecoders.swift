/// Reads every token in GPT-2's byte alphabet; a token with other characters stands for itself.
struct ByteAlphabetDecoder: TokenDecoder {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { [tokens.flatMap { bytes(inside: $0) }] }

    func bytes(inside token: [UInt8]) -> [UInt8] { ByteAlphabet.bytes(of: token) ?? token }
}

/// Reads `<0x41>` as a byte; a run of them that is not UTF-8 becomes replacement characters.
struct ByteTokenDecoder: TokenDecoder {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var output: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            guard !run.isEmpty else { return }
            if String(validating: run, as: UTF8.self) != nil {
                output.append(run)
            } else {
                output += run.map { _ in Array("\u{FFFD}".utf8) }
            }
            run = []
        }
        for token in tokens {
            if let byte = ByteToken.byte(token) {
                run.append(byte)
            } else {
                flush()
                output.append(token)
            }
        }
        flush()
        return output
    }

    func bytes(inside token: [UInt8]) -> [UInt8] { ByteToken.byte(token).map { [$0] } ?? token }
}
