import JSON

@testable import Models

/// The pieces that steps cut `text` into.
func pieces(_ text: String, _ steps: [any PreTokenizer]) -> [String] {
    var cut = Cutting()
    var text = text
    text.withUTF8 { cut.text.assign($0, at: 0, isTracked: true) }
    if cut.text.count > 0 { cut.pieces.append(Match(begin: 0, end: UInt32(cut.text.count))) }
    for step in steps { step.split(&cut) }
    return cut.pieces.elements.map {
        String(decoding: cut.text.bytes.elements[Int($0.begin)..<Int($0.end)], as: UTF8.self)
    }
}

/// The pieces that the pre-tokeniser described by `json` cuts `text` into.
func pieces(_ text: String, _ json: JSON) throws -> [String] {
    pieces(text, try PreTokenizers.steps(TokenizerField(value: json, path: "pre_tokenizer")))
}

/// The normal form of `text` by the normaliser described by `json`.
func normalized(_ text: String, _ json: JSON) throws -> String {
    var now = AlignedText()
    var text = text
    text.withUTF8 { now.assign($0, at: 0, isTracked: true) }
    for step in try Normalizers.steps(TokenizerField(value: json, path: "normalizer")) {
        var next = AlignedText()
        next.isTracked = true
        step.normalize(now, into: &next)
        swap(&now, &next)
    }
    return String(decoding: now.bytes.elements, as: UTF8.self)
}

/// The start and end of every match of `pattern` in `text`, in bytes.
func matches(_ pattern: String, _ text: String) throws -> [[Int]] {
    let program = try PatternProgram(pattern, "pattern")
    var text = text
    return text.withUTF8 { bytes in
        var found = Run<Match>()
        program.matches(in: bytes, 0..<bytes.count, &found)
        return found.elements.map { [Int($0.begin), Int($0.end)] }
    }
}
