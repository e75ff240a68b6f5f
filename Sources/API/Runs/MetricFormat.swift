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

    func line(_ record: MetricRecord) -> [UInt8] {
        switch self {
        case .jsonl: return record.json.bytes() + [UInt8(ascii: "\n")]
        case .csv:
            let point = record.point
            let value = point.value.isFinite ? "\(point.value)" : ""
            return Array(
                ("\(point.task),\(point.name),\(point.split),\(MetricRecord.stage),"
                    + "\(point.epoch),\(point.step),\(value),\(record.time)\r\n").utf8)
        }
    }
}

extension MetricRecord {
    /// Joint training has one stage.
    static let stage = 1

    var json: JSON {
        [
            "task": .string(point.task), "name": .string(point.name),
            "split": .string(point.split), "stage": .count(Self.stage),
            "epoch": .count(point.epoch), "step": .count(point.step),
            "value": .measure(point.value), "time": .measure(time),
        ]
    }
}
