import Glibc

/// Perplexity: e to the mean loss of a token.
struct TextMeasure: Measure {
    mutating func add(_ example: Example, outputs: [Float]) {}

    func values(loss: Double) -> [(name: String, value: Double)] { [("perplexity", exp(loss))] }
}
