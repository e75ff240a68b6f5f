import CPUBackend
import Tensor
import Testing

/// Per-task gradients of a small network out of one backward pass.
@Suite struct TaskGradientTests {
    private let backend = CPUBackend(threads: 2)

    private final class Network {
        let parameters: [Parameter]
        init(slots: Int, backend: CPUBackend) {
            var noise = Noise(11)
            parameters = [[9, 6], [6], [6], [8, 6], [8], [8]].map { shape in
                let values = noise.array(shape.reduce(1, *))
                let parameter = Parameter(
                    name: "p", value: Tensor(values, shape, backend: backend))
                parameter.slots = slots
                return parameter
            }
        }

        /// Rows 0–3 are task 0's, 4–6 task 2's; `only` seeds one task's rows.
        func run(only: Int? = nil, backend: CPUBackend) {
            let rows = RowSpace(
                count: 7,
                spans: [TaskSpan(task: 0, rows: 0..<4), TaskSpan(task: 2, rows: 4..<7)])
            let tape = Tape(backend, recording: true)
            let x = tape.embedding(parameters[0], [1, 2, 3, 1, 8, 1, 0], rows: rows)
            let h = tape.layerNorm(x, gain: parameters[1], bias: parameters[2], epsilon: 1e-5)
            let y = tape.linear(h, parameters[3], bias: parameters[4])
            let z = tape.rmsNorm(y, gain: parameters[5], epsilon: 1e-5)
            var noise = Noise(3)
            var seed = noise.array(7 * 8)
            for row in 0..<7 where only != nil && (row < 4 ? 0 : 2) != only {
                for i in 0..<8 { seed[row * 8 + i] = 0 }
            }
            tape.seed(z, gradient: seed)
            tape.backward()
        }
    }

    @Test("A slot holds what a backward pass of its task alone gives; an absent task's is empty")
    func slots() {
        let split = Network(slots: 3, backend: backend)
        split.run(backend: backend)
        for task in [0, 2] {
            let alone = Network(slots: 1, backend: backend)
            alone.run(only: task, backend: backend)
            for (a, b) in zip(split.parameters, alone.parameters) {
                #expect(a.gradients[1] == nil)
                let expected = b.gradients[0]?.floats().map(Double.init) ?? []
                expectClose(a.gradients[task]?.floats() ?? [], expected, tolerance: 1e-6, "\(task)")
            }
        }
    }

    @Test("Passes add up until the gradients are cleared; the first after that overwrites")
    func accumulation() {
        let network = Network(slots: 3, backend: backend)
        network.run(backend: backend)
        let once = network.parameters.map { $0.gradients[0]?.floats() }
        network.run(backend: backend)
        for (parameter, first) in zip(network.parameters, once) {
            let twice = (first ?? []).map { 2 * Double($0) }
            expectClose(parameter.gradients[0]?.floats() ?? [], twice, tolerance: 1e-6, "twice")
            parameter.clearGradients()
            #expect(parameter.gradientNorm(slot: 0) == 0)
        }
        network.run(backend: backend)
        #expect(network.parameters.map { $0.gradients[0]?.floats() } == once)
    }

    @Test("Frozen parameters get no gradient and the others the same")
    func frozen() {
        let free = Network(slots: 1, backend: backend)
        let frozen = Network(slots: 1, backend: backend)
        for index in [0, 3, 5] { frozen.parameters[index].isTrainable = false }
        free.run(backend: backend)
        frozen.run(backend: backend)
        for (index, parameter) in frozen.parameters.enumerated() {
            let isFrozen = [0, 3, 5].contains(index)
            let expected = isFrozen ? nil : free.parameters[index].gradients[0]?.floats()
            #expect(parameter.gradients[0]?.floats() == expected)
        }
    }
}
