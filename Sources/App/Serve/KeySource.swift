import API
import Foundation
import Glibc

/// Where the API key comes from: a file, else the environment, else nowhere.
struct KeySource {
    var file: String?

    /// - Throws: `CommandFailure` when a source is named but holds no usable key.
    func read() throws -> APIKey? {
        guard let (text, source) = try text() else { return nil }
        do {
            return try APIKey(text)
        } catch let error as APIError {
            throw CommandFailure("\(source): \(error.message)")
        }
    }

    private func text() throws -> (text: String, source: String)? {
        if let file {
            guard let data = FileManager.default.contents(atPath: file), data.count <= 4096 else {
                throw CommandFailure(
                    "--api-key-file cannot be read: name a readable file that holds only the key")
            }
            let text = String(decoding: data, as: UTF8.self)
            return (text.trimmingCharacters(in: .whitespacesAndNewlines), "--api-key-file")
        }
        guard let value = getenv("POLYTASK_API_KEY") else { return nil }
        return (String(cString: value), "POLYTASK_API_KEY")
    }
}
