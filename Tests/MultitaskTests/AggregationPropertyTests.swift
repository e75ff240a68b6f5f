import Spec
import Testing

@testable import Multitask

/// Gradients that methods are known to stumble over, and random ones.
private struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let gradients: [[Double]]
    var testDescription: String { name }

    static func random(_ tasks: Int, _ width: Int, seed: UInt64, scale: Double = 1) -> [[Double]] {
        var generator = SeededGenerator(seed, 7)
        return (0..<tasks).map { _ in (0..<width).map { _ in scale * generator.normal() } }
    }

    static var all: [Case] {
        var cases = [
            Case(name: "identical", gradients: [[1, 2, 3], [1, 2, 3], [1, 2, 3]]),
            Case(name: "opposite", gradients: [[1, -2], [-1, 2]]),
            Case(name: "zero", gradients: [[0, 0], [0, 0], [0, 0]]),
            Case(name: "one zero", gradients: [[0, 0, 0], [1, -1, 2], [-2, 0, 1]]),
            Case(name: "one of them alone", gradients: [[3, -4]]),
            Case(name: "parallel", gradients: [[1, 1], [5, 5], [0.1, 0.1]]),
            Case(name: "tiny and huge", gradients: [[1e-15, 2e-15], [1e15, -1e15]]),
            Case(name: "all tiny", gradients: random(3, 4, seed: 5, scale: 1e-15)),
            Case(name: "all huge", gradients: random(3, 4, seed: 6, scale: 1e15)),
        ]
        for tasks in [2, 3, 5, 8] {
            for seed in UInt64(1)...6 {
                cases.append(
                    Case(name: "random \(tasks) \(seed)", gradients: random(tasks, 12, seed: seed)))
                // More tasks than dimensions: every Gramian is rank-deficient.
                cases.append(
                    Case(
                        name: "rank-deficient \(tasks) \(seed)",
                        gradients: random(tasks, max(1, tasks / 2), seed: seed + 50)))
            }
        }
        return cases
    }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

private func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

@Suite struct AggregationPropertyTests {
    @Test("Every method answers finite coefficients, whatever the gradients", arguments: Case.all)
    private func finite(_ example: Case) throws {
        for descriptor in Multitask.catalogue where descriptor.family == .aggregation {
            let direction = try aggregate(descriptor.name, example.gradients)
            let isFinite = direction.allSatisfy { $0.isFinite }
            #expect(isFinite, "\(descriptor.name)")
        }
    }

    /// With ε·trace on the diagonal of G the solution v satisfies (Gv)ⱼ ≥ −ε·trace·vⱼ: by no more
    /// than that may UPGrad and DualProj oppose a task.
    @Test("MGDA, UPGrad and DualProj oppose no task", arguments: Case.all)
    private func opposesNone(_ example: Case) throws {
        let gramian = Gramian(rows: example.gradients)
        let trace = gramian.diagonal.reduce(0, +)
        for (method, share) in [("mgda", 0), ("upgrad", 1e-4), ("dualproj", 1e-4)] {
            let alpha = try coefficients(method, gramian)
            for (product, value) in zip(gramian.times(alpha), alpha) {
                #expect(product >= -share * trace * value - 1e-9 * trace, "\(method)")
            }
        }
    }

    /// The minimum satisfies d·gᵢ ≥ ‖d‖² for all i, and nothing in the hull is shorter.
    @Test("MGDA is the shortest point of the hull", arguments: Case.all)
    private func shortest(_ example: Case) throws {
        let gradients = example.gradients
        let direction = try aggregate("mgda", gradients)
        let square = dot(direction, direction)
        let largest = gradients.map { dot($0, $0) }.max() ?? 0
        for gradient in gradients {
            #expect(dot(direction, gradient) >= square - 1e-9 * largest)
        }
    }

    /// Lemma of the paper: the minimum of g_w·g₀ + c‖g₀‖‖g_w‖ over the simplex, here against a
    /// search over random and corner weights, and d stays within c‖g₀‖ of g₀.
    @Test("CAGrad stays in its ball and improves the worst-off task most", arguments: Case.all)
    private func cagrad(_ example: Case) throws {
        let gradients = example.gradients
        let count = Double(gradients.count)
        let mean = gradients[0].indices.map { place in
            gradients.reduce(0) { $0 + $1[place] } / count
        }
        let direction = try aggregate("cagrad", gradients, ["c": 0.5])
        let away = zip(direction, mean).map { $0 - $1 }
        #expect(norm(away) <= 0.5 * norm(mean) * (1 + 1e-6))
        let worst = gradients.map { dot($0, direction) }.min() ?? 0
        var generator = SeededGenerator(9, 9)
        for _ in 0..<300 {
            let step = mean.map { _ in generator.normal() }
            let scale = 0.5 * norm(mean) / max(norm(step), 1e-300)
            let other = zip(mean, step).map { $0 + scale * $1 }
            let otherWorst = gradients.map { dot($0, other) }.min() ?? 0
            let size = (gradients.map(norm).max() ?? 0) * norm(mean)
            #expect(otherWorst <= worst + 1e-6 * size)
        }
    }

    @Test("IMTL-G has equal projections where the gradients are independent")
    private func equalProjections() throws {
        for seed in UInt64(1)...10 {
            let gradients = Case.random(4, 9, seed: seed)
            let direction = try aggregate("imtl_g", gradients)
            let projections = gradients.map { dot(direction, $0) / norm($0) }
            for value in projections {
                #expect(abs(value - projections[0]) < 1e-9 * max(1, abs(projections[0])))
            }
        }
    }

    /// The paper's own loop, on whole vectors and over every order of the others.
    @Test("PCGrad is the algorithm on vectors, for one of its orders")
    private func pcgradOnVectors() throws {
        let gradients = [[1, 0.2, 0, 0, 1], [-0.8, 1, 0, 2, -1], [-0.5, -1.2, 1, 0, -1]]
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        func projected(_ i: Int, _ order: [Int]) -> [Double] {
            var v = gradients[i]
            for j in order where j != i {
                let product = dot(v, gradients[j])
                guard product < 0 else { continue }
                let factor = product / dot(gradients[j], gradients[j])
                v = zip(v, gradients[j]).map { $0 - factor * $1 }
            }
            return v
        }
        var possible: [[Double]] = []
        for a in orders {
            for b in orders {
                for c in orders {
                    let parts = [projected(0, a), projected(1, b), projected(2, c)]
                    possible.append((0..<5).map { p in parts.reduce(0) { $0 + $1[p] } })
                }
            }
        }
        var seen: Set<Int> = []
        for seed in UInt64(1)...40 {
            let direction = try aggregate("pcgrad", gradients, seed: seed)
            let match = possible.firstIndex { candidate in
                zip(candidate, direction).allSatisfy { abs($0 - $1) < 1e-9 }
            }
            seen.insert(try #require(match))
        }
        #expect(seen.count > 1, "the order is random")
    }

    @Test("Aligned gradients keep their direction: identical ones give the mean")
    private func identical() throws {
        let gradients = [[1.0, 2, 3], [1, 2, 3]]
        for method in ["mean", "mgda", "upgrad", "dualproj", "imtl_g"] {
            let direction = try aggregate(method, gradients)
            for (value, want) in zip(direction, gradients[0]) {
                #expect(abs(value - want) < 1e-3, "\(method)")
            }
        }
        #expect(try aggregate("pcgrad", gradients) == [2, 4, 6])
    }
}
