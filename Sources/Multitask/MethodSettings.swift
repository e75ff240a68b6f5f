// From a method as the user wrote it to numbers that a method can trust.

package import Spec

/// The parameters of one chosen method: every default filled in, every range checked.
package struct MethodSettings: Sendable, Equatable {
    /// Task names, in the order that all per-task arrays use.
    package let tasks: [String]
    /// One value per task where the method takes them; empty otherwise.
    package let taskValues: [Double]
    /// For a method that draws.
    package let seed: UInt64
    /// Tasks whose loss is a squared error.
    package let squaredErrors: Set<String>
    private let parameters: [String: Double]
    private let options: [String: String]
    private let lists: [String: [String]]

    /// - Throws: `MultitaskError` for a parameter the method does not have, a value outside its
    ///   range, or per-task values that do not match the tasks.
    package init(
        _ spec: MethodSpec, tasks: [String], descriptor: MethodDescriptor, seed: UInt64 = 1,
        squaredErrors: Set<String> = []
    ) throws(MultitaskError) {
        self.tasks = tasks
        self.seed = seed
        self.squaredErrors = squaredErrors
        self.parameters = try Self.parameters(spec, descriptor)
        self.options = try Self.options(spec, descriptor)
        self.lists = try Self.lists(spec, descriptor)
        self.taskValues = try Self.taskValues(spec, tasks, descriptor)
    }

    /// The value of a parameter that the method's descriptor declares.
    package subscript(name: String) -> Double {
        guard let value = parameters[name] else {
            preconditionFailure("the descriptor declares no parameter \(name)")
        }
        return value
    }

    /// The word chosen for a parameter that the descriptor declares with choices.
    package func option(_ name: String) -> String {
        guard let value = options[name] else {
            preconditionFailure("the descriptor declares no choices of \(name)")
        }
        return value
    }

    /// The names chosen for a parameter that the descriptor declares as a list.
    package func names(_ name: String) -> [String] { lists[name] ?? [] }

    private static func lists(
        _ spec: MethodSpec, _ descriptor: MethodDescriptor
    ) throws(MultitaskError) -> [String: [String]] {
        let known = descriptor.parameters.filter(\.takesNames).map(\.name)
        let lists = spec.lists ?? [:]
        guard lists.keys.allSatisfy(known.contains) else {
            throw MultitaskError(
                code: "unknown_parameter",
                message: "\(descriptor.name) has no such parameter that takes a list of names")
        }
        return lists
    }

    private static func options(
        _ spec: MethodSpec, _ descriptor: MethodDescriptor
    ) throws(MultitaskError) -> [String: String] {
        var values: [String: String] = [:]
        for parameter in descriptor.parameters where !parameter.choices.isEmpty {
            let value = spec.options?[parameter.name] ?? parameter.choices[0]
            guard parameter.choices.contains(value) else {
                throw MultitaskError(
                    code: "parameter_out_of_range",
                    message: "\(descriptor.name).\(parameter.name) must be one of "
                        + parameter.choices.joined(separator: ", "))
            }
            values[parameter.name] = value
        }
        guard (spec.options ?? [:]).keys.allSatisfy({ values[$0] != nil }) else {
            throw MultitaskError(
                code: "unknown_parameter",
                message: "\(descriptor.name) has no such parameter that takes a word")
        }
        return values
    }

    private static func parameters(
        _ spec: MethodSpec, _ descriptor: MethodDescriptor
    ) throws(MultitaskError) -> [String: Double] {
        let numeric = descriptor.parameters.filter(\.isNumber)
        let known = numeric.map(\.name)
        if let unknown = spec.parameters.keys.sorted().first(where: { !known.contains($0) }) {
            let choices = known.isEmpty ? "no parameters" : known.joined(separator: ", ")
            throw MultitaskError(
                code: "unknown_parameter",
                message: "\(descriptor.name) has no parameter \(unknown); it takes \(choices)")
        }
        var values: [String: Double] = [:]
        for parameter in numeric {
            let value = spec.parameters[parameter.name] ?? parameter.default
            guard parameter.range.contains(value) else {
                throw MultitaskError(
                    code: "parameter_out_of_range",
                    message: "\(descriptor.name).\(parameter.name) must be between "
                        + "\(parameter.range.lowerBound) and \(parameter.range.upperBound), "
                        + "found \(value)")
            }
            guard !parameter.isWhole || value == value.rounded() else {
                throw MultitaskError(
                    code: "parameter_out_of_range",
                    message: "\(descriptor.name).\(parameter.name) must be a whole number, found "
                        + "\(value)")
            }
            values[parameter.name] = value
        }
        return values
    }

    private static func taskValues(
        _ spec: MethodSpec, _ tasks: [String], _ descriptor: MethodDescriptor
    ) throws(MultitaskError) -> [Double] {
        guard descriptor.takesTaskValues else {
            guard spec.tasks.isEmpty else {
                throw MultitaskError(
                    code: "task_values",
                    message: "\(descriptor.name) takes no per-task values; remove them")
            }
            return []
        }
        let strangers = spec.tasks.count { !tasks.contains($0.key) }
        let missing = tasks.filter { spec.tasks[$0] == nil }
        guard missing.isEmpty, strangers == 0 else {
            throw MultitaskError(
                code: "task_values",
                message: "\(descriptor.name) needs exactly one value for each task of the run; "
                    + "\(missing.count) missing, \(strangers) for tasks that the run has not")
        }
        let values = tasks.compactMap { spec.tasks[$0] }
        guard values.allSatisfy({ $0.isFinite && $0 >= 0 }), values.contains(where: { $0 > 0 })
        else {
            throw MultitaskError(
                code: "task_values",
                message: "\(descriptor.name) needs finite values ≥ 0, at least one of them "
                    + "above 0")
        }
        return values
    }
}
