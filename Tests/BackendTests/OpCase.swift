import Tensor
import Testing

/// An op over inputs that all want gradients, and the same function in double precision.
struct OpCase: CustomTestStringConvertible, @unchecked Sendable {  // because closures only read
    let name: String
    let shapes: [[Int]]
    /// Inputs by index: `tensor(i)` puts one on the tape, `parameter(i)` uses it directly.
    let run: (OpInputs) -> Tensor
    let reference: ([[Double]]) -> [Double]

    var testDescription: String { name }
}

/// The inputs of one run: every one a parameter, so that all gradients can be read.
final class OpInputs {
    let tape: Tape
    let parameters: [Parameter]

    init(_ values: [[Float]], _ shapes: [[Int]], recording: Bool, backend: any Backend) {
        tape = Tape(backend, recording: recording)
        parameters = zip(values, shapes).map {
            Parameter(name: "input", value: Tensor($0, $1, backend: backend))
        }
    }

    func parameter(_ index: Int) -> Parameter { parameters[index] }

    /// Embedding every row once is the identity, with a gradient.
    func tensor(_ index: Int) -> Tensor {
        let rows = parameters[index].value.shape[0]
        return tape.embedding(
            parameters[index], (0..<Int32(rows)).map { $0 }, rows: RowSpace(count: rows))
    }
}

struct OpResult: Equatable {
    var y: [Float]
    var gradients: [[Float]]
}

extension OpCase {
    func values(seed: UInt64 = 7) -> [[Float]] {
        var noise = Noise(seed)
        return shapes.map { noise.array($0.reduce(1, *)) }
    }

    /// y, and the gradients of Σ seedᵢ·yᵢ.
    func compute(on backend: any Backend) -> OpResult {
        let inputs = OpInputs(values(), shapes, recording: true, backend: backend)
        let y = run(inputs)
        inputs.tape.seed(y, gradient: seed(y.count))
        inputs.tape.backward()
        let gradients = zip(inputs.parameters, shapes).map { parameter, shape in
            parameter.gradients[0]?.floats() ?? [Float](repeating: 0, count: shape.reduce(1, *))
        }
        return OpResult(y: y.floats(), gradients: gradients)
    }

    func seed(_ count: Int) -> [Float] {
        var noise = Noise(99)
        return noise.array(count)
    }

    /// Central differences of the double-precision reference: exact to about 1e-9.
    func expectedGradients() -> [[Double]] {
        let values = values().map { $0.map(Double.init) }
        let step = 1e-5
        return values.indices.map { input in
            values[input].indices.map { i in
                var (up, down) = (values, values)
                up[input][i] += step
                down[input][i] -= step
                return (loss(up) - loss(down)) / (2 * step)
            }
        }
    }

    private func loss(_ values: [[Double]]) -> Double {
        let y = reference(values)
        return zip(y, seed(y.count)).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
}

/// Fails where a number is off by more than `tolerance` of the largest expected (at least 1).
func expectClose(
    _ actual: [Float], _ expected: [Double], tolerance: Double, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    let scale = expected.reduce(1) { max($0, abs($1)) }
    let worst = zip(actual, expected).reduce(0) { worst, pair in
        let difference = abs(Double(pair.0) - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference)
    }
    #expect(worst <= tolerance * scale, "\(what): off by \(worst)", sourceLocation: sourceLocation)
}
