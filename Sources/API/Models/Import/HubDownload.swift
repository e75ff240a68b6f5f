import Glibc
import HTTP
import JSON
import Store

/// Fetches files from a hub, waiting: for a thread that may. What was fetched of a file stays when
/// it stops, under the file's own hash, and the next try asks for the rest.
struct HubDownload: Sendable {
    static let redirectsMax = 5
    static let listingBytesMax = 16 << 20
    static let triesMax = 5

    let base: ClientURL
    /// Sent to the hub alone, never to where it redirects.
    var token: String?
    /// Before the second try; doubled before each one after it.
    var pauseSeconds = 1.0
    var bytesMax: Int

    /// What a hub says of a file before it is fetched.
    struct FileFacts: Sendable, Equatable {
        var bytes: Int
        /// Lower-case hex; nil where the hub does not say.
        var sha256: String?
        /// Names this version of the file.
        var version: String
    }

    // MARK: Calls

    func listing(_ repository: HubRepository) throws -> HubRepository.Listing {
        try retrying {
            let path = "/api/models/\(repository.name)/revision/\(repository.revision)"
            let exchange = try follow(.get, path)
            try expect(exchange, [200], "the repository or its revision")
            let bytes = try exchange.collect(upTo: Self.listingBytesMax)
            guard let json = try? JSON.parse(bytes) else {
                throw HubRepository.refusal("its list of files is not JSON")
            }
            return try repository.listing(json)
        }
    }

    /// - Throws: `APIError`; also where the hub names no SHA-256 of weights.
    func facts(_ repository: HubRepository, _ commit: String, _ name: String) throws -> FileFacts {
        try retrying {
            let path = "/\(repository.name)/resolve/\(commit)/\(name)"
            // The hub's own answer names the hash; where it redirects to says nothing of it.
            let exchange = try follow(.head, path, leavesOrigin: false)
            try expect(exchange, [200, 301, 302, 303, 307, 308], "the file")
            let linked = exchange.fields["X-Linked-Etag"]
            let tag = Self.opaque(linked ?? exchange.fields["ETag"] ?? "")
            let size = exchange.fields["X-Linked-Size"] ?? exchange.fields["Content-Length"]
            guard let bytes = size.flatMap(QueryReader.decimal), bytes <= bytesMax else {
                throw HubRepository.refusal(
                    "a file without a size, or with more than \(bytesMax) bytes")
            }
            let sha256 = tag.utf8.count == 64 && tag.utf8.allSatisfy(Self.isHex) ? tag : nil
            guard sha256 != nil || !HubRepository.isWeights(name) else {
                throw HubRepository.refusal("it names no SHA-256 of the weights")
            }
            let version = HubRepository.isPart(tag) ? tag : commit
            return FileFacts(bytes: bytes, sha256: sha256, version: version)
        }
    }

    /// Fetches one file whole, or the rest of it.
    /// - Parameter progress: told the bytes that are there; may throw to stop.
    func fetch(
        _ repository: HubRepository, _ commit: String, _ name: String, _ facts: FileFacts,
        to path: String, progress: (Int) throws -> Void
    ) throws {
        if try Self.size(path) == facts.bytes { return }
        let part = "\(path).\(facts.version).part"
        var reached = 0
        // Whoever came further may try as often again.
        func movesOn() -> Bool {
            let size = (try? Self.size(part)) ?? 0
            defer { reached = max(reached, size) }
            return size > reached
        }
        try retrying(while: movesOn) {
            try append(to: part, repository, commit, name, facts, progress)
        }
        if let expected = facts.sha256, try Self.sha256(of: part) != expected {
            unlink(part)
            throw HubRepository.refusal(
                "a file's SHA-256 is not the one that the hub names; import it again")
        }
        guard rename(part, path) == 0 else { throw Self.ioFailure("keeping a download") }
    }

    private func append(
        to part: String, _ repository: HubRepository, _ commit: String, _ name: String,
        _ facts: FileFacts, _ progress: (Int) throws -> Void
    ) throws {
        var have = try Self.size(part) ?? 0
        if have > facts.bytes {
            unlink(part)
            have = 0
        }
        let file = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.ioFailure("making a file") }
        defer { close(file) }
        if have < facts.bytes || facts.bytes == 0 {
            let exchange = try follow(
                .get, "/\(repository.name)/resolve/\(commit)/\(name)",
                range: have > 0 ? have : nil)
            try expect(exchange, [200, 206], "the file")
            let isRest =
                exchange.status == 206
                && exchange.fields["Content-Range"]?.hasPrefix("bytes \(have)-") == true
            guard exchange.status == 200 || isRest else {
                throw ClientError(code: .unreachable, message: "the hub sent another range")
            }
            if exchange.status == 200 {
                have = 0
                _ = ftruncate(file, 0)
            }
            lseek(file, 0, SEEK_END)
            while let piece = try exchange.read() {
                guard have + piece.count <= facts.bytes else {
                    unlink(part)
                    throw HubRepository.refusal("a file is longer than the hub said")
                }
                try Self.write(piece, to: file)
                have += piece.count
                try progress(have)
            }
        }
        guard have == facts.bytes else {
            throw ClientError(code: .unreachable, message: "a file ended before its end")
        }
        guard fsync(file) == 0 else { throw Self.ioFailure("flushing a file") }
    }

    // MARK: Requests

    /// - Parameter leavesOrigin: whether a redirect to another server is followed.
    private func follow(
        _ method: HTTP.Method, _ path: String, range: Int? = nil, leavesOrigin: Bool = true
    ) throws -> ClientExchange {
        guard var url = base.following(path) else {
            throw HubRepository.refusal("its address cannot be used")
        }
        for _ in 0...Self.redirectsMax {
            var fields = Fields()
            if let token, url.isSameOrigin(as: base) { fields["Authorization"] = "Bearer \(token)" }
            if let range { fields["Range"] = "bytes=\(range)-" }
            fields["User-Agent"] = "polytask/\(Version.current)"
            let exchange = try ClientExchange(method, url, fields: fields)
            guard [301, 302, 303, 307, 308].contains(exchange.status) else { return exchange }
            guard let next = exchange.fields["Location"].flatMap({ url.following($0) }) else {
                throw HubRepository.refusal("it redirects to where nobody may be sent")
            }
            if !leavesOrigin, !next.isSameOrigin(as: url) { return exchange }
            url = next
        }
        throw HubRepository.refusal("it redirects more than \(Self.redirectsMax) times")
    }

    private func expect(_ exchange: ClientExchange, _ statuses: [Int], _ what: String) throws {
        guard !statuses.contains(exchange.status) else { return }
        switch exchange.status {
        case 401, 403:
            throw HubRepository.refusal(
                "\(what) is not for everybody; start the server with POLYTASK_HUB_TOKEN")
        case 404: throw HubRepository.refusal("\(what) is not there")
        case 408, 429, 500...:
            throw ClientError(code: .unreachable, message: "the hub answered \(exchange.status)")
        default: throw HubRepository.refusal("it answered \(exchange.status)")
        }
    }

    /// Tries again what may come right by itself.
    private func retrying<T>(
        while movesOn: () -> Bool = { false }, _ call: () throws -> T
    ) throws -> T {
        var tries = 0
        while true {
            do {
                return try call()
            } catch let error as ClientError {
                tries = movesOn() ? 1 : tries + 1
                guard error.code == .unreachable, tries < Self.triesMax else {
                    throw HubRepository.refusal("\(error.message) (\(tries) tries)")
                }
                usleep(UInt32(pauseSeconds * Double(1 << (tries - 1)) * 1e6))
            }
        }
    }

    // MARK: Files

    private static func opaque(_ tag: String) -> String {
        String(tag.drop { $0 == "W" || $0 == "/" || $0 == "\"" }.prefix { $0 != "\"" })
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// nil when there is no such file.
    private static func size(_ path: String) throws -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int(status.st_size)
    }

    private static func write(_ bytes: [UInt8], to file: Int32) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ioFailure("writing a download") }
            written += count
        }
    }

    private static func ioFailure(_ what: String) -> StoreError {
        let isFull = [ENOSPC, EDQUOT, EFBIG].contains(errno)
        return StoreError(
            code: isFull ? "disk_full" : "internal",
            message: "\(what): \(String(cString: strerror(errno)))")
    }

    private static func sha256(of path: String) throws -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ioFailure("reading a download") }
        defer { close(file) }
        var hasher = SHA256Hasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ioFailure("reading a download") }
            if count == 0 { return hasher.hex() }
            buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}
