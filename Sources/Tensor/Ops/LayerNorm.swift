extension Tape {
    /// y = (x − mean(x)) · gain / √(var(x) + ε) + bias, per row.
    package func layerNorm(
        _ x: Tensor, gain: Parameter, bias: Parameter, epsilon: Float
    ) -> Tensor {
        precondition(gain.slots == bias.slots, "gain and bias have the same number of slots")
        let (rows, width) = (x.rowCount, x.width)
        let y = output(
            x.shape, rows: x.rows,
            differentiable: x.cell != nil || gain.isTrainable || bias.isTrainable)
        if hasFailed { return y }
        let compute = { [backend] (y: Tensor) in
            backend.layerNorm(
                x.pointer, gain: gain.value.pointer, bias: bias.value.pointer, into: y.pointer,
                rows: rows, width: width, epsilon: epsilon)
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
            NormSplit(x: x, gain: gain, bias: bias, dy: dy, epsilon: epsilon)
                .run { backend.layerNormBackward($0) }
        }
        return y
    }
}
