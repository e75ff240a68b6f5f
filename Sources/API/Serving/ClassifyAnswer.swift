import Glibc
import JSON
import WorkerProtocol

/// Logits as the answer's `data`: probabilities by a softmax in double precision, which stays
/// finite for any finite logits.
struct ClassifyAnswer {
    struct Options {
        var topK: Int?
        var threshold: Double?
        /// Logits instead of probabilities.
        var rawScores = false
    }

    let data: JSON

    init(_ result: ClassifyResult, inputs: Int, options: Options) throws {
        guard result.logits.count == inputs,
            result.logits.allSatisfy({ row in
                row.count == result.labels.count && row.allSatisfy(\.isFinite) && !row.isEmpty
            })
        else { throw APIError(.internal, "the model gave scores that are not finite or missing") }
        data = .array(
            result.logits.enumerated().map { index, row in
                Self.item(index, row.map(Double.init), result.labels, options)
            })
    }

    private static func item(
        _ index: Int, _ logits: [Double], _ labels: [String], _ options: Options
    ) -> JSON {
        let scores = options.rawScores ? logits : softmax(logits)
        let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
        var object: JSONObject = [
            "index": .count(index), "label": order.first.map { .string(labels[$0]) } ?? .null,
            "probs": .array(scores.map { .number($0) }), "num_classes": .count(labels.count),
            "labels": .array(labels.map { .string($0) }),
            "activation": options.rawScores ? "none" : "softmax",
        ]
        if let topK = options.topK {
            object["top"] = .array(
                order.prefix(topK).map {
                    ["label": .string(labels[$0]), "score": .number(scores[$0])]
                })
        }
        if let threshold = options.threshold {
            object["predicted"] = .array(
                order.filter { scores[$0] >= threshold }.map { .string(labels[$0]) })
        }
        return .object(object)
    }

    static func softmax(_ logits: [Double]) -> [Double] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}
