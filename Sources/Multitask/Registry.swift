// The one list of multitask methods: a method is its file plus one line here.

package import Spec

/// The methods that a run can choose by name.
package enum Multitask {
    private static let mixings: [any MixingMethod.Type] = [
        ProportionalMixing.self,
        UniformMixing.self,
        InverseFrequencyMixing.self,
        TemperatureMixing.self,
        ExplicitMixing.self,
    ]

    private static let curricula: [any CurriculumMethod.Type] = [
        CompetenceCurriculum.self,
        RandomOrderCurriculum.self,
    ]

    private static let weightings: [any WeightingMethod.Type] = [
        EqualWeighting.self,
        FixedWeighting.self,
        RandomWeighting.self,
        UncertaintyWeighting.self,
        DynamicWeightAverage.self,
        GradNorm.self,
    ]

    private static let aggregations: [any AggregationMethod.Type] = [
        SumAggregation.self,
        MeanAggregation.self,
        PCGrad.self,
        CAGrad.self,
        MGDA.self,
        UPGrad.self,
        DualProj.self,
        IMTLG.self,
        AlignedMTL.self,
    ]

    private static let retentions: [any RetentionMethod.Type] = [
        Replay.self,
        EWC.self,
        OnlineEWC.self,
        AGEM.self,
        DERPP.self,
        LwF.self,
    ]

    /// Every method's name, source, parameters, ranges and defaults.
    package static var catalogue: [MethodDescriptor] {
        mixings.map { $0.descriptor } + curricula.map { $0.descriptor }
            + weightings.map { $0.descriptor }
            + aggregations.map { $0.descriptor } + retentions.map { $0.descriptor }
    }

    /// The mixing method that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func mixing(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any MixingMethod {
        guard let type = mixings.first(where: { $0.descriptor.name == spec.method }) else {
            throw unknown("mixing", mixings.map { $0.descriptor.name })
        }
        return type.init(try MethodSettings(spec, tasks: tasks, descriptor: type.descriptor))
    }

    /// The weighting method that `spec` names, at the state before the first step.
    /// - Parameter seed: of a method that draws.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func weighting(
        _ spec: MethodSpec, tasks: [String], seed: UInt64 = 1
    ) throws(MultitaskError) -> any WeightingMethod {
        guard let type = weightings.first(where: { $0.descriptor.name == spec.method }) else {
            throw unknown("weighting", weightings.map { $0.descriptor.name })
        }
        return type.init(
            try MethodSettings(spec, tasks: tasks, descriptor: type.descriptor, seed: seed))
    }

    /// The aggregation method that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func aggregation(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any AggregationMethod {
        guard let type = aggregations.first(where: { $0.descriptor.name == spec.method }) else {
            throw unknown("aggregation", aggregations.map { $0.descriptor.name })
        }
        return type.init(try MethodSettings(spec, tasks: tasks, descriptor: type.descriptor))
    }

    /// The retention method that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func retention(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any RetentionMethod {
        guard let type = retentions.first(where: { $0.descriptor.name == spec.method }) else {
            throw unknown("retention", retentions.map { $0.descriptor.name })
        }
        return type.init(try MethodSettings(spec, tasks: tasks, descriptor: type.descriptor))
    }

    /// The curriculum that `spec` names.
    /// - Throws: `MultitaskError` for an unknown name or unusable parameters.
    package static func curriculum(
        _ spec: MethodSpec, tasks: [String]
    ) throws(MultitaskError) -> any CurriculumMethod {
        guard let type = curricula.first(where: { $0.descriptor.name == spec.method }) else {
            throw unknown("curriculum", curricula.map { $0.descriptor.name })
        }
        return type.init(try MethodSettings(spec, tasks: tasks, descriptor: type.descriptor))
    }

    private static func unknown(_ parameter: String, _ known: [String]) -> MultitaskError {
        MultitaskError(
            code: "unknown_method",
            message: "\(parameter).method must be one of \(known.joined(separator: ", "))")
    }
}
