/// A low-rank adapter: which layers, and how large.
package struct AdapterSpec: Codable, Sendable, Equatable {
    static let rankMax = 1024

    package var name: String
    package var rank: Int
    package var alpha: Double
    /// Last parts of layer names, for example `q_proj`; empty: every linear layer of the blocks.
    package var targets: [String]

    package init(name: String, rank: Int = 8, alpha: Double = 16, targets: [String] = []) {
        self.name = name
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
    }

    /// Whether the other is as large and lies beside the same layers.
    package func hasShape(of other: AdapterSpec) -> Bool {
        var renamed = other
        renamed.name = name
        return self == renamed
    }
}
