import Testing
import WorkerProtocol

@Suite struct FrameDecoderTests {
    static let payloads: [[UInt8]] = [
        [], [1], Array("{\"ping\":1}".utf8), .init(repeating: 7, count: 70_000),
    ]

    static func stream() throws -> [UInt8] {
        try payloads.flatMap { try Frame.encode($0) }
    }

    static func drain(_ decoder: inout FrameDecoder) throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        while let payload = try decoder.next() { frames.append(Array(payload)) }
        return frames
    }

    @Test("A header is the version and the big-endian length")
    func header() throws {
        let frame = try Frame.encode([UInt8](repeating: 0, count: 0x0102))
        #expect(Array(frame.prefix(5)) == [UInt8(WorkerProtocol.version), 0, 0, 1, 2])
        #expect(frame.count == 5 + 0x0102)
    }

    @Test(
        "Frames come out whole however the bytes are cut",
        arguments: [1, 2, 3, 4, 5, 6, 11, 4096, 1 << 20])
    func pieces(size: Int) throws {
        let stream = try Self.stream()
        var decoder = FrameDecoder()
        var frames: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            decoder.append(stream[start..<min(start + size, stream.count)])
            frames += try Self.drain(&decoder)
        }
        #expect(frames == Self.payloads)
        #expect(decoder.isAtBoundary)
        try decoder.finish()
    }

    @Test("A stream that ends inside a frame is truncated", arguments: [1, 4, 5, 7])
    func truncated(length: Int) throws {
        var decoder = FrameDecoder()
        decoder.append(try Frame.encode([1, 2, 3]).prefix(length))
        #expect(try decoder.next() == nil)
        #expect(throws: ProtocolError.self) { try decoder.finish() }
    }

    @Test("A length over the limit is refused at the header, before its bytes come")
    func overLimit() throws {
        var decoder = FrameDecoder(payloadBytesMax: 10)
        decoder.append(try Frame.encode([UInt8](repeating: 0, count: 10)))
        #expect(try decoder.next()?.count == 10)
        decoder.append([UInt8(WorkerProtocol.version), 0, 0, 0, 11])
        let error = #expect(throws: ProtocolError.self) { try decoder.next() }
        #expect(error?.code == "frame_too_large")
        decoder.append(try Frame.encode([1]))
        #expect(throws: ProtocolError.self, "a broken stream stays broken") { try decoder.next() }
    }

    @Test("A payload over the limit is not sent")
    func encodeOverLimit() {
        #expect(throws: ProtocolError.self) {
            try Frame.encode([UInt8](repeating: 0, count: 11), payloadBytesMax: 10)
        }
    }

    @Test("A peer of another version is refused at its first byte")
    func version() {
        var decoder = FrameDecoder()
        decoder.append([UInt8(WorkerProtocol.version) + 1])
        let error = #expect(throws: ProtocolError.self) { try decoder.next() }
        #expect(error?.code == "wrong_version")
    }
}
