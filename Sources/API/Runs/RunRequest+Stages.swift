import JSON
import Spec

extension RunRequest {
    /// Task names by stage; `nil` for one stage of all tasks. A task that no stage names is scored
    /// with the others and never trained.
    func stages(_ fields: inout FieldReader, _ tasks: [TaskSpec]) throws -> [[String]]? {
        guard let value = fields.value("stages") else { return nil }
        let names = tasks.map(\.name)
        switch value {
        case "joint": return nil
        case "sequential": return names.count == 1 ? nil : names.map { [$0] }
        case .array(let groups):
            let stages = try groups.map { try stage($0, names, fields) }
            guard (1...limits.stagesMax).contains(stages.count) else {
                throw fields.invalid(
                    "stages", "must be 1 to \(limits.stagesMax) lists, found \(stages.count)")
            }
            return stages
        default:
            throw fields.invalid(
                "stages", "must be \"joint\", \"sequential\" or lists of task names")
        }
    }

    private func stage(
        _ value: JSON, _ names: [String], _ fields: FieldReader
    ) throws -> [String] {
        guard let members = value.array, !members.isEmpty else {
            throw fields.invalid("stages", "must hold lists of one task name or more")
        }
        let stage = try members.map { member in
            guard let name = member.string, names.contains(name) else {
                throw fields.invalid(
                    "stages",
                    "must hold task names, found "
                        + (member.string.map(Identifier.shown) ?? member.kindName))
            }
            return name
        }
        guard Set(stage).count == stage.count else {
            throw fields.invalid("stages", "must not name a task twice in one stage")
        }
        return stage
    }
}
