import HTTP
import JSON
import Spec

extension API {
    /// GET /v1/methods: every method that a run may name, complete on one page.
    @Sendable func listMethods(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let families = MethodDescriptor.Family.allCases.map(\.rawValue)
        let family = try query.choice("family", of: families)
        try query.finish()
        let methods = catalogue.filter { family == nil || $0.family.rawValue == family }
        return .list(methods.map { ("\($0.family.rawValue).\($0.name)", $0.json) }, hasMore: false)
    }
}

extension MethodDescriptor {
    fileprivate var json: JSON {
        [
            "id": .string("\(family.rawValue).\(name)"), "object": "method",
            "family": .string(family.rawValue), "name": .string(name),
            "paper": paper.isEmpty ? nil : .string(paper), "equation": .string(equation),
            "summary": .string(summary), "parameters": .array(parameters.map(\.json)),
            "takes_task_values": .bool(takesTaskValues), "tasks_min": .count(tasksMin),
            "learning_rate": learningRate.map { .number($0) } ?? nil,
        ]
    }
}

extension MethodDescriptor.Parameter {
    fileprivate var json: JSON {
        if takesNames {
            return [
                "name": .string(name), "type": "array", "default": [], "summary": .string(summary),
            ]
        }
        if isFlag {
            return [
                "name": .string(name), "type": "boolean", "default": .bool(choices[0] == "true"),
                "summary": .string(summary),
            ]
        }
        guard choices.isEmpty else {
            return [
                "name": .string(name), "type": "string",
                "choices": .array(choices.map { .string($0) }), "default": .string(choices[0]),
                "summary": .string(summary),
            ]
        }
        return [
            "name": .string(name), "type": isWhole ? "integer" : "number",
            "minimum": .number(range.lowerBound),
            "maximum": .number(range.upperBound), "default": .number(self.default),
            "summary": .string(summary),
        ]
    }
}
