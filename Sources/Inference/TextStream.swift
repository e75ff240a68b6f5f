/// Turns the bytes of tokens into text that may be shown: holds back unfinished characters and
/// whatever may still become a stop string. Pure; knows no tokens.
struct TextStream {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    private(set) var isStopped = false

    init(stop: [String]) {
        stops = stop.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Adds bytes; returns the text that became certain. After a stop string nothing more comes.
    mutating func append(_ bytes: [UInt8]) -> String {
        guard !isStopped else { return "" }
        held += bytes
        if let start = earliestStop() {
            isStopped = true
            held.removeLast(held.count - start)
            return finish()
        }
        return take(Self.wholeCharacters(held, upTo: held.count - possibleStopLength()))
    }

    /// The rest. An unfinished character at the end is dropped.
    mutating func finish() -> String {
        let text = take(Self.wholeCharacters(held, upTo: held.count))
        held = []
        return text
    }

    private mutating func take(_ count: Int) -> String {
        let text = String(decoding: held[..<count], as: UTF8.self)
        held.removeFirst(count)
        return text
    }

    private func earliestStop() -> Int? {
        stops.compactMap { held.firstRange(of: $0)?.lowerBound }.min()
    }

    /// Length of the longest end of the held bytes that begins a stop string.
    private func possibleStopLength() -> Int {
        var longest = 0
        for stop in stops {
            var length = min(stop.count - 1, held.count)
            while length > longest {
                if held.suffix(length).elementsEqual(stop.prefix(length)) { longest = length }
                length -= 1
            }
        }
        return longest
    }

    /// The largest count up to `limit` that does not cut a character which may still be completed
    /// (RFC 3629, section 4).
    static func wholeCharacters(_ bytes: [UInt8], upTo limit: Int) -> Int {
        var start = limit
        for back in 1...4 where back <= limit {
            let byte = bytes[limit - back]
            guard byte & 0xC0 == 0x80 else {
                start = limit - back
                break
            }
        }
        guard start < limit else { return limit }
        let length: Int
        switch bytes[start] {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return limit
        }
        guard start + length > limit else { return limit }
        return mayContinue(bytes, start, limit) ? start : limit
    }

    /// Whether the second byte, where present, is one that the first allows.
    private static func mayContinue(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Bool {
        guard start + 1 < limit else { return true }
        switch bytes[start] {
        case 0xE0: return bytes[start + 1] >= 0xA0
        case 0xED: return bytes[start + 1] <= 0x9F
        case 0xF0: return bytes[start + 1] >= 0x90
        case 0xF4: return bytes[start + 1] <= 0x8F
        default: return true
        }
    }
}
