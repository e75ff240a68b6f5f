internal import CKernels
package import Tensor

extension CPUBackend {
    package func swiGLU(_ gate: Floats, _ up: Floats, into y: Floats, _ count: Int) {
        pool.run(count, grain: grainFloats) {
            let at = $0.lowerBound
            kernels.swiglu(gate + at, up + at, y + at, $0.count)
        }
    }

    package func swiGLUBackward(
        _ gate: Floats, _ up: Floats, dy: Floats, dGate: Floats, dUp: Floats, _ count: Int
    ) {
        pool.run(count, grain: grainFloats) {
            let at = $0.lowerBound
            kernels.swiglu_backward(gate + at, up + at, dy + at, dGate + at, dUp + at, $0.count)
        }
    }

    package func activate(_ x: Floats, _ function: Activation, into y: Floats, _ count: Int) {
        let kernel =
            switch function {
            case .gelu: kernels.gelu
            case .geluTanh: kernels.gelu_tanh
            case .relu: kernels.relu
            case .tanh: kernels.hyperbolic
            }
        pool.run(count, grain: grainFloats) {
            kernel(x + $0.lowerBound, y + $0.lowerBound, $0.count)
        }
    }

    package func activateBackward(
        _ x: Floats, _ function: Activation, dy: Floats, dx: Floats, _ count: Int
    ) {
        let kernel =
            switch function {
            case .gelu: kernels.gelu_backward
            case .geluTanh: kernels.gelu_tanh_backward
            case .relu: kernels.relu_backward
            case .tanh: kernels.hyperbolic_backward
            }
        pool.run(count, grain: grainFloats) {
            let at = $0.lowerBound
            kernel(x + at, dy + at, dx + at, $0.count)
        }
    }

    package func rotary(
        _ x: Floats, into y: Floats, positions: [Int32], heads: Int, form: RotaryForm,
        backwards: Bool
    ) {
        guard let last = positions.max() else { return }
        let table = rotaryTable(form, positions: Int(last) + 1)
        let width = heads * form.headDimension
        positions.withUnsafeBufferPointer { positions in
            guard let first = positions.baseAddress else { return }
            pool.run(positions.count, grain: grainRows(width)) {
                let offset = $0.lowerBound * width
                kernels.rotary(
                    x + offset, y + offset, first + $0.lowerBound, $0.count, heads,
                    form.headDimension, table.cosines, table.sines,
                    backwards ? -1 : 1, form.interleaved ? 1 : 0)
            }
        }
    }

    package func crossEntropy(
        _ logits: Floats, classes: Int, targets: ArraySlice<Int32>, weights: ArraySlice<Float>?
    ) -> [Float] {
        let count = targets.count
        return [Float](unsafeUninitializedCapacity: count) { losses, initialized in
            initialized = count
            guard let loss = losses.baseAddress else { return }
            targets.withUnsafeBufferPointer { targets in
                (weights ?? []).withUnsafeBufferPointer { weights in
                    guard let target = targets.baseAddress else { return }
                    let weight = weights.isEmpty ? nil : weights.baseAddress
                    pool.run(count, grain: grainRows(classes)) {
                        let row = $0.lowerBound
                        kernels.cross_entropy(
                            logits + row * classes, $0.count, classes, target + row,
                            weight.map { $0 + row }, loss + row)
                    }
                }
            }
        }
    }

    package func columnLoss(
        _ loss: ColumnLoss, _ x: Floats, columns: Int, targets: [Float], weights: [Float]?
    ) -> [Float] {
        let kernel =
            switch loss {
            case .sigmoidCrossEntropy: kernels.sigmoid_cross_entropy
            case .squaredError: kernels.squared_error
            }
        let count = columns == 0 ? 0 : targets.count / columns
        return [Float](unsafeUninitializedCapacity: count) { losses, initialized in
            initialized = count
            guard let loss = losses.baseAddress else { return }
            targets.withUnsafeBufferPointer { targets in
                (weights ?? []).withUnsafeBufferPointer { weights in
                    guard let target = targets.baseAddress else { return }
                    let weight = weights.isEmpty ? nil : weights.baseAddress
                    pool.run(count, grain: grainRows(columns)) {
                        let row = $0.lowerBound
                        kernel(
                            x + row * columns, $0.count, columns, target + row * columns,
                            weight.map { $0 + row }, loss + row)
                    }
                }
            }
        }
    }
}
