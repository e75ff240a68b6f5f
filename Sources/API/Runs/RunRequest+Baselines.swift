import JSON
import Spec

extension RunRequest {
    /// What the run is to be compared with; `nil` for nothing.
    func baselines(_ fields: inout FieldReader) throws -> [Baseline]? {
        guard let values = try fields.array("baselines"), !values.isEmpty else { return nil }
        let known = Baseline.allCases.map(\.rawValue)
        let baselines = try values.map { value in
            guard let baseline = value.string.flatMap(Baseline.init) else {
                throw fields.invalid(
                    "baselines",
                    "must hold \(Identifier.list(known)), found \(FieldReader.found(value))")
            }
            return baseline
        }
        guard Set(baselines).count == baselines.count else {
            throw fields.invalid("baselines", "must name each baseline once")
        }
        return baselines
    }
}
