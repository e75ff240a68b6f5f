// Where a tensor's gradient is gathered. Apart from the tensor, so that an op that does not need
// its output's contents does not keep them.

final class GradientCell {
    private var value: Tensor?

    /// Hands the gradient over; the cell is empty afterwards.
    func take() -> Tensor? {
        defer { value = nil }
        return value
    }

    /// Adds a gradient, which may be shared with other cells and is not written to.
    func add(_ gradient: Tensor) {
        guard value != nil else {
            value = gradient
            return
        }
        receive(shape: gradient.shape, backend: gradient.backend) { target in
            let y = target.pointer
            if target.adds { gradient.backend.add(y, gradient.pointer, into: y, gradient.count) }
        }
    }

    /// Lets `body` write (or add) the gradient in place.
    func receive(shape: [Int], backend: any Backend, _ body: (Target) -> Void) {
        let adds = value != nil
        if adds && !isKnownUniquelyReferenced(&value) {
            let own = Tensor(shape, backend: backend)
            if let value { backend.copy(value.pointer, to: own.pointer, own.count) }
            value = own
        }
        let tensor = value ?? Tensor(shape, backend: backend)
        value = tensor
        body(Target(tensor.pointer, adds: adds))
    }
}
