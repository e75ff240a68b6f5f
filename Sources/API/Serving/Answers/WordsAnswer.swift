import JSON
import Spec

/// A tag for each word with its place in the text, and where tags tell entities, those: their
/// score is the mean of their words'.
struct WordsAnswer: AnswerForm {
    let labels: [String]

    func fill(_ object: inout JSONObject, _ logits: [Double], _ words: [Int]) {
        let width = labels.count
        let tagged = (0..<words.count / 2).map { word -> (label: String, score: Double) in
            let scores = LabelAnswer.Activation.softmax(
                Array(logits[word * width..<(word + 1) * width]))
            let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
            return (labels[best], scores[best])
        }
        object["tokens"] = .array(
            tagged.enumerated().map { word, tag in
                [
                    "label": .string(tag.label), "score": .number(tag.score),
                    "start": .count(words[2 * word]), "end": .count(words[2 * word + 1]),
                ]
            })
        if EntitySpan.areTold(by: labels) {
            object["entities"] = .array(
                EntitySpan.all(in: tagged.map(\.label)).map { entity in
                    let scores = tagged[entity.words].map(\.score)
                    return [
                        "label": .string(entity.label),
                        "score": .number(scores.reduce(0, +) / Double(scores.count)),
                        "start": .count(words[2 * entity.words.lowerBound]),
                        "end": .count(words[2 * entity.words.upperBound - 1]),
                    ]
                })
        }
        object["num_classes"] = .count(labels.count)
        object["labels"] = .array(labels.map { .string($0) })
        object["activation"] = "softmax"
    }
}
