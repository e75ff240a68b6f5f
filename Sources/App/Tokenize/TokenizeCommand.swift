import ArgumentParser
import JSON
import Models

/// Shows what a tokenizer makes of text.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Print the token ids of each line of standard input.",
        discussion: """
            Each line of output is one JSON object: "ids", "offsets" (bytes of the line, UTF-8),
            "types", "tokens", and "text", what they are decoded to. With --json-lines a line of
            input is a JSON string, or an array of two for a pair; so a text may hold line breaks.

            Examples:
              echo 'Xin chào' | polytask tokenize --tokenizer model-folder
              echo 'Xin chào' | polytask tokenize --tokenizer tokenizer.json --no-special
              polytask tokenize --tokenizer model.gguf --export > tokenizer.json
            """)

    @Option(
        help: ArgumentHelp(
            "A model folder, a tokenizer.json, a SentencePiece .model or a GGUF file.",
            valueName: "PATH"))
    var tokenizer: String

    @Flag(name: .customLong("no-special"), help: "Leave the template's tokens ([CLS], </s>) out.")
    var leavesSpecialOut = false

    @Flag(
        name: .customLong("parse-special"),
        help: "Read special tokens written in the text as such.")
    var parsesSpecial = false

    @Flag(name: .customLong("ids-only"), help: "Print ids only, parted by spaces.")
    var idsOnly = false

    @Flag(name: .customLong("json-lines"), help: "Input lines are JSON strings or pairs of them.")
    var jsonLines = false

    @Flag(help: "Print the tokenizer as a tokenizer.json instead.")
    var export = false

    func run() throws {
        let loaded: any Tokenizer
        do {
            loaded = try Tokenizers.load(path: tokenizer)
        } catch let error as ModelError {
            throw CommandFailure(error.message)
        }
        if export {
            write(loaded.tokenizerJSON() + [0x0A])
            return
        }
        let options = EncodeOptions(
            addsSpecial: !leavesSpecialOut, parsesSpecial: parsesSpecial, withOffsets: !idsOnly)
        var output: [UInt8] = []
        var number = 0
        while let line = readLine(strippingNewline: true) {
            number += 1
            let (first, second) = try texts(line, number)
            append(loaded.encode(first, second, options: options), loaded, to: &output)
            if output.count > 1 << 16 {
                write(output)
                output.removeAll(keepingCapacity: true)
            }
        }
        write(output)
    }

    private func texts(_ line: String, _ number: Int) throws -> (String, String?) {
        guard jsonLines else { return (line, nil) }
        let json = try? JSON.parse(line)
        if let text = json?.string { return (text, nil) }
        let pair = json?.array?.compactMap(\.string) ?? []
        guard pair.count == 2 else {
            throw CommandFailure("line \(number): neither a JSON string nor an array of two")
        }
        return (pair[0], pair[1])
    }

    private func append(
        _ encoding: Encoding, _ tokenizer: any Tokenizer, to output: inout [UInt8]
    ) {
        if idsOnly {
            output += encoding.ids.map(String.init).joined(separator: " ").utf8
        } else {
            let json: JSON = [
                "ids": .array(encoding.ids.map { .integer(Int64($0)) }),
                "offsets": .array(
                    encoding.offsets.map {
                        .array([.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound))])
                    }),
                "types": .array(encoding.typeIDs.map { .integer(Int64($0)) }),
                "tokens": .array(
                    encoding.ids.map { tokenizer.text(of: $0).map { .string($0) } ?? .null }),
                "text": .string(tokenizer.decode(encoding.ids)),
            ]
            json.append(to: &output)
        }
        output.append(0x0A)
    }

    private func write(_ bytes: [UInt8]) {
        print(String(decoding: bytes, as: UTF8.self), terminator: "")
    }
}
