/// A message on the wire: one byte of protocol version, the payload's length in four bytes (big
/// endian), the payload.
package enum Frame {
    package static let headerBytes = 5
    /// A whole classification request at the largest body the API admits fits several times.
    package static let payloadBytesMax = 64 << 20

    /// - Throws: `frame_too_large`.
    package static func encode(
        _ payload: some Collection<UInt8>, payloadBytesMax: Int = payloadBytesMax
    ) throws -> [UInt8] {
        guard payload.count <= payloadBytesMax else {
            throw tooLarge(payload.count, payloadBytesMax)
        }
        let length = UInt32(payload.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerBytes + payload.count)
        bytes.append(UInt8(WorkerProtocol.version))
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(shift)))
        }
        bytes.append(contentsOf: payload)
        return bytes
    }

    static func tooLarge(_ count: Int, _ limit: Int) -> ProtocolError {
        ProtocolError(
            code: "frame_too_large",
            message: "a worker message of \(count) bytes exceeds the frame limit of \(limit) bytes")
    }
}
