import JSON
import Spec

extension RunRequest {
    /// A method chosen by name with its parameters, checked against the catalogue.
    func method(
        _ fields: inout FieldReader, _ field: String, _ family: MethodDescriptor.Family,
        _ tasks: [TaskSpec]
    ) throws -> MethodSpec? {
        guard var reader = try fields.object(field) else { return nil }
        return try chosen(&reader, field, family, tasks)
    }

    private func chosen(
        _ reader: inout FieldReader, _ field: String, _ family: MethodDescriptor.Family,
        _ tasks: [TaskSpec]
    ) throws -> MethodSpec {
        guard let name = try reader.string("method") else {
            throw reader.missing("method", "one of \(names(family))")
        }
        let descriptor = try descriptor(name, field, family)
        var spec = MethodSpec(descriptor.name)
        for parameter in descriptor.parameters where parameter.isNumber {
            spec.parameters[parameter.name] =
                parameter.isWhole
                ? try reader.integer(parameter.name, in: parameter.wholeRange).map { Double($0) }
                : try reader.number(parameter.name, in: parameter.range)
        }
        for parameter in descriptor.parameters where !parameter.choices.isEmpty {
            let word =
                parameter.isFlag
                ? try reader.flag(parameter.name).map { "\($0)" }
                : try reader.choice(parameter.name, of: parameter.choices)
            guard let word else { continue }
            spec.options = (spec.options ?? [:]).merging([parameter.name: word]) { $1 }
        }
        for parameter in descriptor.parameters where parameter.takesNames {
            guard let names = try names(&reader, parameter.name), !names.isEmpty else { continue }
            spec.lists = (spec.lists ?? [:]).merging([parameter.name: names]) { $1 }
        }
        if descriptor.takesTaskValues, var values = try reader.object("tasks") {
            for name in values.names {
                guard tasks.contains(where: { $0.name == name }) else {
                    throw APIError.invalid(
                        "\(field).tasks", "names \(Identifier.shown(name)), which is not a task")
                }
                spec.tasks[name] = try values.number(name, in: 0...1e6)
            }
        }
        try reader.finish()
        return try resolved(field, spec, family, tasks)
    }

    /// A list of distinct names.
    private func names(_ reader: inout FieldReader, _ field: String) throws -> [String]? {
        guard let values = try reader.array(field) else { return nil }
        guard values.count <= limits.namesMax else {
            throw reader.invalid(
                field, "must have at most \(limits.namesMax) names, found \(values.count)")
        }
        let names = try values.enumerated().map { index, value in
            guard let name = value.string, Identifier.isValid(name) else {
                throw APIError.invalid(
                    "\(reader.parameter(field))[\(index)]", "must be \(Identifier.rule)")
            }
            return name
        }
        guard Set(names).count == names.count else {
            throw reader.invalid(field, "must name each once")
        }
        return names
    }

    /// Several methods of one family, in any order.
    func methods(
        _ fields: inout FieldReader, _ field: String, _ family: MethodDescriptor.Family,
        _ tasks: [TaskSpec]
    ) throws -> [MethodSpec]? {
        guard let values = try fields.array(field), !values.isEmpty else { return nil }
        guard values.count <= catalogue.count(where: { $0.family == family }) else {
            throw fields.invalid(field, "must name each method at most once")
        }
        return try values.enumerated().map { index, value in
            let path = "\(field)[\(index)]"
            var reader = try FieldReader(value, path: path)
            return try chosen(&reader, path, family, tasks)
        }
    }

    /// The method with its defaults filled in.
    /// - Throws: `APIError` when the tasks do not suit it.
    func resolved(
        _ field: String, _ spec: MethodSpec, _ family: MethodDescriptor.Family, _ tasks: [TaskSpec]
    ) throws -> MethodSpec {
        let descriptor = try descriptor(spec.method, field, family)
        guard tasks.count >= descriptor.tasksMin else {
            throw APIError.invalid(
                "\(field).method",
                "`\(spec.method)` balances tasks against each other and needs at least "
                    + "\(descriptor.tasksMin) tasks, found \(tasks.count)")
        }
        var spec = spec
        for parameter in descriptor.parameters {
            if let first = parameter.choices.first {
                let word = spec.options?[parameter.name] ?? first
                spec.options = (spec.options ?? [:]).merging([parameter.name: word]) { $1 }
            } else if parameter.isNumber, spec.parameters[parameter.name] == nil {
                spec.parameters[parameter.name] = parameter.default
            }
        }
        if descriptor.takesTaskValues {
            if let task = tasks.first(where: { spec.tasks[$0.name] == nil }) {
                throw APIError.missing(
                    "\(field).tasks.\(task.name)", "one number per task in `\(field).tasks`")
            }
            guard spec.tasks.values.contains(where: { $0 > 0 }) else {
                throw APIError.invalid("\(field).tasks", "must give one task more than 0")
            }
        }
        return spec
    }

    private func descriptor(
        _ name: String, _ field: String, _ family: MethodDescriptor.Family
    ) throws -> MethodDescriptor {
        guard let found = catalogue.entry(family, MethodSpec(name)) else {
            throw APIError.invalid(
                "\(field).method",
                "must be one of \(names(family)), found \(Identifier.shown(name))")
        }
        return found
    }

    private func names(_ family: MethodDescriptor.Family) -> String {
        Identifier.list(catalogue.filter { $0.family == family }.map(\.name), max: 20)
    }
}
