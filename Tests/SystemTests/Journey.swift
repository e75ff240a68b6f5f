import Foundation
import JSON
import TestSupport

/// The way of a user through the real binary: import, upload, train, use.
struct Journey {
    let server: ServerProcess
    var client: Client { server.client }

    /// A server whose data folder holds the model of `file`.
    init(_ folder: TemporaryFolder, model file: String) throws {
        let (status, output) = try ServerProcess.run(
            ["models", "import", file, "--name", "base"], in: folder.path)
        guard status == 0 else { throw ServerProcess.Failure(description: output) }
        server = ServerProcess(folder)
        try server.start()
    }

    /// The same with a random model of a few thousand weights, in the folder's `tiny.gguf`.
    init(tiny folder: TemporaryFolder) throws {
        let file = folder.path + "/tiny.gguf"
        try TinyLlamaFile.write(file)
        try self.init(folder, model: file)
    }

    static func moods(_ count: Int) -> String {
        (0..<count).map { index in
            let isGood = index % 2 == 0
            return "{\"text\":\"\(isGood ? "I love it" : "I hate it"), number \(index)\","
                + "\"label\":\"\(isGood ? "good" : "bad")\"}\n"
        }.joined()
    }

    static func replies(_ count: Int) -> String {
        (0..<count).map { "{\"prompt\":\"Say \($0)\",\"completion\":\"It is \($0).\"}\n" }.joined()
    }

    /// Uploads two data sets and starts a run on both; its id.
    func train(
        _ name: String, rows: Int, epochs: Int, learningRate: Double = 1e-3
    ) throws -> String {
        let moods = try client.upload("moods", Self.moods(rows)).json["id"] ?? nil
        let replies = try client.upload("replies", Self.replies(rows)).json["id"] ?? nil
        let answer = try client.post(
            "/v1/runs",
            [
                "name": .string(name), "epochs": .integer(Int64(epochs)), "max_length": 64,
                "batch_tokens": 256, "checkpoint_seconds": 1, "weighting": ["method": "gradnorm"],
                "tasks": [
                    ["name": "mood", "kind": "classification", "dataset": moods],
                    ["name": "reply", "kind": "generation", "dataset": replies],
                ],
                "optimizer": ["learning_rate": .number(learningRate)],
            ])
        guard answer.status == 202, let id = answer.json["id"]?.string else {
            throw ServerProcess.Failure(description: answer.body)
        }
        return id
    }

    static func isOver(_ run: JSON) -> Bool {
        ["succeeded", "failed", "cancelled"].contains(run["status"]?.string ?? "")
    }

    /// It trains and has a checkpoint to go back to.
    static func isUnderWay(_ run: JSON) -> Bool {
        isOver(run) || (run["status"] == "running" && run["checkpoint_step"]?.integer != nil)
    }
}
