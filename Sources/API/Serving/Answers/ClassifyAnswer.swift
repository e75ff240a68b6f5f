import JSON
import Spec
import WorkerProtocol

/// The outputs of a head as the answer's `data`, by the kind of its task.
struct ClassifyAnswer {
    struct Options {
        var topK: Int?
        var threshold: Double?
        /// Logits instead of probabilities.
        var rawScores = false
    }

    let data: JSON

    /// - Parameter inputs: how many there were.
    init(_ result: ClassifyResult, kind: TaskKind, inputs: Int, options: Options) throws {
        let width = max(1, result.labels.count)
        let words = result.words ?? []
        let isComplete =
            result.logits.count == inputs
            && result.logits.allSatisfy { $0.count % width == 0 && $0.allSatisfy(\.isFinite) }
            && (kind == .tokenClassification
                ? words.count == inputs
                    && zip(words, result.logits).allSatisfy { $0.count * width == 2 * $1.count }
                : result.logits.allSatisfy { $0.count == width })
        guard isComplete else {
            throw APIError(.internal, "the model gave scores that are not finite or missing")
        }
        let answer = try Self.form(kind, result.labels, options)
        data = .array(
            result.logits.enumerated().map { index, logits in
                var object: JSONObject = ["index": .count(index)]
                answer.fill(
                    &object, logits.map(Double.init), words.isEmpty ? [] : words[index])
                return .object(object)
            })
    }

    /// Which form the answers of a kind have.
    /// - Throws: `APIError` for an option that means nothing there.
    private static func form(
        _ kind: TaskKind, _ labels: [String], _ options: Options
    ) throws -> any AnswerForm {
        switch kind {
        case .classification, .pairClassification:
            return LabelAnswer(labels: labels, options: options, activation: .softmax)
        case .multiLabel: return LabelAnswer(labels: labels, options: options, activation: .sigmoid)
        case .regression:
            try refuse(options, kind)
            return ValueAnswer()
        case .tokenClassification:
            try refuse(options, kind)
            return WordsAnswer(labels: labels)
        case .generation, .sequenceToSequence:
            throw APIError(.internal, "a task that writes was asked to classify")
        }
    }

    private static func refuse(_ options: Options, _ kind: TaskKind) throws {
        let given = [
            ("top_k", options.topK != nil), ("threshold", options.threshold != nil),
            ("raw_scores", options.rawScores),
        ]
        if let (name, _) = given.first(where: \.1) {
            throw APIError.invalid(name, "must be left out with a \(kind.rawValue) task")
        }
    }
}

/// How one input's outputs are said.
protocol AnswerForm {
    /// - Parameter words: start and end of each word, one after the other, in characters.
    func fill(_ object: inout JSONObject, _ logits: [Double], _ words: [Int])
}
