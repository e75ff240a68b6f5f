import Foundation
package import HTTP
import JSON

/// Where models may come from besides an upload, as the operator says.
package struct ModelSources: Sendable {
    /// The folder from which files of this machine may be imported; nil: none.
    package var folder: String?
    /// The hub, in the URL scheme of Hugging Face; nil: none.
    package var hub: ClientURL?
    /// Sent to the hub.
    package var hubToken: String?
    /// Before the second try of a download.
    package var hubPauseSeconds = 1.0

    package init(folder: String? = nil, hub: ClientURL? = nil, hubToken: String? = nil) {
        self.folder = folder
        self.hub = hub
        self.hubToken = hubToken
    }

    /// The file or folder that a request names, without links.
    /// - Throws: `APIError` when the operator does not allow it.
    func resolve(_ path: String) throws -> String {
        guard let folder else {
            throw APIError(
                .forbidden,
                "files of this machine cannot be imported: start the server with "
                    + "--allow-model-paths DIR", parameter: "path")
        }
        // Both resolved: no link and no dot segment leads out of the folder.
        let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        let found = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: root + "/"))
            .resolvingSymlinksInPath().path
        let files = FileManager.default
        var isFolder: ObjCBool = false
        guard !path.utf8.contains(0), found.hasPrefix(root + "/"),
            files.fileExists(atPath: found, isDirectory: &isFolder)
        else {
            throw APIError.invalid("path", "names nothing in the folder of --allow-model-paths")
        }
        if isFolder.boolValue {
            for name in try files.subpathsOfDirectory(atPath: found) {
                let target = URL(fileURLWithPath: "\(found)/\(name)").resolvingSymlinksInPath()
                guard target.path.hasPrefix(root + "/") else {
                    throw APIError.invalid(
                        "path", "names a folder with a link out of that of --allow-model-paths")
                }
            }
        }
        return found
    }
}
