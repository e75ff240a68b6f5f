import CPUBackend
import Tensor
import Testing

/// The conformance suite: every op on every backend present.
@Suite struct OpTests {
    /// Float sums of up to a hundred terms near 1 err by some 1e-6.
    static let tolerance = 1e-5

    @Test("An op agrees with its definition in double precision", arguments: OpCase.all)
    func forward(_ op: OpCase) {
        let expected = op.reference(op.values().map { $0.map(Double.init) })
        for choice in BackendChoice.all where choice.threads == 1 {
            let y = op.compute(on: choice.make()).y
            expectClose(y, expected, tolerance: Self.tolerance, choice.testDescription)
        }
    }

    @Test("Gradients agree with central differences", arguments: OpCase.all)
    func gradients(_ op: OpCase) {
        let expected = op.expectedDerivatives()
        for choice in BackendChoice.all where choice.threads == 1 {
            let gradients = op.compute(on: choice.make()).gradients
            for (input, direction, derivative) in expected {
                let along = zip(gradients[input], direction).reduce(0) {
                    $0 + Double($1.0) * $1.1
                }
                // A direction over a whole input sums as many roundings.
                let scale = max(1, abs(derivative), Double(direction.count).squareRoot())
                #expect(
                    abs(along - derivative) <= Self.tolerance * scale,
                    "\(choice.testDescription), input \(input)")
            }
        }
    }

    @Test("One and two threads give the same bits", arguments: OpCase.all)
    func threads(_ op: OpCase) {
        for level in KernelLevel.available {
            let one = op.compute(on: CPUBackend(threads: 1, level: level))
            let two = op.compute(on: CPUBackend(threads: 2, level: level))
            #expect(one == two)
        }
    }

    @Test("Without recording, an op gives the same and keeps nothing", arguments: OpCase.all)
    func inference(_ op: OpCase) {
        let backend = CPUBackend(threads: 1)
        let inputs = OpInputs(op.values(), op.shapes, recording: false, backend: backend)
        #expect(op.run(inputs).floats() == op.compute(on: backend).y)
        inputs.tape.backward()
        #expect(inputs.parameters.allSatisfy { $0.gradients.allSatisfy { $0 == nil } })
    }

    @Test("Not-a-number in an input reaches the output and the gradients", arguments: OpCase.all)
    func notANumber(_ op: OpCase) {
        guard op.shapes[0].reduce(1, *) > 0, !op.name.hasPrefix("embedding") else { return }
        let backend = CPUBackend(threads: 1)
        var values = op.values()
        values[0][0] = .nan
        let inputs = OpInputs(values, op.shapes, recording: true, backend: backend)
        #expect(op.run(inputs).floats().contains { $0.isNaN })
    }
}
