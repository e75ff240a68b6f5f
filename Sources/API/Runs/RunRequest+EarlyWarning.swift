import JSON
import Spec

extension RunRequest {
    func earlyWarning(_ fields: inout FieldReader) throws -> EarlyWarningSpec {
        var spec = EarlyWarningSpec()
        guard var reader = try fields.object("early_warning") else { return spec }
        spec.drop = try reader.number("drop", in: 0...100, openBelow: true) ?? spec.drop
        let policies = EarlyWarningSpec.Policy.allCases.map(\.rawValue)
        if let policy = try reader.choice("policy", of: policies) {
            spec.policy = EarlyWarningSpec.Policy(rawValue: policy) ?? spec.policy
        }
        try reader.finish()
        return spec
    }
}
