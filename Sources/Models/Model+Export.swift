// Out again: a Hugging Face folder, or a GGUF file.

import Glibc
import Tensor

extension Model {
    /// Writes a folder that Transformers loads: config.json, model.safetensors, tokenizer files;
    /// the task heads, which it does not know, in heads.safetensors. An adapter that all heads use
    /// is merged into this model first; adapters of single tasks are written to `adapters/` as PEFT
    /// reads them.
    /// - Parameter documents: further texts by name, such as a README.md.
    /// - Throws: `io` or `out_of_space`.
    package func export(to folder: String, documents: [String: String] = [:]) throws {
        try refuseColumns()
        if adapters.count == 1,
            adapters.allSatisfy({ one in
                heads.allSatisfy { $0.adapter == one.spec.name }
            })
        {
            try mergeAdapters()
        }
        try HuggingFaceExport(backbone: backbone, sources: sources).write(to: folder)
        for (name, text) in (checkpoint as? HuggingFaceModel)?.documents ?? [:]
        where name != "config.json" {
            if name.contains("/") { _ = mkdir("\(folder)/\(name.prefix { $0 != "/" })", 0o755) }
            try DurableFile.write(Array(text.utf8), to: "\(folder)/\(name)")
        }
        for (name, bytes) in (checkpoint as? HuggingFaceModel)?.binaries ?? [:] {
            try DurableFile.write(bytes, to: "\(folder)/\(name)")
        }
        if access("\(folder)/tokenizer.json", F_OK) != 0 {
            for (name, bytes) in TokenizerDocuments.of(
                tokenizer, chatTemplate: tokenizer.chatTemplate)
            {
                try DurableFile.write(bytes, to: "\(folder)/\(name)")
            }
        }
        for (name, text) in documents {
            try DurableFile.write(Array(text.utf8), to: "\(folder)/\(name)")
        }
        if !classifiers.isEmpty {
            let parameters = parameters.suffix(2 * classifiers.count)
            try SafetensorsWriter.write(
                "\(folder)/heads.safetensors", metadata: try headsMetadata(),
                tensors: parameters.map { ($0.name, $0.value) })
        }
        for adapter in adapters {
            _ = mkdir("\(folder)/adapters", 0o755)
            let name = adapter.spec.name.map { $0 == "/" ? "_" : $0 }
            try saveAdapter(adapter.spec.name, to: "\(folder)/adapters/\(String(name))")
        }
    }

    /// Writes a GGUF file: of a model that came as one with that file's metadata, else with what
    /// its configuration and tokenizer say. An adapter is merged into this model first.
    /// - Throws: `invalid_input` for what GGUF cannot say of it, such as an adapter for each task;
    ///   `io`, `out_of_space`.
    package func exportGGUF(to path: String, type: GGUFMatrixType) throws {
        try refuseColumns()
        try mergeAdapters()
        var items = zip(sources, backbone.parameters).map { source, parameter in
            item(source, parameter.value, type)
        }
        let architecture = try checkpoint.identify().0
        let computed = try architecture.computed(backbone.configuration)
        for (name, values) in computed.sorted(by: { $0.key < $1.key }) {
            let tensor = Tensor(values, [values.count], backend: backend)
            items.append(
                GGUFWriter.Item(name: name, shape: tensor.shape, type: .f32) { _ in
                    UnsafePointer(tensor.pointer)
                })
        }
        // A model that came as GGUF goes as it came.
        if !(checkpoint is GGUFFile), let copy = architecture.scaledCopy(backbone.configuration),
            let parameter = backbone.parameters.first(where: { $0.name == copy.of })
        {
            items.append(item(named: copy.name, parameter.value, times: copy.factor, type))
        }
        var metadata = try ggufMetadata(architecture)
        metadata.add("general.file_type", type.fileType)
        try GGUFWriter.write(path, metadata: metadata, items: items)
    }

    private func refuseColumns() throws {
        guard columns.isEmpty else {
            throw ModelError.invalidInput(
                "export: the model has \(columns.count + 1) networks that read each other, which "
                    + "no other program's files can hold; serve it here")
        }
    }

    private func ggufMetadata(_ architecture: any Architecture.Type) throws -> GGUFMetadata {
        if let file = checkpoint as? GGUFFile {
            var metadata = GGUFMetadata()
            for entry in file.entries.filter({ $0.key != "general.file_type" })
                .sorted(by: { $0.value.lowerBound < $1.value.lowerBound })
            {
                metadata.add(raw: Array(file.file.bytes[entry.value]))
            }
            return metadata
        }
        var metadata = try architecture.metadata(of: backbone.configuration)
        guard let tokenizer = tokenizer as? PipelineTokenizer else {
            throw ModelError.invalidInput("export format gguf: the tokenizer cannot be written")
        }
        try GGUFVocabulary(tokenizer: tokenizer, rows: backbone.configuration.vocabulary)
            .write(to: &metadata)
        return metadata
    }

    private func item(
        _ source: ParameterSource, _ value: Tensor, _ type: GGUFMatrixType
    ) -> GGUFWriter.Item {
        let columns = value.shape.last ?? 1
        guard value.shape.count > 1 else {
            let turned = Tensor(value.shape, backend: backend)
            for row in 0..<value.count {
                turned.pointer[row] = value.pointer[source.rotaryHome(row)]
            }
            return GGUFWriter.Item(name: source.stored, shape: value.shape, type: .f32) { _ in
                UnsafePointer(turned.pointer)
            }
        }
        return GGUFWriter.Item(
            name: source.stored, shape: value.shape, type: Self.stored(type, columns)
        ) { row in
            UnsafePointer(value.pointer + source.rotaryHome(row) * columns)
        }
    }

    private func item(
        named name: String, _ value: Tensor, times factor: Float, _ type: GGUFMatrixType
    ) -> GGUFWriter.Item {
        let columns = value.shape.last ?? 1
        let scaled = Tensor([columns], backend: backend)
        return GGUFWriter.Item(name: name, shape: value.shape, type: Self.stored(type, columns)) {
            row in
            for column in 0..<columns {
                scaled.pointer[column] = factor * value.pointer[row * columns + column]
            }
            return UnsafePointer(scaled.pointer)
        }
    }

    /// Rows that do not fill blocks are kept in half precision.
    private static func stored(_ type: GGUFMatrixType, _ columns: Int) -> GGUFType {
        columns % type.stored.blockLength == 0 ? type.stored : .f16
    }
}
