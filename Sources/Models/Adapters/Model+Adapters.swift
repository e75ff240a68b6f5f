import FoundationEssentials
import Tensor

extension Model {
    /// Adds an adapter that changes nothing yet; one of this name is replaced.
    /// - Parameter blocks: into how many its rank is cut, for a run that trains them in turn.
    /// - Throws: `invalid_input` when the spec does not fit the backbone.
    @discardableResult
    package func addAdapter(
        _ spec: AdapterSpec, blocks: Int = 1, seed: UInt64
    ) throws -> Adapter {
        let adapter = try makeAdapter(spec, blocks: blocks)
        adapter.initialise(seed: seed)
        adapter.attach()
        return adapter
    }

    /// Writes an adapter as PEFT does: adapter_model.safetensors and adapter_config.json.
    /// - Throws: `io` or `out_of_space`.
    package func saveAdapter(_ name: String, to folder: String) throws {
        guard let adapter = adapter(named: name) else {
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
        adapter.attach()
        return adapter
    }

    package func removeAdapter(_ name: String) {
        adapter(named: name)?.detach()
        adapters.removeAll { $0.spec.name == name }
    }

    package func adapter(named name: String) -> Adapter? {
        adapters.first { $0.spec.name == name }
    }

    /// The adapter of a task's rows, as batches call it; nil where the task has none.
    package func adapterKey(task: String) -> String? {
        heads.first { $0.task == task }?.adapter.flatMap { adapter(named: $0)?.key }
    }

    /// Merges the one adapter that all heads use into the backbone, which is no longer the base
    /// model's then; nothing to do for a model without adapters.
    /// - Throws: `invalid_input` where heads have adapters of their own, which no one matrix can be.
    package func mergeAdapters() throws {
        guard !adapters.isEmpty else { return }
        guard let adapter = adapters.first, heads.allSatisfy({ $0.adapter == adapter.spec.name })
        else {
            throw ModelError.invalidInput(
                "the model has an adapter of its own for each of its tasks, which cannot be "
                    + "merged into one set of weights")
        }
        adapter.merge()
        for index in heads.indices { heads[index].adapter = nil }
        removeAdapter(adapter.spec.name)
        hasOwnBackbone = true
    }

    /// The adapters that a file of ours holds, not yet attached.
    /// - Throws: `bad_model` where they do not fit the backbone.
    func loadAdapters(_ file: SafetensorsFile) throws {
        guard let text = file.metadata["adapters"] else { return }
        guard
            let specs = try? JSONDecoder().decode([AdapterSpec].self, from: Data(text.utf8)),
            Set(specs.map(\.name)).count == specs.count,
            heads.allSatisfy({ head in
                head.adapter.map { name in specs.contains { $0.name == name } } ?? true
            })
        else {
            throw ModelError.badModel("safetensors: the adapters in the metadata are malformed")
        }
        for spec in specs {
            do {
                let adapter = try makeAdapter(spec)
                for parameter in adapter.parameters {
                    try file.read(parameter.name, into: parameter.value)
                }
            } catch let error as ModelError where error.code == "invalid_input" {
                throw ModelError.badModel("safetensors: \(error.message)")
            }
        }
    }

    /// Makes one of the blocks of each adapter: it answers as before, but for rounding.
    /// - Throws: never for adapters that the model has.
    package func joinAdapters() throws {
        for cut in adapters where cut.layers.contains(where: { $0.blocks.count > 1 }) {
            let whole = try makeAdapter(cut.spec)
            whole.join(cut)
            whole.attach()
        }
    }

    private func makeAdapter(_ spec: AdapterSpec, blocks: Int = 1) throws -> Adapter {
        let adapter = try Adapter(
            spec, blocks: blocks, key: adapterPrefix + spec.name, on: backbone, backend: backend)
        removeAdapter(spec.name)
        adapters.append(adapter)
        return adapter
    }
}
