/// A layer whose matrix a block multiplies with, beside which an adapter can lie.
struct LinearLayer {
    /// The parameter's, without `.weight`.
    let name: String

    /// `nil` for what is no such matrix: a vector, a table, a pooler, the output projection.
    init?(_ parameter: String, shape: [Int]) {
        let others = [
            "embed", "wte", "wpe", "shared", "relative_attention_bias", "lm_head", "pooler",
        ]
        guard shape.count == 2, !others.contains(where: { parameter.contains($0) }) else {
            return nil
        }
        let suffix = ".weight"
        name = parameter.hasSuffix(suffix) ? String(parameter.dropLast(suffix.count)) : parameter
    }

    /// Whether an adapter that names `target`, one or more last parts of a name, means this layer.
    func isNamed(_ target: String) -> Bool { name.hasSuffix(".\(target)") }

    /// The last parts of the layers' names, each once: `q_proj`.
    static func targets(_ layers: [LinearLayer]) -> [String] {
        Set(layers.compactMap { $0.name.split(separator: ".").last.map(String.init) }).sorted()
    }
}
