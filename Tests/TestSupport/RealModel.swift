import Foundation

/// SmolLM2-135M-Instruct in Q4_1, where it is at hand: `scripts/test` fetches it.
package enum RealModel {
    package static let path: String = {
        if let path = ProcessInfo.processInfo.environment["POLYTASK_TEST_SMOLLM2"] { return path }
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.appendingPathComponent(
            ".build/test-models/SmolLM2-135M-Instruct.Q4_1.gguf"
        ).path
    }()

    package static var isPresent: Bool { FileManager.default.fileExists(atPath: path) }

    /// all-MiniLM-L6-v2 as a Hugging Face folder, where `POLYTASK_TEST_MINILM` names it.
    package static let miniLM = ProcessInfo.processInfo.environment["POLYTASK_TEST_MINILM"] ?? ""

    package static var hasMiniLM: Bool {
        FileManager.default.fileExists(atPath: "\(miniLM)/model.safetensors")
    }
}
