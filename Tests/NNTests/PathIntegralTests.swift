import CPUBackend
import NN
import Tensor
import Testing

@Suite struct PathIntegralTests {
    private let backend = CPUBackend(threads: 2)

    private func accumulate(_ parameter: Parameter, _ gradient: [Float], tasks: [Int]) {
        let tape = Tape(backend, recording: true)
        let rows = RowSpace(
            count: tasks.count,
            spans: tasks.enumerated().map { TaskSpan(task: $1, rows: $0..<$0 + 1) })
        let ones = Tensor([tasks.count, 1], rows: rows, backend: backend)
        for row in tasks.indices { ones.pointer[row] = 1 }
        tape.seed(tape.linear(ones, parameter), gradient: tasks.flatMap { _ in gradient })
        tape.backward()
    }

    /// PyTorch 2.15 in double precision, by `scripts/reference/retention.py`.
    @Test("ω and Ω are PyTorch's, in one slot or several, clipped or not", arguments: [1, 2])
    func golden(slots: Int) {
        let (a, b): ([Float], [Float]) = ([1, 2, 0.5, 4], [0.3, -1, 2, 0.1])
        let value = Tensor([1, 0.5, -1, 0.2], [4, 1], backend: backend)
        let parameter = Parameter(name: "w", value: value)
        parameter.slots = slots
        let optimizer = AdamW([parameter], AdamWConfiguration(), backend: backend)
        let path = PathIntegral([parameter], backend: backend)
        for _ in 0..<6 {
            parameter.clearGradients()
            let theta = value.floats()
            let gradient = (0..<4).map { a[$0] * (theta[$0] - b[$0]) / Float(slots) }
            accumulate(parameter, gradient, tasks: Array(0..<slots))
            // Adam's step does not change with the scale of all gradients; ω is told the gradient
            // before clipping.
            optimizer.step(learningRate: 0.05, scale: slots == 1 ? 1 : 0.5, path: path)
        }
        func holds(_ found: [Float]?, _ expected: [Float]) {
            #expect(found?.count == expected.count)
            for (value, want) in zip(found ?? [], expected) {
                // Six steps in float32.
                #expect(abs(value - want) < 1e-4 * max(1, abs(want)))
            }
        }
        holds(value.floats(), [0.701655, 0.2004156, -0.6980706, 0.0489216])
        holds(path.parts[0].sum.floats(), [0.1717555, 0.8239612, 0.4339022, 0.0278882])
        holds(
            path.importances(damping: 0.1)[0]?.floats(),
            [0.9087125, 4.3423334, 2.2698215, 0.2270568])
        path.restart()
        #expect(path.parts[0].sum.floats() == [0, 0, 0, 0])
        #expect(path.parts[0].start.floats() == value.floats())
    }

    @Test("A parameter that raised the loss does not count")
    func raised() {
        let value = Tensor([1, 1], [2, 1], backend: backend)
        let parameter = Parameter(name: "w", value: value)
        let optimizer = AdamW([parameter], AdamWConfiguration(), backend: backend)
        let path = PathIntegral([parameter], backend: backend)
        // The second value's first gradient drives it on against the later, larger ones: Adam's
        // moments remember.
        for gradient in [[1, 1], [1, -0.5]] as [[Float]] {
            parameter.clearGradients()
            accumulate(parameter, gradient, tasks: [0])
            optimizer.step(learningRate: 0.1, scale: 1, path: path)
        }
        let importance = path.importances(damping: 0.1)[0]?.floats() ?? []
        #expect(importance[0] > 0)
        #expect(path.parts[0].sum.floats()[1] < path.parts[0].sum.floats()[0])
        #expect(importance.allSatisfy { $0 >= 0 })
    }
}
