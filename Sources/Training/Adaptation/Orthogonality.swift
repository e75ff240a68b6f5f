import Models
import Tensor

/// Keeps what a stage reads of its inputs apart from what earlier stages read: the gradient of
/// λ Σ_{i<t} ‖A_i·A_tᵀ‖² over an adapter's layers, for the block t that trains.
struct Orthogonality {
    private let strength: Float
    /// A of each block, by layer.
    private let layers: [[Tensor]]
    /// The place of each A among the trained parameters, likewise.
    private let places: [[Int]]
    private let gradients: [Tensor]

    /// - Parameter parameters: those that the optimiser has.
    init(_ adapter: Adapter, strength: Double, among parameters: [Parameter]) {
        self.strength = Float(strength)
        let known = Dictionary(
            uniqueKeysWithValues: parameters.enumerated().map { (ObjectIdentifier($1), $0) })
        let matrices = adapter.layers.map { layer in layer.blocks.map(\.a) }
        places = matrices.map { blocks in
            blocks.map { a in
                guard let place = known[ObjectIdentifier(a)] else {
                    preconditionFailure("every block of an adapter trains in its turn")
                }
                return place
            }
        }
        layers = matrices.map { $0.map(\.value) }
        gradients = layers.map { Tensor($0[0].shape, backend: $0[0].backend) }
    }

    /// 2λ Σ_{i<t} (A_t·A_iᵀ)·A_i by place; nothing in the first block.
    func gradients(block t: Int) -> [Int: Tensor] {
        guard t > 0, let backend = gradients.first?.backend else { return [:] }
        let precision = backend.precision
        backend.precision = .fp32
        defer { backend.precision = precision }
        for (blocks, gradient) in zip(layers, gradients) {
            let (rank, inputs) = (gradient.shape[0], gradient.shape[1])
            let overlap = Tensor([rank, rank], backend: backend)
            if backend.failure != nil { return [:] }
            for (i, earlier) in blocks[..<t].enumerated() {
                backend.multiply(
                    Product(
                        blocks[t].pointer, earlier.pointer, transposeB: true,
                        into: overlap.pointer, m: rank, n: rank, k: inputs))
                backend.scale(
                    overlap.pointer, by: 2 * strength, into: overlap.pointer, overlap.count)
                backend.multiply(
                    Product(
                        overlap.pointer, earlier.pointer, into: gradient.pointer, m: rank,
                        n: inputs, k: rank, accumulate: i > 0))
            }
        }
        return Dictionary(uniqueKeysWithValues: zip(places.map { $0[t] }, gradients))
    }
}
