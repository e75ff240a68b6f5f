// What comes in from outside becomes one file that a store can keep: a GGUF file as it is, a folder
// as Hugging Face lays it out packed, a tar archive of such a folder unpacked first.

import Archives
import Glibc

package struct ModelIntake {
    /// A file or a folder.
    let path: String
    /// A folder for what has to be made; the caller removes it.
    let scratch: String

    package init(path: String, scratch: String) {
        self.path = path
        self.scratch = scratch
    }

    /// - Returns: the file, which is `path` itself where nothing had to be made.
    /// - Throws: `bad_model` naming what is wrong, `io`, `out_of_space`.
    package func take() throws -> (path: String, summary: ModelSummary) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ModelError.badModel("model file: it does not exist or cannot be read")
        }
        _ = mkdir(scratch, 0o700)
        guard status.st_mode & S_IFMT == S_IFREG else { return try take(folder: path) }
        let file = try MappedFile(path)
        let isArchive = withExtendedLifetime(file) {
            TarReader.begins(with: Array($0.bytes.prefix(TarEntry.blockBytes)))
        }
        guard isArchive else { return (path, try ModelSummary.read(path)) }
        let folder = "\(scratch)/unpacked"
        try ModelArchive(file).unpack(to: folder)
        return try take(folder: folder)
    }

    private func take(folder: String) throws -> (path: String, summary: ModelSummary) {
        if access("\(folder)/\(ModelArchive.ggufName)", R_OK) == 0 {
            let file = "\(folder)/\(ModelArchive.ggufName)"
            return (file, try ModelSummary.read(file))
        }
        let packed = "\(scratch)/packed.safetensors"
        let model = try HuggingFaceModel(folder: folder)
        // Checked before gigabytes are copied.
        let summary = try ModelSummary.read(folder)
        try model.pack(to: packed)
        return (packed, summary)
    }
}

/// A tar archive of a model's folder.
struct ModelArchive {
    /// What a GGUF file in an archive is called once it is unpacked.
    static let ggufName = "model.gguf"
    private static let pieceBytes = 1 << 20

    private let file: MappedFile

    init(_ file: MappedFile) { self.file = file }

    /// Writes the files that belong to a model, under the names that a model's files have; all
    /// others are passed over, so that no name of the archive's is ever a path here.
    func unpack(to folder: String) throws {
        _ = mkdir(folder, 0o700)
        var taken: Set<String> = []
        var reader = TarReader(total: file.bytes.count) { [file] offset, count in
            Array(file.bytes[offset..<offset + count])
        }
        do {
            while let found = try reader.next() {
                guard let name = Self.name(found.entry.name) else { continue }
                guard taken.insert(name).inserted else {
                    throw ModelError.badModel("tar: two files are called \(name)")
                }
                if let slash = name.firstIndex(of: "/") {
                    _ = mkdir("\(folder)/\(name[..<slash])", 0o700)
                }
                try copy(found.offset..<found.offset + found.entry.bytes, to: "\(folder)/\(name)")
            }
        } catch let error as ArchiveError { throw ModelError.badModel(error.message) }
        guard !taken.isEmpty else {
            throw ModelError.badModel(
                "tar: no file of a model is in it, such as config.json and model.safetensors")
        }
    }

    /// Where a file of the archive goes; nil for one that is no model's. At most one folder may
    /// stand around the model's own.
    static func name(_ path: String) -> String? {
        let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        guard let last = parts.last, !parts.contains("..") else { return nil }
        if parts.count >= 2, "\(parts[parts.count - 2])/\(last)" == "1_Pooling/config.json" {
            return parts.count <= 3 ? "1_Pooling/config.json" : nil
        }
        guard parts.count <= 2 else { return nil }
        if last.hasSuffix(".gguf") { return ggufName }
        return ModelFileName.isWanted(last) ? last : nil
    }

    private func copy(_ range: Range<Int>, to path: String) throws {
        var out = try DurableFile(path)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceBytes) {
            let end = min(start + Self.pieceBytes, range.upperBound)
            try out.write(UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
        }
        try out.commit()
    }
}

/// The names that files of a model may have.
package enum ModelFileName {
    /// Whether a file in a model's folder is one that is read: text files by name, weights by
    /// their ending. Nothing that executes code is among them.
    package static func isWanted(_ name: String) -> Bool {
        guard name.utf8.count <= 255,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C })
        else { return false }
        return HuggingFaceModel.documentNames.contains(name)
            || HuggingFaceModel.binaryNames.contains(name)
            || name == "model.safetensors.index.json"
            || (name.hasPrefix("model") && name.hasSuffix(".safetensors") && !name.contains("/"))
    }
}
