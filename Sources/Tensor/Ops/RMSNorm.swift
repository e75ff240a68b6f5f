extension Tape {
    /// y = x · gain / √(mean(x²) + ε), per row.
    package func rmsNorm(_ x: Tensor, gain: Parameter, epsilon: Float) -> Tensor {
        let (rows, width) = (x.rowCount, x.width)
        let y = output(
            x.shape, rows: x.rows, differentiable: x.cell != nil || gain.isTrainable)
        if hasFailed { return y }
        let compute = { [backend] (y: Tensor) in
            backend.rmsNorm(
                x.pointer, gain: gain.value.pointer, into: y.pointer, rows: rows, width: width,
                epsilon: epsilon)
        }
        compute(y)
        guard y.cell != nil else { return y }
        let recipe = Recipe(for: y) { [backend] in
            let again = Tensor(x.shape, rows: x.rows, backend: backend)
            compute(again)
            return again
        }
        y.recipe = recipe
        record(y) { [backend] dy in
            recipe.drop()
            NormSplit(x: x, gain: gain, bias: nil, dy: dy, epsilon: epsilon)
                .run { backend.rmsNormBackward($0) }
        }
        return y
    }
}
