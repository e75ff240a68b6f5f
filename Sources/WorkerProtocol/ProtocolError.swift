/// What is wrong with the bytes of a peer, or with the socket they came from.
package struct ProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `wrong_version`, `frame_too_large`, `truncated`, `bad_message`, `io`.
    package var code: String
    package var message: String
    package var description: String { message }

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
