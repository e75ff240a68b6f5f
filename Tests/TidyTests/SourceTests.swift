import Foundation
import Testing

@Suite("Sources keep the house rules") struct SourceTests {
    @Test("the walk finds the sources") func findsSources() {
        #expect(Repository.swiftSources.count > 20)
    }

    @Test("no file is longer than 500 lines")
    func fileLength() throws {
        for path in Repository.swiftSources
            + Repository.files(under: "Tests", extensions: ["swift"])
        {
            let lines = try Repository.text(path).split(
                separator: "\n", omittingEmptySubsequences: false
            ).count
            #expect(lines <= 501, "\(path) has \(lines) lines: split it by type or operation")
        }
    }

    @Test("no function is longer than 100 lines")
    func functionLength() throws {
        for path in Repository.swiftSources {
            for (name, length) in functions(in: try Repository.text(path)) {
                #expect(length <= 100, "\(path): \(name) has \(length) lines")
            }
        }
    }

    @Test("calls that end the process or hide an error are not used")
    func bannedCalls() throws {
        let banned = [
            "try!", "fatalError(", "as! ", "print(\"DEBUG", "try? await Task.sleep(nanoseconds",
        ]
        for path in Repository.swiftSources {
            for (number, line) in try Repository.text(path).split(
                separator: "\n", omittingEmptySubsequences: false
            ).enumerated() where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                for call in banned {
                    #expect(!line.contains(call), "\(path):\(number + 1) uses \(call)")
                }
            }
        }
    }

    @Test("system calls of the wire are in one file, and its layers import no others")
    func wireImports() throws {
        // Who may reach the C library, and for what: only the first makes system calls.
        let reaching = [
            "Sources/Sockets/SystemCalls.swift": "every system call",
            "Sources/Sockets/SocketError+Listening.swift": "the numbers of errors",
            "Sources/Sockets/Readiness.swift": "the bits of epoll",
            "Sources/Sockets/Guarded.swift": "a mutex",
            "Sources/HTTP/Parsing/Authority.swift": "the text of an IPv6 address",
            "Sources/HTTP/Serving/HTTPDate.swift": "the parts of a date",
        ]
        let layers: [(folder: String, modules: Set<String>)] = [
            ("Sources/Sockets/", ["COpenSSL", "Synchronization"]),
            ("Sources/HTTP/", ["Sockets", "Synchronization"]),
        ]
        for (folder, modules) in layers {
            let files = Repository.swiftSources.filter { $0.hasPrefix(folder) }
            #expect(files.count > 5)
            for path in files {
                for match in try Repository.text(path).matches(of: /(?m)^[a-z ]*import (\w+)/) {
                    let name = String(match.output.1)
                    let isLibrary = ["Glibc", "CLinux"].contains(name)
                    #expect(
                        modules.contains(name) || isLibrary && reaching[path] != nil,
                        "\(path) imports \(name)")
                }
            }
        }
    }

    @Test("sockets know no HTTP, and neither they nor HTTP the product")
    func wireWords() throws {
        let words = ["polytask", "API key", "prompt", "/v1/"]
        for path in Repository.swiftSources {
            let isSockets = path.hasPrefix("Sources/Sockets/")
            guard isSockets || path.hasPrefix("Sources/HTTP/") else { continue }
            let code = try Repository.text(path).split(separator: "\n").filter {
                !$0.trimmingPrefix(while: \.isWhitespace).hasPrefix("//")
            }
            for word in words + (isSockets ? ["HTTP", "http"] : []) {
                #expect(!code.contains { $0.contains(word) }, "\(path) knows \(word)")
            }
        }
    }

    /// Function name and number of lines, by the indentation of its opening and closing lines.
    private func functions(in text: String) -> [(name: String, lines: Int)] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var found: [(String, Int)] = []
        var start: (line: Int, indent: Int, name: String)?
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indent)
            if start == nil, content.contains("func "), !content.hasPrefix("//") {
                start = (index, indent, String(content.prefix(60)))
            } else if let open = start, indent == open.indent, content.hasPrefix("}") {
                found.append((open.name, index - open.line + 1))
                start = nil
            } else if let open = start, indent < open.indent, !content.isEmpty {
                start = nil
            }
        }
        return found
    }
}
