// A backbone as a folder that Transformers loads, without tokenizer and heads.

import Glibc
import JSON
import Tensor

struct HuggingFaceExport {
    let backbone: any Backbone
    /// Of the backbone's parameters, in their order.
    let sources: [ParameterSource]

    /// The tensors under the names and in the layout of Hugging Face files.
    var tensors: [StoredTensor] {
        zip(sources, backbone.parameters).map { source, parameter in
            source.isTransposed
                ? StoredTensor(source.name, transposed: parameter.value)
                : StoredTensor(source.name, parameter.value)
        }
    }

    /// Writes config.json and model.safetensors.
    /// - Throws: `io` or `out_of_space`.
    func write(to folder: String) throws {
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw ModelError(
                code: "io",
                message: "cannot create the export's folder: \(String(cString: strerror(errno)))")
        }
        var config = backbone.configuration.details.json
        config["torch_dtype"] = nil
        config["dtype"] = "float32"
        try DurableFile.write(JSON.object(config).bytes(), to: "\(folder)/config.json")
        try SafetensorsWriter.write(
            "\(folder)/model.safetensors", metadata: ["format": "pt"], stored: tensors)
    }
}
