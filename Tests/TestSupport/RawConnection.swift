internal import Glibc

/// A blocking TCP client that says exactly the bytes it is told to.
package final class RawConnection {
    package struct Failure: Error { package let message: String }
    private var descriptor: Int32

    /// Connects to 127.0.0.1.
    package init(port: UInt16, timeoutSeconds: Int = 60, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBufferBytes {
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw Failure(message: "connect: \(errno)") }
    }

    deinit { close() }

    package func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { throw Failure(message: "send: \(errno)") }
            sent += count
        }
    }

    /// At least one byte; empty at the end of the stream.
    package func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { throw Failure(message: "recv: \(errno)") }
        return Array(buffer[..<count])
    }

    private var held = ""

    /// Everything up to and with `end`; what follows is kept for the next call.
    package func receive(until end: String) throws -> String {
        while true {
            if let range = find(end) {
                let text = String(held.unicodeScalars[..<range.upperBound])
                held = String(held.unicodeScalars[range.upperBound...])
                return text
            }
            let bytes = try receive()
            if bytes.isEmpty { throw Failure(message: "ended after: \(held)") }
            held += String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Everything up to the end of the stream.
    package func receiveAll() throws -> String {
        while true {
            let bytes = try receive()
            if bytes.isEmpty { break }
            held += String(decoding: bytes, as: UTF8.self)
        }
        defer { held = "" }
        return held
    }

    /// Exactly so many bytes of ASCII.
    package func receive(count: Int) throws -> String {
        while held.utf8.count < count {
            let bytes = try receive()
            if bytes.isEmpty { throw Failure(message: "ended after: \(held)") }
            held += String(decoding: bytes, as: UTF8.self)
        }
        let scalars = held.unicodeScalars
        let end = scalars.index(scalars.startIndex, offsetBy: count)
        defer { held = String(scalars[end...]) }
        return String(scalars[..<end])
    }

    /// By scalars: "\r\n" is one Character, and must not hide a line end.
    private func find(_ end: String) -> Range<String.Index>? {
        let scalars = held.unicodeScalars
        let wanted = Array(end.unicodeScalars)
        var index = scalars.startIndex
        while index < scalars.endIndex {
            if scalars[index...].starts(with: wanted) {
                return index..<scalars.index(index, offsetBy: wanted.count)
            }
            index = scalars.index(after: index)
        }
        return nil
    }
}
