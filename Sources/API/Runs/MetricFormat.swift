import JSON
import Spec
import Store

/// How metrics are written one a line.
enum MetricFormat: Sendable {
    case jsonl, csv

    var contentType: String {
        switch self {
        case .jsonl: "application/jsonl"
        case .csv: "text/csv; charset=utf-8"
        }
    }

    var header: [UInt8] {
        switch self {
        case .jsonl: []
        case .csv: Array("task,name,split,stage,epoch,step,value,time\r\n".utf8)
        }
    }

    /// - Parameter epochs: of each stage of the run.
    func line(_ record: MetricRecord, epochs: Int) -> [UInt8] {
        switch self {
        case .jsonl: return record.json(epochs: epochs).bytes() + [UInt8(ascii: "\n")]
        case .csv:
            let point = record.point
            let value = point.value.isFinite ? "\(point.value)" : ""
            return Array(
                ("\(point.task),\(point.name),\(point.split),\(record.stage(epochs: epochs)),"
                    + "\(point.epoch),\(point.step),\(value),\(record.time)\r\n").utf8)
        }
    }
}

extension MetricRecord {
    /// From 1; points count epochs over all stages, of which each has `epochs`.
    func stage(epochs: Int) -> Int { max(0, point.epoch - 1) / max(1, epochs) + 1 }

    func json(epochs: Int) -> JSON {
        [
            "task": .string(point.task), "name": .string(point.name),
            "split": .string(point.split), "stage": .count(stage(epochs: epochs)),
            "epoch": .count(point.epoch), "step": .count(point.step),
            "value": .measure(point.value), "time": .measure(time),
        ]
    }
}
