import Foundation
import HTTP
package import JSON
import Store
package import WorkerProtocol

extension API {
    /// POST /v1/models?name= with a body: a GGUF file, or a tar archive of a folder as Hugging Face
    /// lays it out. 201 when it is there. Without a name in the query the body is JSON and says
    /// where the model comes from: 202, and the model object tells how far it is.
    @Sendable func importModel(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let name = try query.identifier("name")
        let license = try query.identifier("license")
        try query.finish()
        guard let name else { return try await beginImport(request) }
        try Self.check(name)
        let scratch = "\(store.blobs.scratch)/upload-\(UUID().uuidString)"
        let sent = try await receiveModel(request)
        let result: Result<ModelRecord, any Error>
        do {
            result = .success(
                try await take(store.blobs.path(sent), scratch: scratch, kept: sent) {
                    store, sha256, taken in
                    let summary = taken.summary(source: ["kind": "upload"], license: license)
                    return try store.createBaseModel(name: name, sha256: sha256, summary: summary)
                })
        } catch { result = .failure(error) }
        // Large files take their time to go.
        try? await blocking.run { try FileManager.default.removeItem(atPath: scratch) }
        let model = try result.get()
        var response = Response.json(model.json, status: 201)
        response.fields["Location"] = "/v1/models/\(model.id)"
        return response
    }

    private func beginImport(_ request: Request) async throws -> Response {
        let body = try await JSONBody.read(request, limits: limits)
        // Looks at the files that a path names.
        let record = try await stored { [sources] store in
            var fields = try FieldReader(body.value)
            guard let name = try fields.identifier("name") else {
                throw fields.missing(
                    "name", "a name for the model; to upload a file, put it in the query: ?name=")
            }
            try Self.check(name)
            let license = try fields.identifier("license")
            let source = try ImportSource(&fields, sources)
            try fields.finish()
            if case .scratch(let scratch) = source { _ = try store.dataset(scratch.dataset) }
            var json = source.json.object ?? [:]
            json["license"] = license.map { .string($0) }
            return try store.createImport(name: name, source: .object(json))
        }
        importer.wake()
        var response = Response.json(record.json, status: 202)
        response.fields["Location"] = "/v1/models/\(record.id)"
        return response
    }

    private static func check(_ name: String) throws {
        guard ModelName.isValid(name) else {
            throw APIError.invalid("name", "must not begin with mdl_")
        }
    }

    /// Has a file or folder checked in a process of its own, keeps the one file that it becomes,
    /// and records it.
    /// - Parameters:
    ///   - scratch: a folder whose files may be moved; the caller removes it.
    ///   - kept: the digest of the file where it is in the store already; it goes when it is not
    ///     what is recorded.
    func take<T: Sendable>(
        _ path: String, scratch: String, kept: String? = nil,
        record: @escaping @Sendable (Store, String, TakenModel) throws -> T
    ) async throws -> T {
        let result: Result<T, any Error>
        do {
            let taken = try await check(path, scratch: scratch)
            result = .success(
                try await stored { store in
                    let isKept = kept != nil && taken.path == path
                    let sha256 =
                        try isKept
                        ? kept ?? ""
                        : store.blobs.keep(
                            file: taken.path, moving: taken.path.hasPrefix("\(scratch)/"))
                    do {
                        return try record(store, sha256, taken)
                    } catch {
                        try? store.deleteUnreferenced([sha256])
                        throw error
                    }
                })
        } catch { result = .failure(error) }
        _ = try? await stored { try $0.deleteUnreferenced([kept]) }
        return try result.get()
    }

    private func check(_ path: String, scratch: String) async throws -> TakenModel {
        do {
            try await blocking.run {
                try FileManager.default.createDirectory(
                    atPath: scratch, withIntermediateDirectories: true)
            }
            let work = FileJob.take(path: path, scratch: "\(scratch)/work")
            guard case .taken(let model) = try await compute.work(work) else {
                throw APIError(.internal, "the files worker gave another answer")
            }
            return model
        } catch let error as WorkerFailure where error.code == "bad_model" {
            throw APIError(
                .invalidData, "the file is not a model that can be used: \(error.message)")
        }
    }

    /// The body as a file of the store; its digest.
    private func receiveModel(_ request: Request) async throws -> String {
        let most = limits.modelBytesMax
        let error = HTTPError(413, "a model may have at most \(most) bytes", rejection: .bodyBytes)
        if let length = request.body.declaredLength, length > most { throw error }
        let file = try await stored { UploadFile(try $0.blobs.writer()) }
        do {
            for try await bytes in request.body {
                guard file.count + bytes.count <= most else { throw error }
                try await blocking.run { try file.write(bytes) }
            }
            guard file.count > 0 else {
                throw APIError(
                    .invalidValue, "the body is empty: send a GGUF file or a tar archive")
            }
            return try await stored { _ in try file.keep() }
        } catch {
            _ = try? await stored { _ in file.discard() }
            throw error
        }
    }
}

/// A model's file on its way into the store.
// @unchecked because one request uses it, one call after the other, each awaited.
private final class UploadFile: @unchecked Sendable {
    private let writer: BlobWriter
    init(_ writer: BlobWriter) { self.writer = writer }
    var count: Int { writer.count }
    func write(_ bytes: [UInt8]) throws { try writer.write(bytes) }
    func keep() throws -> String { try writer.keep() }
    func discard() { writer.discard() }
}

extension TakenModel {
    /// What the model object says of a pretrained model.
    package func summary(source: JSON, license stated: String? = nil) -> JSON {
        [
            "architecture": .string(architecture), "parameters": .count(parameters),
            "context_length": .count(contextLength), "vocabulary": .count(vocabulary),
            "task_kinds": .strings(taskKinds), "adapter_targets": .strings(adapterTargets),
            "chat_template": hasChatTemplate.map { .bool($0) } ?? nil,
            "license": .optional(stated ?? license), "source": source, "tasks": [],
        ]
    }
}
