// Out again: a Hugging Face folder, or a GGUF file.

import Glibc
import Tensor

extension Model {
    /// Writes a folder that Transformers loads: config.json, model.safetensors, tokenizer files;
    /// the task heads, which it does not know, in heads.safetensors. An adapter that all heads use
    /// is merged into this model first; adapters of single tasks are written to `adapters/` as PEFT
    /// reads them.
    /// - Throws: `io` or `out_of_space`.
    package func export(to folder: String) throws {
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
        if access("\(folder)/tokenizer.json", F_OK) != 0 {
            for (name, bytes) in TokenizerDocuments.of(
                tokenizer, chatTemplate: tokenizer.chatTemplate)
            {
                try DurableFile.write(bytes, to: "\(folder)/\(name)")
            }
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

    /// Writes a GGUF file with the metadata of the file that the model came from.
    /// An adapter is merged into this model first.
    /// - Throws: `invalid_input` when it did not come from GGUF or has an adapter for each task,
    ///   `io`, `out_of_space`.
    package func exportGGUF(to path: String, type: GGUFMatrixType) throws {
        guard let file = checkpoint as? GGUFFile else {
            throw ModelError.invalidInput(
                "export format gguf: the base model came as a Hugging Face folder, whose export is "
                    + "such a folder; llama.cpp's converter reads it")
        }
        try refuseColumns()
        try mergeAdapters()
        let items = zip(sources, backbone.parameters).map { source, parameter in
            item(source, parameter.value, type)
        }
        var metadata = file.entries.filter { $0.key != "general.file_type" }
            .sorted { $0.value.lowerBound < $1.value.lowerBound }
            .map { Array(file.file.bytes[$0.value]) }
        metadata.append(GGUFBytes.entry("general.file_type", type.fileType))
        try GGUFWriter.write(path, metadata: metadata, items: items)
    }

    private func refuseColumns() throws {
        guard columns.isEmpty else {
            throw ModelError.invalidInput(
                "export: the model has \(columns.count + 1) networks that read each other, which "
                    + "no other program's files can hold; serve it here")
        }
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
        let fits = columns % type.stored.blockLength == 0
        return GGUFWriter.Item(
            name: source.stored, shape: value.shape, type: fits ? type.stored : .f16
        ) { row in
            UnsafePointer(value.pointer + source.rotaryHome(row) * columns)
        }
    }
}
