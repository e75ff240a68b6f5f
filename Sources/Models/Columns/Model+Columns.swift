import FoundationEssentials
package import Tensor

extension Model {
    /// The backbones of all columns; most models have one.
    package var networks: [any Backbone] { [backbone] + columns.map(\.backbone) }

    /// The place among `networks` of the one that reads a task's rows.
    package func column(task: String) -> Int {
        heads.first { $0.task == task }?.column ?? 0
    }

    /// `[N, D]` after the final norm of one column, which reads what the earlier ones make of the
    /// same rows. Caches are those of `makeCache(column:capacity:)`.
    /// - Parameter record: gets the column's streams h₀…h_L.
    package func hiddenStates(
        _ batch: PackedBatch, column: Int, caches: [KeyValueCache]?,
        record: ((Tensor) -> Void)? = nil, on tape: Tape
    ) -> Tensor {
        guard column > 0 else {
            let tap: StreamTap? = record.map { record in
                { stream, _ in
                    record(stream)
                    return stream
                }
            }
            return backbone.hiddenStates(batch, caches: caches, tap: tap, on: tape)
        }
        let own = columns[column - 1]
        var streams: [[Tensor]] = []
        for place in 0..<(own.laterals.isEmpty ? 0 : column) {
            let caches = caches?.map { $0.earlier[place] }
            var stream: [Tensor] = []
            if place == 0 {
                _ = backbone.hiddenStates(
                    batch, caches: caches,
                    tap: { tensor, _ in
                        stream.append(tensor)
                        return tensor
                    }, on: tape)
            } else {
                _ = columns[place - 1].hiddenStates(
                    batch, caches: caches, reading: streams, record: { stream.append($0) },
                    on: tape)
            }
            streams.append(stream)
        }
        return own.hiddenStates(
            batch, caches: caches, reading: streams, record: record ?? { _ in }, on: tape)
    }

    /// The cache of one sequence, with those of the columns that its column reads.
    package func makeCache(column: Int, capacity: Int) -> KeyValueCache {
        let cache = networks[column].makeCache(capacity: capacity)
        let isReading = column > 0 && !columns[column - 1].laterals.isEmpty
        cache.earlier = (0..<(isReading ? column : 0)).map {
            networks[$0].makeCache(capacity: capacity)
        }
        return cache
    }

    /// Adds a network that starts as the model was loaded and reads nothing of the others yet.
    /// - Throws: `bad_model` when the model's files have changed.
    package func addColumn(_ spec: ColumnSpec, seed: UInt64) throws {
        let column = try makeColumn(spec)
        try readBackbone(into: column.backbone.parameters)
        column.initialiseLaterals(seed: seed)
        columns.append(column)
    }

    /// The columns that a file of ours holds.
    func loadColumns(_ file: SafetensorsFile) throws {
        let text = file.metadata["columns"] ?? "[]"
        guard let specs = try? JSONDecoder().decode([ColumnSpec].self, from: Data(text.utf8)),
            specs.allSatisfy({ (0...Self.lateralWidthMax).contains($0.lateralWidth) }),
            specs.count < Self.columnsMax,
            heads.allSatisfy({ (0...specs.count).contains($0.column ?? 0) }),
            // Before memory is taken for them.
            specs.indices.allSatisfy({ place in
                sources.allSatisfy { file.shape(columnPrefix(place + 1) + $0.name) != nil }
            })
        else {
            throw ModelError.badModel("safetensors: the columns in the metadata are malformed")
        }
        for spec in specs {
            let column = try makeColumn(spec)
            let prefix = columnPrefix(columns.count + 1)
            for (source, parameter) in zip(sources, column.backbone.parameters) {
                try file.read(
                    prefix + source.name, into: parameter.value, transposed: source.isTransposed)
            }
            for parameter in column.parameters.dropFirst(sources.count) {
                try file.read(parameter.name, into: parameter.value)
            }
            columns.append(column)
        }
    }

    /// The columns as files of ours hold them.
    var columnTensors: [StoredTensor] {
        columns.enumerated().flatMap { place, column in
            let prefix = columnPrefix(place + 1)
            let backbone = zip(sources, column.backbone.parameters).map { source, parameter in
                source.isTransposed
                    ? StoredTensor(prefix + source.name, transposed: parameter.value)
                    : StoredTensor(prefix + source.name, parameter.value)
            }
            return backbone
                + column.parameters.dropFirst(sources.count).map { StoredTensor($0.name, $0.value) }
        }
    }

    private static var columnsMax: Int { 64 }
    private static var lateralWidthMax: Int { 4096 }

    private func columnPrefix(_ place: Int) -> String { "columns.\(place)." }

    private func makeColumn(_ spec: ColumnSpec) throws -> Column {
        guard let first = backbone as? any Architecture else {
            preconditionFailure("a backbone is of some architecture")
        }
        return try Column(spec, like: first, earlier: columns.count + 1, backend: backend)
    }
}
