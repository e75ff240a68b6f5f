import JSON

/// A number, in the units of the rows that it was learnt from.
struct ValueAnswer: AnswerForm {
    func fill(_ object: inout JSONObject, _ logits: [Double], _ words: [Int]) {
        object["value"] = logits.first.map { .number($0) }
        object["activation"] = "none"
    }
}
