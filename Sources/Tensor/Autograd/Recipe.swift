// Recomputes a tensor that is cheap to compute and large to keep: its consumers' gradients hold
// the recipe, and the contents exist again only between the first of them and the op's own.

final class Recipe {
    private let compute: () -> Tensor
    private weak var original: Tensor?
    private var kept: Tensor?

    init(for original: Tensor, _ compute: @escaping () -> Tensor) {
        self.original = original
        self.compute = compute
    }

    func tensor() -> Tensor {
        let tensor = kept ?? original ?? compute()
        kept = tensor
        return tensor
    }

    /// The op's own gradient is next: no consumer is left.
    func drop() { kept = nil }
}

extension Tensor {
    /// How a gradient gets at this tensor's contents later.
    var saved: () -> Tensor {
        if let recipe { return recipe.tensor }
        return { self }
    }
}
