// Low-rank adapters beside a linear layer: y += scale·(x·Aᵀ)·Bᵀ on the rows that asked for one. It
// is a part of `linear`, so every architecture has it, and a batch may mix adapters by rows.

/// One linear layer's adapters in one forward pass.
struct LowRankPass {
    private struct Part {
        let adapter: LowRankAdapter
        let rows: Range<Int>
        /// scale·x·Aᵀ, `[rows, rank]`.
        let inner: Tensor
    }

    private let parts: [Part]
    private let space: RowSpace
    private let backend: any Backend

    static func isTrainable(_ weight: Parameter, _ rows: RowSpace?) -> Bool {
        (rows?.adapters ?? []).contains { span in
            (weight.adapters[span.adapter] ?? []).contains {
                $0.a.isTrainable || $0.b.isTrainable
            }
        }
    }

    /// Adds to y; nil where no row has an adapter for this matrix.
    init?(_ x: Tensor, _ weight: Parameter, into y: Tensor, backend: any Backend) {
        guard let space = x.rows, !weight.adapters.isEmpty else { return nil }
        var parts: [Part] = []
        let changes = space.adapters.filter { !$0.rows.isEmpty }.flatMap { span in
            (weight.adapters[span.adapter] ?? []).map { (span: span, adapter: $0) }
        }
        for (span, adapter) in changes {
            let (n, rank) = (span.rows.count, adapter.rank)
            let inner = Tensor([n, rank], backend: backend)
            if backend.failure != nil { return nil }
            backend.multiply(
                Product(
                    x.pointer + span.rows.lowerBound * x.width, adapter.a.value.pointer,
                    transposeB: true, into: inner.pointer, m: n, n: rank, k: x.width))
            backend.scale(inner.pointer, by: adapter.scale, into: inner.pointer, inner.count)
            backend.multiply(
                Product(
                    inner.pointer, adapter.b.value.pointer, transposeB: true,
                    into: y.pointer + span.rows.lowerBound * y.width, m: n, n: y.width, k: rank,
                    accumulate: true))
            parts.append(Part(adapter: adapter, rows: span.rows, inner: inner))
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
        self.space = space
        self.backend = backend
    }

    /// Gradients of A and B by task, and of x, which is added to.
    func backward(_ dy: Tensor, x: () -> Tensor, dx: Floats?) {
        for part in parts {
            let adapter = part.adapter
            let (outputs, rank) = (dy.width, adapter.rank)
            let inputs = adapter.a.value.width
            for (slot, rows) in slots(adapter.b, part.rows) {
                let target = adapter.b.accumulator(slot: slot)
                backend.multiply(
                    Product(
                        dy.pointer + rows.lowerBound * outputs, transposeA: true,
                        part.inner.pointer + (rows.lowerBound - part.rows.lowerBound) * rank,
                        into: target.pointer, m: outputs, n: rank, k: rows.count,
                        accumulate: target.adds))
            }
            guard adapter.a.isTrainable || dx != nil else { continue }
            let dInner = Tensor(part.inner.shape, backend: backend)
            backend.multiply(
                Product(
                    dy.pointer + part.rows.lowerBound * outputs, adapter.b.value.pointer,
                    into: dInner.pointer, m: part.rows.count, n: rank, k: outputs))
            backend.scale(dInner.pointer, by: adapter.scale, into: dInner.pointer, dInner.count)
            for (slot, rows) in slots(adapter.a, part.rows) {
                let target = adapter.a.accumulator(slot: slot)
                backend.multiply(
                    Product(
                        dInner.pointer + (rows.lowerBound - part.rows.lowerBound) * rank,
                        transposeA: true, x().pointer + rows.lowerBound * inputs,
                        into: target.pointer, m: rank, n: inputs, k: rows.count,
                        accumulate: target.adds))
            }
            if let dx {
                backend.multiply(
                    Product(
                        dInner.pointer, adapter.a.value.pointer,
                        into: dx + part.rows.lowerBound * inputs, m: part.rows.count, n: inputs,
                        k: rank, accumulate: true))
            }
        }
    }

    /// The adapter's rows by the slot that their gradient belongs to.
    private func slots(
        _ parameter: Parameter, _ rows: Range<Int>
    ) -> [(slot: Int, rows: Range<Int>)] {
        guard parameter.isTrainable else { return [] }
        return parameter.slotRanges(space, count: space.count)
            .map { ($0.slot, $0.rows.clamped(to: rows)) }
            .filter { !$0.1.isEmpty }
    }
}
