import Tensor

extension Model {
    /// Adds an adapter that changes nothing yet; one of this name is replaced.
    /// - Throws: `invalid_input` when the spec does not fit the backbone.
    @discardableResult
    package func addAdapter(_ spec: AdapterSpec, seed: UInt64) throws -> Adapter {
        let adapter = try makeAdapter(spec)
        adapter.initialise(seed: seed)
        return adapter
    }

    /// Writes an adapter as PEFT does: adapter_model.safetensors and adapter_config.json.
    /// - Throws: `io` or `out_of_space`.
    package func saveAdapter(_ name: String, to folder: String) throws {
        guard let adapter = adapters[name] else {
            preconditionFailure("the model has no adapter of this name")
        }
        try PEFTFolder.write(adapter, of: backbone.configuration, to: folder)
    }

    /// Adds an adapter from a folder that this or PEFT wrote.
    /// - Throws: `bad_model` when its files are malformed or do not fit the backbone.
    @discardableResult
    package func loadAdapter(_ folder: String, as name: String) throws -> Adapter {
        let files = try PEFTFolder(folder)
        let adapter = try makeAdapter(files.spec(name))
        do {
            try files.read(into: adapter)
        } catch {
            removeAdapter(name)
            throw error
        }
        return adapter
    }

    package func removeAdapter(_ name: String) {
        adapters[name] = nil
        for parameter in backbone.parameters { parameter.adapters[name] = nil }
    }

    /// Trains this adapter and the heads alone, or for nil the whole model again.
    package func train(adapter name: String?) {
        for parameter in backbone.parameters { parameter.isTrainable = name == nil }
        for (other, adapter) in adapters {
            for parameter in adapter.parameters { parameter.isTrainable = other == name }
        }
    }

    private func makeAdapter(_ spec: AdapterSpec) throws -> Adapter {
        let adapter = try Adapter(spec, on: backbone, backend: backend)
        removeAdapter(spec.name)
        for (_, weight, lowRank) in adapter.layers { weight.adapters[spec.name] = lowRank }
        adapters[spec.name] = adapter
        return adapter
    }
}
