// A chunked body, at once and byte by byte: the same bytes and the same end.
@testable import HTTP

private func decode(_ input: UnsafeBufferPointer<UInt8>, by size: Int) -> ([UInt8], Int, Int) {
    let limits = ParserLimits()
    var decoder = ChunkedDecoder(limits, budget: FieldBudget(limits))
    var body: [UInt8] = []
    var pending: [UInt8] = []
    var offset = 0
    var consumed = 0
    while offset < input.count {
        let end = min(offset + size, input.count)
        pending += input[offset..<end]
        offset = end
        var position = 0
        let outcome = pending.withUnsafeBufferPointer { bytes -> Int? in
            while true {
                switch decoder.next(bytes, &position) {
                case .needMore: return nil
                case .data(let range): body += bytes[range]
                case .end: return 0
                case .refused(let error): return error.status.code
                }
            }
        }
        consumed += position
        pending.removeFirst(position)
        if let outcome { return (body, outcome, outcome == 0 ? consumed : 0) }
    }
    return (body, -1, 0)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeBufferPointer(start: start, count: count)
    let whole = decode(input, by: max(1, count))
    precondition(whole == decode(input, by: 1), "however it is cut, it means the same")
    precondition(whole.0.count <= count, "a body is no longer than what came")
    #if CANARY
        // The seed has one chunk of three bytes.
        if whole.1 == 0, whole.0.count > 3 { fatalError("canary: more than the seed's body") }
    #endif
    return 0
}
