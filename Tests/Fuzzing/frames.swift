// The worker's frames and messages: whatever comes, an error or a message, never a trap; the same
// at once and byte by byte.
@testable import WorkerProtocol

private func decode(_ bytes: [UInt8], by size: Int) -> ([[UInt8]], Bool) {
    var decoder = FrameDecoder(payloadBytesMax: 1 << 16)
    var frames: [[UInt8]] = []
    var offset = 0
    do {
        while offset < bytes.count {
            let end = min(offset + size, bytes.count)
            decoder.append(bytes[offset..<end])
            offset = end
            while let payload = try decoder.next() { frames.append(Array(payload)) }
        }
    } catch {
        return (frames, true)
    }
    return (frames, false)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = decode(input, by: max(1, count))
    precondition(whole == decode(input, by: 1), "however it is cut, it means the same")
    #if CANARY
        // The seed is one frame.
        if whole.0.count > 1 { fatalError("canary: more than the seed's frame") }
    #endif
    for payload in whole.0 {
        _ = try? MessageCoding.decode(WorkerRequest.self, from: payload[...])
        _ = try? MessageCoding.decode(WorkerReply.self, from: payload[...])
    }
    return 0
}
