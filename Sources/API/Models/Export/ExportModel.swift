import Foundation
import HTTP
import Pool
import Store
import WorkerProtocol

extension API {
    /// GET /v1/models/{id}/export?format=safetensors|gguf&type=F16: a tar archive of a folder that
    /// Transformers loads, or one GGUF file. Made by a compute process on the first request, then
    /// streamed; resumable by Range, since the same model always makes the same bytes.
    @Sendable func exportModel(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let format = try query.choice("format", of: ["safetensors", "gguf"]) ?? "safetensors"
        let type = try query.choice("type", of: ["F32", "F16", "Q8_0"])
        try query.finish()
        guard format == "gguf" || type == nil else {
            throw APIError.invalid("type", "is of format gguf; safetensors are always F32")
        }
        let id = try request.id("model")
        let (model, card) = try await stored { store in
            let model = try store.model(id)
            return (model, try ModelCard(model, store: store).markdown)
        }
        let chosen = format == "gguf" ? ExportJob.Format.gguf(type: type ?? "F16") : .safetensors
        let files = store.files(of: model)
        let key = Self.exportKey(model, chosen, card: card)
        let tag = "\"\(key)\""
        if let field = request.fields["If-None-Match"],
            try EntityTag.list(field, name: "If-None-Match")?.contains(key) ?? true
        {
            var unchanged = Response(304)
            unchanged.fields["ETag"] = tag
            return unchanged
        }
        let folder = try await exports.path(key) { [compute] folder in
            _ = try await compute.work(
                .export(
                    ExportJob(
                        files: files, format: chosen, documents: ["README.md": card],
                        folder: folder)))
        }
        let file = try await stored { _ in
            switch chosen {
            case .gguf: try ExportFile(file: "\(folder)/model.gguf")
            case .safetensors:
                try ExportFile(
                    folder: folder, names: Self.files(in: folder), called: model.name)
            }
        }
        var response = try part(of: file, request, tag: tag)
        response.fields["Content-Type"] =
            format == "gguf" ? "application/octet-stream" : "application/x-tar"
        let suffix = format == "gguf" ? "-\(type ?? "F16").gguf" : ".tar"
        response.fields["Content-Disposition"] = "attachment; filename=\"\(model.name)\(suffix)\""
        return response
    }

    private func part(of file: ExportFile, _ request: Request, tag: String) throws -> Response {
        var response = Response(200)
        response.fields["ETag"] = tag
        response.fields["Accept-Ranges"] = "bytes"
        var range = 0..<file.bytes
        do {
            if let asked = try ByteRange.of(request, total: file.bytes, tag: tag) {
                range = asked
                response.status = Status(206)
                response.fields["Content-Range"] =
                    "bytes \(asked.lowerBound)-\(asked.upperBound - 1)/\(file.bytes)"
            }
        } catch let error as HTTPError {
            var refusal = problem(error, request)
            refusal.fields["Content-Range"] = "bytes */\(file.bytes)"
            return refusal
        }
        response.body = .sized(range.count) { [blocking, range] writer in
            try await file.write(range, to: writer, on: blocking)
        }
        return response
    }

    /// The same for the same bytes: what goes in, and the version that makes it.
    private static func exportKey(
        _ model: ModelRecord, _ format: ExportJob.Format, card: String
    ) -> String {
        let parts = [
            Version.current, model.name, model.baseSHA256, model.weightsSHA256 ?? "", "\(format)",
            card,
        ]
        return String(SHA256.hex(Array(parts.joined(separator: "\n").utf8)).prefix(32))
    }

    /// Relative paths, sorted; one level of folders.
    private static func files(in folder: String) throws -> [String] {
        let manager = FileManager.default
        return try manager.subpathsOfDirectory(atPath: folder).filter { name in
            var isFolder: ObjCBool = false
            return manager.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}
