extension Tape {
    /// A function of each element.
    package func activate(_ x: Tensor, _ function: Activation) -> Tensor {
        let y = output(x.shape, rows: x.rows, differentiable: x.cell != nil)
        if hasFailed { return y }
        backend.activate(x.pointer, function, into: y.pointer, x.count)
        guard let cell = x.cell else { return y }
        let recipe = Recipe(for: y) { [backend] in
            let again = Tensor(x.shape, rows: x.rows, backend: backend)
            backend.activate(x.pointer, function, into: again.pointer, x.count)
            return again
        }
        y.recipe = recipe
        record(y) { [backend] dy in
            recipe.drop()
            let dx = Tensor(x.shape, backend: backend)
            backend.activateBackward(
                x.pointer, function, dy: dy.pointer, dx: dx.pointer, x.count)
            cell.add(dx)
        }
        return y
    }
}
