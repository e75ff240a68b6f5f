import Glibc
import JSON

/// Labels with their scores: probabilities in double precision, which stay finite for any finite
/// logits.
struct LabelAnswer: AnswerForm {
    enum Activation: String {
        case softmax, sigmoid

        func callAsFunction(_ logits: [Double]) -> [Double] {
            switch self {
            case .sigmoid: return logits.map { 1 / (1 + exp(-$0)) }
            case .softmax:
                let largest = logits.max() ?? 0
                let powers = logits.map { exp($0 - largest) }
                let sum = powers.reduce(0, +)
                return powers.map { $0 / sum }
            }
        }
    }

    let labels: [String]
    let options: ClassifyAnswer.Options
    let activation: Activation

    /// From which score on a label is among `predicted`; nil: that is not said. Of several labels
    /// those more likely than not.
    private var threshold: Double? {
        options.threshold ?? (activation == .sigmoid ? (options.rawScores ? 0 : 0.5) : nil)
    }

    func fill(_ object: inout JSONObject, _ logits: [Double], _ words: [Int]) {
        let scores = options.rawScores ? logits : activation(logits)
        let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
        object["label"] = order.first.map { .string(labels[$0]) }
        object["probs"] = .array(scores.map { .number($0) })
        object["num_classes"] = .count(labels.count)
        object["labels"] = .array(labels.map { .string($0) })
        object["activation"] = .string(options.rawScores ? "none" : activation.rawValue)
        if let topK = options.topK {
            object["top"] = .array(
                order.prefix(topK).map {
                    ["label": .string(labels[$0]), "score": .number(scores[$0])]
                })
        }
        if let threshold {
            object["predicted"] = .array(
                order.filter { scores[$0] >= threshold }.map { .string(labels[$0]) })
        }
    }
}
