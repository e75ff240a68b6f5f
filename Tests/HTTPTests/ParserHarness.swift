@testable import HTTP

/// What a parser said, with body pieces joined, so that two ways of splitting compare equal.
enum ParsedEvent: Equatable {
    case head(RequestHead)
    case body([UInt8])
    case end
    case refused(Int)
}

enum ParserHarness {
    /// Feeds `input` in pieces of the given sizes (the last one repeats).
    static func run(
        _ input: [UInt8], pieces: [Int] = [.max], limits: ParserLimits = ParserLimits()
    ) -> [ParsedEvent] {
        var parser = RequestParser(limits)
        var events: [ParsedEvent] = []
        var pending: [UInt8] = []
        var offset = 0
        var sizes = pieces.makeIterator()
        var size = sizes.next() ?? .max
        while offset < input.count {
            let end = offset + min(max(1, size), input.count - offset)
            size = sizes.next() ?? size
            pending += input[offset..<end]
            offset = end
            var position = 0
            let isRefused = pending.withUnsafeBufferPointer {
                drive(&parser, $0, &position, &events)
            }
            pending.removeFirst(position)
            if isRefused { break }
        }
        return events
    }

    static func run(_ text: String, pieces: [Int] = [.max]) -> [ParsedEvent] {
        run(Array(text.utf8), pieces: pieces)
    }

    private static func drive(
        _ parser: inout RequestParser, _ input: UnsafeBufferPointer<UInt8>,
        _ position: inout Int, _ events: inout [ParsedEvent]
    ) -> Bool {
        while true {
            switch parser.next(input, &position) {
            case .needMore: return false
            case .head(let head): events.append(.head(head))
            case .end: events.append(.end)
            case .refused(let error):
                events.append(.refused(error.status.code))
                return true
            case .data(let range):
                if case .body(let earlier)? = events.last {
                    events[events.count - 1] = .body(earlier + input[range])
                } else {
                    events.append(.body(Array(input[range])))
                }
            }
        }
    }
}

/// A small deterministic generator (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
