import Datasets
import JSON
import Store

extension DatasetRecord {
    /// The data set object.
    var json: JSON {
        let labels = summary.labels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let lengths = ["min", "p50", "p90", "p99", "max"].compactMap { name in
            summary.textLength[name].map { (name: name, value: JSON.count($0)) }
        }
        return [
            "id": .string(id), "object": "dataset", "name": .string(name),
            "created": .seconds(created), "format": .string(summary.format),
            "rows": .count(summary.rows), "bytes": .count(summary.bytes),
            "sha256": .string(sha256), "columns": .array(summary.columns.map { .string($0) }),
            "labels": JSONObject(labels.map { (name: $0.key, value: .count($0.value)) })
                .map { .object($0) } ?? [:],
            "text_length": JSONObject(lengths).map { .object($0) } ?? [:],
            "duplicates": .count(summary.duplicates),
        ]
    }
}
