extension Tape {
    /// silu(gate) · up, elementwise (2002.05202).
    package func swiGLU(_ gate: Tensor, _ up: Tensor) -> Tensor {
        precondition(gate.shape == up.shape, "gate and up have one shape")
        let y = output(
            gate.shape, rows: gate.rows, differentiable: gate.cell != nil || up.cell != nil)
        if hasFailed { return y }
        backend.swiGLU(gate.pointer, up.pointer, into: y.pointer, gate.count)
        guard y.cell != nil else { return y }
        let recipe = Recipe(for: y) { [backend] in
            let again = Tensor(gate.shape, rows: gate.rows, backend: backend)
            backend.swiGLU(gate.pointer, up.pointer, into: again.pointer, gate.count)
            return again
        }
        y.recipe = recipe
        record(y) { [backend] dy in
            recipe.drop()
            let dGate = Tensor(gate.shape, backend: backend)
            let dUp = Tensor(up.shape, backend: backend)
            backend.swiGLUBackward(
                gate.pointer, up.pointer, dy: dy.pointer, dGate: dGate.pointer,
                dUp: dUp.pointer, gate.count)
            gate.cell?.add(dGate)
            up.cell?.add(dUp)
        }
        return y
    }
}
