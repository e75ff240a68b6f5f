import Spec
import Testing

@testable import Multitask

@Suite struct RegistryTests {
    @Test("Every method of the catalogue can be built with its defaults")
    func catalogue() throws {
        for descriptor in Multitask.catalogue {
            let values = descriptor.takesTaskValues ? ["a": 1.0, "b": 3] : [:]
            let spec = MethodSpec(descriptor.name, tasks: values)
            switch descriptor.family {
            case .mixing:
                let shares = try Multitask.mixing(spec, tasks: ["a", "b"]).shares(
                    rows: [9, 1], progress: 0.5)
                #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
            case .curriculum:
                let method = try Multitask.curriculum(spec, tasks: ["a", "b"])
                #expect(method.competence(progress: 1) == 1)
            case .weighting:
                let method = try Multitask.weighting(spec, tasks: ["a", "b"])
                #expect(method.weights.count == 2)
            case .aggregation:
                _ = try Multitask.aggregation(spec, tasks: ["a", "b"])
            case .retention:
                let needs = try Multitask.retention(spec, tasks: ["a", "b"]).needs
                #expect(needs != RetentionNeeds())
            case .adaptation:
                _ = try Multitask.adaptation(spec, tasks: ["a", "b"])
            }
        }
        let names = Multitask.catalogue.map { "\($0.family) \($0.name)" }
        #expect(Set(names).count == names.count)
    }

    @Test("Mixing shares follow their formulas")
    func shares() throws {
        func shares(_ spec: MethodSpec, _ rows: [Int]) throws -> [Double] {
            try Multitask.mixing(spec, tasks: ["a", "b"]).shares(rows: rows, progress: 0)
        }
        #expect(try shares(MethodSpec("proportional"), [900, 100]) == [0.9, 0.1])
        #expect(try shares(MethodSpec("inverse_frequency"), [900, 100]) == [0.5, 0.5])
        #expect(try shares(MethodSpec("uniform"), [900, 100]) == [0.5, 0.5])
        #expect(
            try shares(MethodSpec("explicit", tasks: ["a": 1, "b": 3]), [7, 7]) == [0.25, 0.75])
        // The cap comes before the exponent: √400 : √100 = 2 : 1.
        let tempered = try shares(
            MethodSpec("temperature", ["temperature": 2, "cap": 400]), [90_000, 100])
        #expect(abs(tempered[0] - 2.0 / 3) < 1e-12)
    }

    /// n^0.6 of 100,000 and 1 at half the way with d = 0.8: 1000 : 1.
    @Test(
        "Annealed shares go from proportional to nearly uniform",
        arguments: [
            (0.0, 100_000.0), (0.5, 1000), (1, 10),
        ])
    func annealed(progress: Double, ratio: Double) throws {
        let mixing = try Multitask.mixing(MethodSpec("annealed"), tasks: ["a", "b"])
        let shares = mixing.shares(rows: [100_000, 1], progress: progress)
        #expect(abs(shares[0] / shares[1] / ratio - 1) < 1e-9)
        #expect(abs(shares[0] + shares[1] - 1) < 1e-12)
    }

    @Test(
        "What cannot be built is refused with a code that says why",
        arguments: [
            (MethodSpec("nonsense"), "unknown_method"),
            (MethodSpec("gradnorm", ["beta": 1]), "unknown_parameter"),
            (MethodSpec("gradnorm", ["alpha": -1]), "parameter_out_of_range"),
            (MethodSpec("gradnorm", ["alpha": .nan]), "parameter_out_of_range"),
            (MethodSpec("equal", tasks: ["a": 1]), "task_values"),
            (MethodSpec("fixed", tasks: ["a": 1]), "task_values"),
            (MethodSpec("fixed", tasks: ["a": 1, "b": 1, "c": 1]), "task_values"),
            (MethodSpec("fixed", tasks: ["a": 0, "b": 0]), "task_values"),
            (MethodSpec("fixed", tasks: ["a": 1, "b": -1]), "task_values"),
        ])
    func refusals(spec: MethodSpec, code: String) {
        let error = #expect(throws: MultitaskError.self) {
            try Multitask.weighting(spec, tasks: ["a", "b"])
        }
        #expect(error?.code == code)
    }

    @Test("The rows that an estimate counts for a method are those that it asks for")
    func earlierRows() throws {
        for entry in Multitask.catalogue where entry.family == .retention {
            let method = try Multitask.retention(MethodSpec(entry.name), tasks: ["a", "b"])
            let rate = entry.parameters.first { $0.name == "rate" }?.default ?? 0
            #expect(method.needs.extraRows == Double(entry.earlierDraws) * rate, "\(entry.name)")
        }
    }
}
