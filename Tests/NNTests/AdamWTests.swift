import CPUBackend
import Foundation
import NN
import Tensor
import Testing

@Suite struct AdamWTests {
    let backend = CPUBackend(threads: 2)

    /// A parameter whose gradient for each task is set by a linear op: y = x·wᵀ with x = 1.
    private func parameter(_ values: [Float], rank: Int, slots: Int = 1) -> Parameter {
        let shape = rank == 1 ? [values.count] : [values.count, 1]
        let parameter = Parameter(name: "w", value: Tensor(values, shape, backend: backend))
        parameter.slots = slots
        return parameter
    }

    /// Adds `gradient` to the slot of each task in `tasks`.
    private func accumulate(_ parameter: Parameter, _ gradient: [Float], tasks: [Int] = [0]) {
        let tape = Tape(backend, recording: true)
        let rows = RowSpace(
            count: tasks.count,
            spans: tasks.enumerated().map { TaskSpan(task: $1, rows: $0..<$0 + 1) })
        let ones = Tensor([Float](repeating: 1, count: tasks.count), [tasks.count, 1], rows: rows)
        let y = tape.linear(ones, parameter)
        tape.seed(y, gradient: tasks.flatMap { _ in gradient })
        tape.backward()
    }

    @Test("A penalty's gradient is added to the scaled one as it is")
    func penaltyGradient() {
        func moved(_ gradient: [Float], _ penalty: [Float]?) -> [Float] {
            let parameter = parameter([0.5, -1.25, 2], rank: 2)
            accumulate(parameter, gradient)
            let optimiser = AdamW([parameter], AdamWConfiguration(), backend: backend)
            var penalties = Penalties()
            penalties.gradients = penalty.map { [0: Tensor($0, [3, 1], backend: backend)] } ?? [:]
            optimiser.step(learningRate: 0.01, scale: 0.5, penalties: penalties)
            // A second one, since the first of Adam depends on signs alone.
            parameter.clearGradients()
            accumulate(parameter, [1, 1, 1])
            optimiser.step(learningRate: 0.01, scale: 1)
            return parameter.value.floats()
        }
        #expect(moved([1, 2, -4], [0.5, -3, 1]) == moved([2, -4, -2], nil))
        #expect(moved([1, 2, -4], [0.5, -3, 1]) != moved([1, 2, -4], nil))
    }

    @Test("Five steps agree with the formula in double precision", arguments: [1, 2])
    func formula(rank: Int) {
        var configuration = AdamWConfiguration()
        configuration.weightDecay = 0.1
        var (w, m, v) = ([0.5, -1.25, 2], [0.0, 0, 0], [0.0, 0, 0])
        let parameter = parameter(w.map(Float.init), rank: 2)
        let vector = Parameter(
            name: "b", value: Tensor(w.map(Float.init), [3], backend: backend))
        let optimiser = AdamW([rank == 1 ? vector : parameter], configuration, backend: backend)
        for t in 1...5 {
            let gradient = (0..<3).map { Double(t * ($0 + 1)) / 4 - 1 }
            if rank == 1 {
                vector.clearGradients()
                accumulateBias(vector, gradient.map(Float.init))
            } else {
                parameter.clearGradients()
                accumulate(parameter, gradient.map(Float.init))
            }
            optimiser.step(learningRate: 0.01, scale: 0.5)
            for i in 0..<3 {
                let g = gradient[i] * 0.5
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                let mHat = m[i] / (1 - pow(0.9, Double(t)))
                let vHat = v[i] / (1 - pow(0.999, Double(t)))
                let decay = rank == 1 ? 0 : 0.1 * w[i]
                w[i] -= 0.01 * (decay + mHat / (vHat.squareRoot() + 1e-8))
            }
        }
        let actual = (rank == 1 ? vector : parameter).value.floats()
        // β₂ as a float differs from 0.999 by 1e-8, of which 1 − β₂ᵗ makes 1e-5 of an update.
        for i in 0..<3 { #expect(abs(Double(actual[i]) - w[i]) < 1e-6) }
    }

    private func accumulateBias(_ bias: Parameter, _ gradient: [Float]) {
        let tape = Tape(backend, recording: true)
        let weight = parameter([Float](repeating: 0, count: gradient.count), rank: 2)
        weight.isTrainable = false
        let one = Tensor([1], [1, 1], backend: backend)
        tape.seed(tape.linear(one, weight, bias: bias), gradient: gradient)
        tape.backward()
    }

    @Test("Slots are summed, in the update and in the norm")
    func slots() {
        let (split, whole) = (parameter([1, 2], rank: 2, slots: 3), parameter([1, 2], rank: 2))
        let optimisers = [split, whole].map { AdamW([$0], AdamWConfiguration(), backend: backend) }
        accumulate(split, [3, -2], tasks: [0, 2])
        accumulate(whole, [6, -4])
        #expect(split.gradients[1] == nil)
        #expect(optimisers[0].gradientNorm() == 52.0.squareRoot())
        for optimiser in optimisers { optimiser.step(learningRate: 0.1, scale: 1) }
        #expect(split.value.floats() == whole.value.floats())
    }

    @Test("A parameter without gradients keeps value, moments and count")
    func skipped() {
        let parameters = [parameter([1, 2], rank: 2), parameter([3], rank: 2)]
        let optimiser = AdamW(parameters, AdamWConfiguration(), backend: backend)
        accumulate(parameters[1], [1])
        optimiser.step(learningRate: 0.1, scale: 1)
        #expect(parameters[0].value.floats() == [1, 2])
        #expect(optimiser.state(0).updates == 0)
        #expect(optimiser.state(0).second.floats() == [0, 0])
        #expect(optimiser.state(1).updates == 1)
        #expect(parameters[1].value.floats() != [3])
    }

    @Test("State written back continues with the same bits")
    func resume() {
        let (a, b) = (parameter([1, -2], rank: 2), parameter([1, -2], rank: 2))
        let first = AdamW([a], AdamWConfiguration(), backend: backend)
        accumulate(a, [0.5, 2])
        first.step(learningRate: 0.1, scale: 1)
        let second = AdamW([b], AdamWConfiguration(), backend: backend)
        backend.copy(a.value.pointer, to: b.value.pointer, 2)
        backend.copy(first.state(0).first.pointer, to: second.state(0).first.pointer, 2)
        backend.copy(first.state(0).second.pointer, to: second.state(0).second.pointer, 2)
        second.setUpdates(0, first.state(0).updates)
        accumulate(b, [0.5, 2])
        for optimiser in [first, second] { optimiser.step(learningRate: 0.1, scale: 1) }
        #expect(a.value.floats() == b.value.floats())
    }

    @Test("The norm is not finite when a gradient is not", arguments: [Float.nan, .infinity])
    func notFinite(_ value: Float) {
        let parameter = parameter([1, 2], rank: 2)
        let optimiser = AdamW([parameter], AdamWConfiguration(), backend: backend)
        accumulate(parameter, [1, value])
        #expect(!optimiser.gradientNorm().isFinite)
    }
}

extension Tensor {
    fileprivate convenience init(_ values: [Float], _ shape: [Int], rows: RowSpace) {
        self.init(shape, rows: rows, backend: CPUBackend(threads: 1))
        for (i, value) in values.enumerated() { pointer[i] = value }
    }
}
