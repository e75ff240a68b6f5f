import Foundation
import HTTP
package import JSON
import Store

/// What the API needs to take in model files, which it cannot read itself.
package struct ModelImport: Sendable {
    /// What the model object says of a file; throws an `APIError` that says what is wrong with it.
    package var inspect: @Sendable (_ path: String) throws -> JSON
    /// The folder from which files of this machine may be imported; nil: none.
    package var folder: String?

    package init(folder: String?, inspect: @escaping @Sendable (_ path: String) throws -> JSON) {
        self.folder = folder
        self.inspect = inspect
    }
}

extension API {
    /// POST /v1/models?name=: a GGUF file as the body, or, with `&path=`, one of this machine.
    @Sendable func importModel(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        guard let name = try query.identifier("name") else {
            throw APIError.missing("name", "a name for the model in the query: ?name=smollm2")
        }
        guard ModelName.isValid(name) else {
            throw APIError.invalid("name", "must not begin with mdl_")
        }
        let path = query.string("path")
        try query.finish()
        let sha256: String
        if let path {
            let file = try importable(path)
            sha256 = try await stored { try $0.blobs.keep(file: file, moving: false) }
        } else {
            sha256 = try await receiveModel(request)
        }
        do {
            let model = try await stored { [imports] store in
                let summary = try imports.inspect(store.blobs.path(sha256))
                return try store.createBaseModel(name: name, sha256: sha256, summary: summary)
            }
            var response = Response.json(model.json, status: 201)
            response.fields["Location"] = "/v1/models/\(model.id)"
            return response
        } catch {
            _ = try? await stored { try $0.deleteUnreferenced([sha256]) }
            throw error
        }
    }

    /// - Throws: `APIError` when the operator does not allow it.
    private func importable(_ path: String) throws -> String {
        guard let folder = imports.folder else {
            throw APIError(
                .forbidden,
                "files of this machine cannot be imported: start the server with "
                    + "--allow-model-paths DIR", parameter: "path")
        }
        // Both resolved: no link and no dot segment leads out of the folder.
        let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        let file = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: root + "/"))
            .resolvingSymlinksInPath().path
        var isFolder: ObjCBool = false
        guard !path.utf8.contains(0), file.hasPrefix(root + "/"),
            FileManager.default.fileExists(atPath: file, isDirectory: &isFolder),
            !isFolder.boolValue
        else {
            throw APIError.invalid("path", "names no file in the folder of --allow-model-paths")
        }
        return file
    }

    private func receiveModel(_ request: Request) async throws -> String {
        let most = limits.modelBytesMax
        let error = HTTPError(413, "a model may have at most \(most) bytes", rejection: .bodyBytes)
        if let length = request.body.declaredLength, length > most { throw error }
        let file = try await stored { ModelFile(try $0.blobs.writer()) }
        do {
            for try await bytes in request.body {
                guard file.count + bytes.count <= most else { throw error }
                try await blocking.run { try file.write(bytes) }
            }
            guard file.count > 0 else {
                throw APIError(.invalidValue, "the body is empty: send the GGUF file")
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
private final class ModelFile: @unchecked Sendable {
    private let writer: BlobWriter
    init(_ writer: BlobWriter) { self.writer = writer }
    var count: Int { writer.count }
    func write(_ bytes: [UInt8]) throws { try writer.write(bytes) }
    func keep() throws -> String { try writer.keep() }
    func discard() { writer.discard() }
}
