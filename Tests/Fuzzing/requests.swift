// One connection's bytes, at once and in pieces that the input chooses: both must say the same,
// and what is said must hold together. With CANARY every target also ends the process in a corner
// that a fuzzer which works must reach.
@testable import HTTP

private enum Said: Equatable {
    case head(RequestHead)
    case body(Int)
    case end
    case refused(Int)
}

private func parse(_ input: UnsafeBufferPointer<UInt8>, pieces: [UInt8]) -> [Said] {
    var parser = RequestParser()
    var said: [Said] = []
    var pending: [UInt8] = []
    var offset = 0
    var turn = 0
    while offset < input.count {
        let size = pieces.isEmpty ? input.count : 1 + Int(pieces[turn % pieces.count] & 31)
        turn += 1
        let end = min(offset + size, input.count)
        pending += input[offset..<end]
        offset = end
        var position = 0
        let isOver = pending.withUnsafeBufferPointer { drive(&parser, $0, &position, &said) }
        precondition(position <= pending.count, "nothing is consumed that did not come")
        if isOver { break }
        pending.removeFirst(position)
    }
    return said
}

private func drive(
    _ parser: inout RequestParser, _ input: UnsafeBufferPointer<UInt8>, _ position: inout Int,
    _ said: inout [Said]
) -> Bool {
    while true {
        switch parser.next(input, &position) {
        case .needMore: return false
        case .head(let head): said.append(.head(head))
        case .end: said.append(.end)
        case .refused(let error):
            precondition((400...505).contains(error.status.code), "a refusal has its status")
            said.append(.refused(error.status.code))
            return true
        case .data(let range):
            precondition(!range.isEmpty && range.upperBound <= position, "data was consumed")
            if case .body(let earlier)? = said.last {
                said[said.count - 1] = .body(earlier + range.count)
            } else {
                said.append(.body(range.count))
            }
        }
    }
}

private func check(_ said: [Said]) {
    for case .head(let head) in said {
        precondition(head.isVersion10 || !head.authority.isEmpty, "1.1 has an authority")
        precondition(!head.isVersion10 || head.framing != .chunked, "1.0 has no chunks")
        for line in head.fields.lines {
            let isClean = line.value.utf8.allSatisfy { $0 != 13 && $0 != 10 && $0 != 0 }
            precondition(isClean && !line.name.isEmpty, "a field line is one line")
        }
    }
    #if CANARY
        // The seeds have one chunk of two bytes.
        if case .head(let head)? = said.first, head.framing == .chunked, said.count > 1,
            case .body(let count) = said[1], count > 2
        {
            fatalError("canary: more than the seed's chunk")
        }
    #endif
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeBufferPointer(start: start, count: count)
    let whole = parse(input, pieces: [])
    check(whole)
    let pieces = Array(input.prefix(8))
    precondition(parse(input, pieces: pieces) == whole, "however it is cut, it means the same")
    return 0
}
