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
            let stages = try groups.map { try stage($0, "stages", names, fields) }
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

    /// `learnt`: tasks that the base model can do, which become a first stage that is not trained.
    func learnt(_ fields: inout FieldReader, _ spec: inout RunSpec) throws {
        guard let value = fields.value("learnt") else { return }
        let learnt = try stage(value, "learnt", spec.tasks.map(\.name), fields)
        let named = spec.stages?.joined().first { learnt.contains($0) }
        let isSequence = fields.value("stages") == "sequential"
        if let named, !isSequence {
            throw fields.invalid(
                "learnt", "must not name a task of `stages`, found \(Identifier.shown(named))")
        }
        let others = spec.tasks.map(\.name).filter { !learnt.contains($0) }
        guard !others.isEmpty else {
            throw fields.invalid("learnt", "must leave a task to train, found all of them")
        }
        let rest = isSequence ? others.map { [$0] } : spec.stages ?? [others]
        spec.stages = [learnt] + rest
        spec.startsLearnt = true
    }

    private func stage(
        _ value: JSON, _ field: String, _ names: [String], _ fields: FieldReader
    ) throws -> [String] {
        guard let members = value.array, !members.isEmpty else {
            throw fields.invalid(field, "must name one task or more in a list")
        }
        let stage = try members.map { member in
            guard let name = member.string, names.contains(name) else {
                throw fields.invalid(
                    field,
                    "must hold task names, found "
                        + (member.string.map(Identifier.shown) ?? member.kindName))
            }
            return name
        }
        guard Set(stage).count == stage.count else {
            throw fields.invalid(field, "must not name a task twice in one stage")
        }
        return stage
    }
}
