import FoundationEssentials

/// Messages as JSON payloads. Values that JSON has no number for (a diverged loss) travel as text.
package enum MessageCoding {
    /// - Throws: `bad_message`, `frame_too_large`.
    package static func frame(_ message: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let payload: Data
        do {
            payload = try encoder.encode(message)
        } catch {
            throw ProtocolError(
                code: "bad_message",
                message: "a \(type(of: message)) could not be encoded: \(error)")
        }
        return try Frame.encode(payload)
    }

    /// - Throws: `bad_message`; the payload itself is not repeated.
    package static func decode<Message: Decodable>(
        _ type: Message.Type, from payload: ArraySlice<UInt8>
    ) throws -> Message {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return try decoder.decode(type, from: Data(payload))
        } catch {
            throw ProtocolError(
                code: "bad_message",
                message: "\(payload.count) bytes of the peer are not a \(type) of worker protocol "
                    + "\(WorkerProtocol.version)")
        }
    }
}
